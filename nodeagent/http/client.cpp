// The client's public face: one exchange or one stream as a coroutine, on top of the transfers of
// client_core.
#include "nodeagent/http/client.h"
#include "nodeagent/http/client_core.h"

namespace podstep::http {

struct Client::Parts {
  std::shared_ptr<ClientCore> core;
};

Client::Client(loop::Loop& loop, Endpoint endpoint)
    : parts_(std::make_unique<Parts>(Parts{ClientCore::make(loop, std::move(endpoint))})) {}

Client::~Client() {
  parts_->core->cancel_all();
}

loop::Task<Result<Response>> Client::send(Request request) {
  auto core = parts_->core; // the client may go while this coroutine waits
  co_return co_await core->perform(std::move(request), nullptr);
}

loop::Task<Result<Response>> Client::stream(Request request, std::function<bool(std::string_view)> line) {
  auto core = parts_->core;
  co_return co_await core->perform(std::move(request), std::move(line));
}

} // namespace podstep::http

// Images made ready: see image_source.h.
#include "nodeagent/agent/image_source.h"

namespace podstep::agent {

StoreImages::StoreImages(loop::Loop& loop, cri::Client& runtime, const std::string& run,
                         images::Stores stores, std::function<void(std::string)> lost)
    : runtime_(runtime), stores_(std::move(stores)), mounts_(loop, run, std::move(lost)), idle_(loop) {}

loop::Task<Result<ReadyImage>> StoreImages::ready(std::string name) {
  PODSTEP_CO_TRY(images::Image image, images::find(stores_, name));
  while (busy_.contains(image.digest))
    co_await idle_.wait();
  struct Turn {
    StoreImages& images;
    std::string digest;
    ~Turn() {
      images.busy_.erase(digest);
      images.idle_.notify();
    }
  } turn{*this, image.digest};
  busy_.insert(image.digest);
  PODSTEP_CO_TRY(std::string mounted, co_await mounts_.ensure(image.digest, image.path));
  static_cast<void>(mounted);
  if (!registered_.contains(image.digest)) {
    PODSTEP_CO_CHECK(co_await images::register_stub(runtime_, image.config, image.digest));
    registered_.insert(image.digest);
  }
  co_return ReadyImage{images::reference(image.digest), image.digest};
}

} // namespace podstep::agent

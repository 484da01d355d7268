// One connection of the server, whatever it runs over. Private to http/: the only header that includes Beast.
#pragma once
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/http/server.h"
#include "nodeagent/http/target.h"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace podstep::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// A peer that sends its request drop by drop is cut off (threat T17, slow loris).
inline constexpr std::chrono::seconds request_timeout{30};
/// An idle connection that is kept for the next request.
inline constexpr std::chrono::seconds idle_timeout{300};
/// One write to a peer that does not read.
inline constexpr std::chrono::seconds write_timeout{30};

inline constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

/// What a connection may bring: one request without a body, or many.
enum class Requests { one, many };

/// Serves requests one after the other until the peer or a bound ends it. `Lowest` carries the timeouts
/// (beast::basic_stream).
template<class Layer> class Connection final : public Stream {
public:
  Connection(Layer& layer, const Handler& handler, Peer peer)
      : layer_(layer), handler_(handler), peer_(std::move(peer)) {}

  loop::Task<void> serve(Requests requests) {
    while (true) {
      beast::http::request_parser<beast::http::string_body> parser;
      parser.header_limit(limits::http_header_bytes);
      parser.body_limit(requests == Requests::many ? limits::http_body_bytes : 0);
      beast::get_lowest_layer(layer_).expires_after(first_ ? request_timeout : idle_timeout);
      first_ = false;
      auto [head_error, head_size] =
          co_await beast::http::async_read_header(layer_, buffer_, parser, no_throw);
      if (head_error)
        co_return co_await refuse(head_error);
      beast::get_lowest_layer(layer_).expires_after(request_timeout);
      auto [error, size] = co_await beast::http::async_read(layer_, buffer_, parser, no_throw);
      if (error)
        co_return co_await refuse(error);
      if (requests == Requests::one)
        parser.get().keep_alive(false);
      const bool keep_alive = parser.get().keep_alive();
      head_only_ = parser.get().method() == beast::http::verb::head;
      if (!co_await answer(parser.release()) || !keep_alive)
        co_return;
    }
  }

  /// One chunk of a streamed answer.
  loop::Task<Result<void>> write(std::string data) override {
    if (data.empty())
      co_return Result<void>();
    beast::get_lowest_layer(layer_).expires_after(write_timeout);
    auto [error, size] =
        co_await asio::async_write(layer_, beast::http::make_chunk(asio::buffer(data)), no_throw);
    beast::get_lowest_layer(layer_).expires_never();
    if (error) {
      broken_ = true;
      co_return Error(Kind::unavailable, cat("write to ", peer_.address, ": ", error.message()));
    }
    co_return Result<void>();
  }

private:
  using Message = beast::http::request<beast::http::string_body>;

  /// An HTTP answer where the peer sent something that is too large or no HTTP at all; nothing where it just
  /// went away.
  loop::Task<void> refuse(boost::system::error_code error) {
    int status = 0;
    if (error == beast::http::error::body_limit)
      status = 413;
    else if (error == beast::http::error::header_limit)
      status = 431;
    else if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
             error != beast::http::error::end_of_stream && error != beast::http::error::partial_message)
      status = 400;
    if (status == 0)
      co_return;
    ServerResponse response;
    response.status = status;
    response.content_type = "text/plain";
    response.body = error.message() + "\n";
    co_await send_whole(response, 11, false);
  }

  ServerRequest to_request(Message&& message) const {
    ServerRequest request;
    request.peer = peer_;
    request.method = std::string(message.method_string());
    parse_target(std::string_view(message.target().data(), message.target().size()), request);
    for (const auto& field : message)
      request.headers[lower(std::string_view(field.name_string().data(), field.name_string().size()))] =
          std::string(field.value());
    request.body = std::move(message.body());
    return request;
  }

  /// False when the connection cannot be used again.
  loop::Task<bool> answer(Message message) {
    const unsigned version = message.version();
    const bool keep_alive = message.keep_alive();
    beast::get_lowest_layer(layer_).expires_never(); // the handler has deadlines of its own
    ServerResponse response;
    try {
      response = co_await handler_(to_request(std::move(message)));
    } catch (const boost::system::system_error& e) {
      if (e.code() == asio::error::operation_aborted)
        throw; // this coroutine is being cancelled
      response = internal_error(e.what());
    } catch (const std::exception& e) {
      response = internal_error(e.what());
    }
    if (!response.stream)
      co_return co_await send_whole(response, version, keep_alive);
    co_return co_await send_stream(response, version, keep_alive);
  }

  /// The HTTP handler is a border that catches all; the text stays in our log.
  static ServerResponse internal_error(const char* what) {
    log::error(cat("HTTP handler: ", what));
    ServerResponse response;
    response.status = 500;
    response.content_type = "text/plain";
    response.body = "internal error\n";
    return response;
  }

  template<class Body>
  void set_head(beast::http::response<Body>& head, const ServerResponse& response) const {
    head.set(beast::http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers)
      head.set(name, value);
  }

  loop::Task<bool> send_whole(ServerResponse& response, unsigned version, bool keep_alive) {
    beast::http::response<beast::http::string_body> message{static_cast<beast::http::status>(response.status),
                                                            version};
    set_head(message, response);
    message.keep_alive(keep_alive);
    message.body() = std::move(response.body);
    message.prepare_payload();
    if (head_only_)
      message.body().clear(); // the length of what GET would bring stays in the head
    beast::get_lowest_layer(layer_).expires_after(write_timeout);
    auto [error, size] = co_await beast::http::async_write(layer_, message, no_throw);
    co_return !error && keep_alive;
  }

  loop::Task<bool> send_stream(ServerResponse& response, unsigned version, bool keep_alive) {
    beast::http::response<beast::http::empty_body> head{static_cast<beast::http::status>(response.status),
                                                        version};
    set_head(head, response);
    head.keep_alive(keep_alive);
    head.chunked(true); // Kubernetes' clients all speak HTTP/1.1
    beast::http::response_serializer<beast::http::empty_body> serializer{head};
    beast::get_lowest_layer(layer_).expires_after(write_timeout);
    auto [error, size] = co_await beast::http::async_write_header(layer_, serializer, no_throw);
    if (error)
      co_return false;
    beast::get_lowest_layer(layer_).expires_never();
    if (!co_await stream_until_closed(response))
      co_return false;
    beast::get_lowest_layer(layer_).expires_after(write_timeout);
    auto [last_error, last_size] =
        co_await asio::async_write(layer_, beast::http::make_chunk_last(), no_throw);
    co_return !last_error && keep_alive;
  }

  /// Runs the stream; a client that goes away ends it at once (only destructors run), not at the next write.
  loop::Task<bool> stream_until_closed(ServerResponse& response) {
    using namespace asio::experimental::awaitable_operators;
    const auto first = co_await (response.stream(*this) || closed());
    co_return first.index() == 0 && !broken_;
  }

  /// Returns when the peer has closed. What it sends meanwhile is its next request, kept for later: then
  /// nothing is known until a write.
  loop::Task<void> closed() {
    auto [error, size] =
        co_await layer_.async_read_some(buffer_.prepare(limits::http_header_bytes), no_throw);
    if (error)
      co_return;
    buffer_.commit(size);
    co_await loop::sleep(std::chrono::hours(24 * 365));
  }

  Layer& layer_;
  const Handler& handler_;
  Peer peer_;
  beast::flat_buffer buffer_;
  bool first_ = true, broken_ = false, head_only_ = false;
};

} // namespace podstep::http

// One HTTP exchange inside libcurl: its handle, what has arrived so far, and how it ended. Private to http/.
#pragma once
#include "nodeagent/http/client.h"
#include <curl/curl.h>
#include <openssl/types.h>
#include <optional>

namespace podstep::http {

class Transfer {
public:
  Transfer(loop::Loop& loop, const Endpoint& endpoint, Request request,
           std::function<bool(std::string_view)> line);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Sets every option of the handle. Error: invalid (control characters in path or headers), failed (out of
  /// memory).
  Result<void> prepare();
  CURL* handle() const { return easy_; }
  /// libcurl has ended it: keeps the outcome and wakes the waiting coroutine.
  void finish(CURLcode code);
  /// Ended from outside; wakes the waiting coroutine with this error.
  void abandon(Error error);
  loop::Task<Result<Response>> outcome();

private:
  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static CURLcode on_tls(CURL*, void* ssl_ctx, void* self);
  static int on_certificate(X509_STORE_CTX* store, void* self);
  void take_header(std::string_view line);
  bool take_body(std::string_view data);
  bool take_lines(std::string_view data);
  void set_target();
  void set_body();
  void set_tls();
  Result<void> set_headers();
  Error error_of(CURLcode code) const;

  const Endpoint& endpoint_;
  Request request_;
  std::function<bool(std::string_view)> line_;
  loop::Signal done_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  char detail_[CURL_ERROR_SIZE] = {};
  Response response_;
  std::string partial_;  ///< the line that has not ended yet
  bool in_head_ = true;  ///< header lines after the head are trailers
  bool stopped_ = false; ///< `line` returned false
  bool wrong_pin_ = false;
  std::string too_large_; ///< which bound was passed
  std::optional<Result<Response>> result_;
};

} // namespace podstep::http

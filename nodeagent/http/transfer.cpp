// One HTTP exchange: options of the handle, what libcurl hands us, and how its codes become errors.
#include "nodeagent/http/transfer.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/http/fingerprint.h"
#include <algorithm>
#include <openssl/ssl.h>

namespace podstep::http {

namespace {
constexpr long connect_timeout_ms = 10'000;
/// A peer that vanished without a reset is noticed on an idle watch after about a minute.
constexpr long keepalive_idle_s = 30, keepalive_interval_s = 10;

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}
curl_blob blob_of(const std::string& text) {
  return curl_blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

/// libcurl before 8.0.0 speaks the HTTP/2 preface again on a connection that it uses a second time with prior
/// knowledge (curl 8.0.0, changelog: "fix for http2-prior-knowledge when reusing connections"); a new
/// connection to a unix socket costs less than a tenth of a millisecond.
bool must_connect_anew(const Endpoint& endpoint) {
  constexpr unsigned first_good = 0x080000;
  return endpoint.http2_prior_knowledge && curl_version_info(CURLVERSION_NOW)->version_num < first_good;
}
} // namespace

Transfer::Transfer(loop::Loop& loop, const Endpoint& endpoint, Request request,
                   std::function<bool(std::string_view)> line)
    : endpoint_(endpoint), request_(std::move(request)), line_(std::move(line)), done_(loop),
      easy_(curl_easy_init()) {}

Transfer::~Transfer() {
  if (easy_)
    curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

Result<void> Transfer::prepare() {
  if (!easy_)
    return Error("libcurl: no memory for a transfer");
  if (has_control(request_.path) || has_control(request_.method))
    return Error(Kind::invalid,
                 cat("request ", printable(request_.path), ": control characters in path or method"));
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, detail_);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(
      easy_, CURLOPT_TIMEOUT_MS,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(request_.timeout).count()));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  set_target();
  set_body();
  set_tls();
  return set_headers();
}

void Transfer::set_target() {
  curl_easy_setopt(easy_, CURLOPT_URL, (endpoint_.base_url + request_.path).c_str());
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  if (!endpoint_.unix_socket.empty())
    curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, endpoint_.unix_socket.c_str());
  // A proxy of the user's environment must never see a pinned or a local peer.
  if (!endpoint_.unix_socket.empty() || !endpoint_.pinned_sha256.empty())
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, keepalive_idle_s);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, keepalive_interval_s);
  if (must_connect_anew(endpoint_)) {
    curl_easy_setopt(easy_, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  }
  long version = CURL_HTTP_VERSION_2TLS;
  if (endpoint_.http2_prior_knowledge)
    version = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  else if (!endpoint_.pinned_sha256.empty())
    version = CURL_HTTP_VERSION_1_1; // our own server speaks nothing else
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, version);
}

void Transfer::set_body() {
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT" ||
      request_.method == "PATCH") {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  }
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::set_tls() {
  if (!endpoint_.pinned_sha256.empty()) {
    // The chain is not judged by libcurl but by on_certificate, which compares the one certificate with the
    // pin.
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
    curl_easy_setopt(easy_, CURLOPT_SSL_SESSIONID_CACHE, 0L); // a resumed session would show no certificate
    curl_easy_setopt(easy_, CURLOPT_SSL_CTX_FUNCTION, &Transfer::on_tls);
    curl_easy_setopt(easy_, CURLOPT_SSL_CTX_DATA, this);
  }
  if (endpoint_.certificate_pem.empty())
    return;
  auto certificate = blob_of(endpoint_.certificate_pem), key = blob_of(endpoint_.key_pem);
  curl_easy_setopt(easy_, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(easy_, CURLOPT_SSLKEYTYPE, "PEM");
  curl_easy_setopt(easy_, CURLOPT_SSLCERT_BLOB, &certificate);
  curl_easy_setopt(easy_, CURLOPT_SSLKEY_BLOB, &key);
}

Result<void> Transfer::set_headers() {
  std::vector<std::string> lines = {"Expect:"}; // no wait for 100 Continue before a body
  if (!request_.content_type.empty())
    lines.push_back("Content-Type: " + request_.content_type);
  else if (!request_.body.empty())
    lines.push_back("Content-Type: application/json");
  for (const auto& [name, value] : request_.headers)
    lines.push_back(cat(name, ": ", value));
  for (const auto& line : lines) {
    if (has_control(line))
      return Error(Kind::invalid, cat("header ", printable(line), ": control characters"));
    auto* longer = curl_slist_append(headers_, line.c_str());
    if (!longer)
      return Error("libcurl: no memory for a header");
    headers_ = longer;
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  return {};
}

CURLcode Transfer::on_tls(CURL*, void* ssl_ctx, void* self) {
  auto* context = static_cast<SSL_CTX*>(ssl_ctx);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &Transfer::on_certificate, self);
  return CURLE_OK;
}

int Transfer::on_certificate(X509_STORE_CTX* store, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const bool same = fingerprint(X509_STORE_CTX_get0_cert(store)) == transfer.endpoint_.pinned_sha256;
  X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  transfer.wrong_pin_ = !same;
  return same ? 1 : 0;
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  static_cast<Transfer*>(self)->take_header(std::string_view(data, size * count));
  return size * count;
}

void Transfer::take_header(std::string_view line) {
  line = trim(line);
  if (line.rfind("HTTP/", 0) == 0) { // a new head: what came before was an interim answer (1xx)
    in_head_ = true;
    response_.headers.clear();
    return;
  }
  if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (in_head_ && request_.on_head && status >= 200)
      request_.on_head(static_cast<int>(status));
    in_head_ = false;
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos)
    return;
  auto& to = in_head_ ? response_.headers : response_.trailers;
  to[lower(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self) {
  const std::string_view text(data, size * count);
  return static_cast<Transfer*>(self)->take_body(text) ? text.size() : 0;
}

bool Transfer::take_body(std::string_view data) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (line_ && status < 400)
    return take_lines(data);
  if (response_.body.size() + data.size() > request_.limit) {
    too_large_ = cat("the answer is larger than ", request_.limit, " bytes");
    return false;
  }
  response_.body += data;
  return true;
}

bool Transfer::take_lines(std::string_view data) {
  while (!data.empty()) {
    const auto end = data.find('\n');
    partial_ += data.substr(0, end);
    if (partial_.size() > limits::watch_line_bytes) {
      too_large_ = cat("a line is larger than ", limits::watch_line_bytes, " bytes");
      return false;
    }
    if (end == std::string_view::npos)
      return true;
    data.remove_prefix(end + 1);
    const std::string whole = std::move(partial_);
    partial_.clear();
    if (!line_(whole)) {
      stopped_ = true;
      return false;
    }
  }
  return true;
}

Error Transfer::error_of(CURLcode code) const {
  const std::string where =
      cat(request_.method, " ", endpoint_.unix_socket.empty() ? endpoint_.base_url : endpoint_.unix_socket,
          " ", printable(request_.path));
  if (wrong_pin_)
    return Error(Kind::forbidden,
                 cat(where, ": the server's certificate is not the one that was announced at start"));
  if (!too_large_.empty())
    return Error(Kind::exhausted, cat(where, ": ", too_large_));
  const std::string_view detail = detail_[0] ? detail_ : curl_easy_strerror(code);
  return Error(code == CURLE_OPERATION_TIMEDOUT ? Kind::timeout : Kind::unavailable,
               cat(where, ": ", detail));
}

void Transfer::finish(CURLcode code) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.status = static_cast<int>(status);
  if (code == CURLE_OK && line_ && status < 400 && !partial_.empty())
    line_(partial_); // no newline at the very end
  if (code == CURLE_OK || stopped_)
    result_ = std::move(response_);
  else
    result_ = error_of(code);
  done_.notify();
}

void Transfer::abandon(Error error) {
  result_ = std::move(error);
  done_.notify();
}

loop::Task<Result<Response>> Transfer::outcome() {
  while (!result_)
    co_await done_.wait();
  co_return std::move(*result_);
}

} // namespace podstep::http

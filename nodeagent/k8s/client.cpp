// A typed client of the Kubernetes API: see client.h. What the server answers is hostile until it is decoded.
#include "nodeagent/k8s/client.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/text.h"
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

/// A watch is ended by the server after this long and begun again; the exchange may take a little longer, so
/// that a server that went away without a word is noticed.
constexpr int watch_seconds = 300;
constexpr std::chrono::seconds watch_patience{watch_seconds + 30};

std::string escape(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

/// `/api/v1/namespaces/default/pods`, `/apis/apps/v1/deployments`. Source: Kubernetes API concepts, "Resource
/// URIs".
std::string collection(KindId kind, const std::string& ns) {
  const KindInfo& k = info(kind);
  std::string_view group = k.api_version;
  std::string path = cat(group.find('/') == std::string_view::npos ? "/api/" : "/apis/", group);
  if (k.namespaced && !ns.empty())
    path += cat("/namespaces/", escape(ns));
  return cat(path, "/", k.plural);
}

std::string single(KindId kind, const std::string& ns, const std::string& name) {
  return cat(collection(kind, ns), "/", escape(name));
}

std::string query(const ListOptions& options) {
  std::string text;
  if (!options.field_selector.empty())
    text += cat("&fieldSelector=", escape(options.field_selector));
  if (!options.label_selector.empty())
    text += cat("&labelSelector=", escape(options.label_selector));
  return text;
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string version_of(const json::object& object) {
  const json::value* meta = object.if_contains("metadata");
  return meta && meta->is_object() ? text_at(meta->get_object(), "resourceVersion") : std::string();
}

Kind kind_of_status(int code, std::string_view reason) {
  switch (code) {
  case 400:
  case 422:
    return Kind::invalid;
  case 401:
  case 403:
    return Kind::forbidden;
  case 404:
    return Kind::not_found;
  case 408:
  case 504:
    return Kind::timeout;
  case 409:
    return reason == "AlreadyExists" ? Kind::exists : Kind::conflict;
  case 410:
    return Kind::gone;
  case 413:
    return Kind::exhausted;
  case 415:
    return Kind::unsupported;
  case 429:
    return Kind::unavailable;
  }
  return code >= 500 ? Kind::unavailable : Kind::failed;
}

/// The error in a metav1.Status, or as much as a server that speaks no JSON gives.
Error status_error(int code, std::string_view body, const std::string& what) {
  std::string reason, message;
  if (auto parsed = parse_json(body, limits::object_bytes); parsed && parsed->is_object()) {
    reason = text_at(parsed->get_object(), "reason");
    message = printable(text_at(parsed->get_object(), "message"), 500);
  }
  if (message.empty())
    message = cat("HTTP status ", code);
  return Error(kind_of_status(code, reason), cat(what, ": ", message));
}

Result<Object> decode_answer(const http::Response& response, KindId kind, const std::string& what) {
  if (response.status >= 300 || response.status < 200)
    return status_error(response.status, response.body, what);
  auto parsed = parse_json(response.body, limits::object_bytes);
  if (!parsed)
    return std::move(parsed).error().in(what);
  auto object = decode_as(kind, *parsed);
  if (!object)
    return std::move(object).error().in(what);
  return object;
}

loop::Task<Result<Object>> exchange(http::Client& http, http::Request request, KindId kind) {
  std::string what = cat(request.method, " ", request.path);
  request.limit = limits::object_bytes;
  PODSTEP_CO_TRY(http::Response response, co_await http.send(std::move(request)));
  co_return decode_answer(response, kind, what);
}

/// What one line of a watch says; an object that cannot be decoded is left out with a word in the log, so
/// that one bad object does not stop all others.
struct Line {
  std::optional<WatchEvent> event;
  std::optional<Error> error;
};

Line read_line(KindId kind, std::string_view text) {
  auto parsed = parse_json(text, limits::watch_line_bytes);
  if (!parsed)
    return {{}, std::move(parsed).error().in("watch")};
  const json::object* line = parsed->if_object();
  const json::value* inner = line ? line->if_contains("object") : nullptr;
  if (!inner || !inner->is_object())
    return {{}, Error(Kind::invalid, "watch: a line is no event")};
  const json::object& object = inner->get_object();
  std::string type = text_at(*line, "type");
  if (type == "ERROR") {
    const json::value* code = object.if_contains("code");
    int status = code && code->is_int64() && code->get_int64() > 0 && code->get_int64() < 1000
                     ? static_cast<int>(code->get_int64())
                     : 500;
    return {{},
            Error(kind_of_status(status, text_at(object, "reason")),
                  cat("watch: ", printable(text_at(object, "message"), 500)))};
  }
  WatchEvent event;
  event.resource_version = version_of(object);
  if (type == "BOOKMARK") {
    event.type = WatchEvent::Type::bookmark;
    return {std::move(event), {}};
  }
  if (type == "ADDED")
    event.type = WatchEvent::Type::added;
  else if (type == "MODIFIED")
    event.type = WatchEvent::Type::modified;
  else if (type == "DELETED")
    event.type = WatchEvent::Type::deleted;
  else
    return {{}, Error(Kind::invalid, cat("watch: unknown event type '", printable(type, 40), "'"))};
  auto decoded = decode_as(kind, *inner);
  if (!decoded) {
    log::warning(cat("watch: left out: ", decoded.error().message));
    return {};
  }
  event.object = *std::move(decoded);
  return {std::move(event), {}};
}

Result<ListResult> decode_list(KindId kind, std::string_view body) {
  PODSTEP_TRY(json::value parsed, parse_json(body, limits::http_body_bytes));
  const json::object* list = parsed.if_object();
  const json::value* items = list ? list->if_contains("items") : nullptr;
  ListResult result;
  if (!list)
    return Error(Kind::invalid, "the answer is no list");
  result.resource_version = version_of(*list);
  if (!items || items->is_null())
    return result;
  if (!items->is_array())
    return Error(Kind::invalid, "the answer is no list");
  for (const json::value& item : items->get_array()) {
    auto object = decode_as(kind, item);
    if (object)
      result.items.push_back(*std::move(object));
    else
      log::warning(cat("list: left out: ", object.error().message));
  }
  return result;
}

} // namespace

Client::Client(http::Client& http) : http_(http) {}

loop::Task<Result<Object>> Client::get(KindId kind, const std::string& ns, const std::string& name) {
  http::Request request;
  request.path = single(kind, ns, name);
  co_return co_await exchange(http_, std::move(request), kind);
}

loop::Task<Result<ListResult>> Client::list(KindId kind, ListOptions options) {
  http::Request request;
  request.path = collection(kind, options.ns);
  if (std::string more = query(options); !more.empty())
    request.path += cat("?", more.substr(1));
  request.limit = limits::http_body_bytes;
  std::string what = cat("list ", request.path);
  PODSTEP_CO_TRY(http::Response response, co_await http_.send(std::move(request)));
  if (response.status != 200)
    co_return status_error(response.status, response.body, what);
  auto result = decode_list(kind, response.body);
  if (!result)
    co_return std::move(result).error().in(what);
  co_return result;
}

loop::Task<Result<void>> Client::watch(KindId kind, ListOptions options, std::string resource_version,
                                       std::function<bool(WatchEvent)> event) {
  http::Request request;
  request.path =
      cat(collection(kind, options.ns), "?watch=true&allowWatchBookmarks=true&timeoutSeconds=", watch_seconds,
          "&resourceVersion=", escape(resource_version), query(options));
  request.timeout = watch_patience;
  std::string what = cat("watch ", collection(kind, options.ns));
  std::optional<Error> failed;
  auto on_line = [&](std::string_view text) {
    if (trim(text).empty())
      return true;
    Line line = read_line(kind, text);
    if (line.error)
      failed = std::move(line.error);
    if (failed)
      return false;
    return !line.event || event(*std::move(line.event));
  };
  PODSTEP_CO_TRY(http::Response response, co_await http_.stream(std::move(request), on_line));
  if (failed)
    co_return *std::move(failed);
  if (response.status >= 300)
    co_return status_error(response.status, response.body, what);
  co_return Result<void>();
}

loop::Task<Result<Object>> Client::create(const Object& object) {
  http::Request request;
  request.method = "POST";
  request.path = collection(kind_of(object), meta_of(object).ns);
  request.content_type = "application/json";
  request.body = encode_text(object);
  KindId kind = kind_of(object);
  co_return co_await exchange(http_, std::move(request), kind);
}

loop::Task<Result<Object>> Client::update(const Object& object) {
  http::Request request;
  request.method = "PUT";
  request.path = single(kind_of(object), meta_of(object).ns, meta_of(object).name);
  request.content_type = "application/json";
  request.body = encode_text(object);
  KindId kind = kind_of(object);
  co_return co_await exchange(http_, std::move(request), kind);
}

loop::Task<Result<Object>> Client::patch(KindId kind, const std::string& ns, const std::string& name,
                                         const std::string& subresource, const std::string& content_type,
                                         std::string body) {
  http::Request request;
  request.method = "PATCH";
  request.path = cat(single(kind, ns, name), subresource.empty() ? "" : "/", subresource);
  request.content_type = content_type;
  request.body = std::move(body);
  co_return co_await exchange(http_, std::move(request), kind);
}

loop::Task<Result<void>> Client::remove(KindId kind, const std::string& ns, const std::string& name,
                                        const std::string& uid, int64_t grace_seconds) {
  json::object options{{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  if (!uid.empty())
    options["preconditions"] = json::object{{"uid", uid}};
  if (grace_seconds >= 0)
    options["gracePeriodSeconds"] = grace_seconds;
  http::Request request;
  request.method = "DELETE";
  request.path = single(kind, ns, name);
  request.content_type = "application/json";
  request.body = json::serialize(options);
  std::string what = cat("DELETE ", request.path);
  PODSTEP_CO_TRY(http::Response response, co_await http_.send(std::move(request)));
  if (response.status >= 300)
    co_return status_error(response.status, response.body, what);
  co_return Result<void>();
}

} // namespace podstep::k8s

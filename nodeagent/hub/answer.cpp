// Answers of the API: objects, and errors as metav1.Status.
#include "nodeagent/hub/answer.h"
#include <boost/json.hpp>

namespace podstep::hub {

namespace json = boost::json;

namespace {
struct Code {
  int number;
  const char* reason;
};
Code code_of(Kind kind) {
  switch (kind) {
  case Kind::invalid:
    return {422, "Invalid"};
  case Kind::not_found:
    return {404, "NotFound"};
  case Kind::exists:
    return {409, "AlreadyExists"};
  case Kind::conflict:
    return {409, "Conflict"};
  case Kind::forbidden:
    return {403, "Forbidden"};
  case Kind::unsupported:
    return {415, "UnsupportedMediaType"};
  case Kind::unavailable:
    return {503, "ServiceUnavailable"};
  case Kind::timeout:
    return {504, "Timeout"};
  case Kind::gone:
    return {410, "Expired"};
  case Kind::exhausted:
    return {413, "RequestEntityTooLarge"};
  case Kind::failed:
    break;
  }
  return {500, "InternalError"};
}
} // namespace

http::ServerResponse answer_text(std::string text, int status) {
  http::ServerResponse response;
  response.status = status;
  response.body = std::move(text);
  response.body += '\n';
  return response;
}

http::ServerResponse answer_object(const k8s::Object& object, int status) {
  return answer_text(k8s::encode_text(object), status);
}

std::string status_json(int code, const std::string& reason, const std::string& message,
                        const k8s::KindInfo* kind, const std::string& name) {
  json::object status{{"kind", "Status"},
                      {"apiVersion", "v1"},
                      {"metadata", json::object{}},
                      {"status", code < 400 ? "Success" : "Failure"}};
  if (!message.empty())
    status["message"] = message;
  if (!reason.empty())
    status["reason"] = reason;
  if (kind) {
    json::object details{{"kind", kind->plural}};
    if (!name.empty())
      details["name"] = name;
    status["details"] = std::move(details);
  }
  status["code"] = code;
  return json::serialize(status);
}

http::ServerResponse answer_status(int code, const std::string& reason, const std::string& message,
                                   const k8s::KindInfo* kind, const std::string& name) {
  return answer_text(status_json(code, reason, message, kind, name), code);
}

http::ServerResponse answer_error(const Error& error, const k8s::KindInfo* kind, const std::string& name) {
  const auto code = code_of(error.kind);
  return answer_status(code.number, code.reason, error.message, kind, name);
}

} // namespace podstep::hub

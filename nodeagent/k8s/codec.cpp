// JSON of the Kubernetes API to typed objects and back: picks the kind, see codec.h.
#include "nodeagent/k8s/codec.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec_kinds.h"
#include <boost/json/serialize.hpp>

namespace podstep::k8s {

namespace json = boost::json;

Object read_object(KindId kind, const json::object& json, const Path& path, Problems& problems,
                   Strictness strictness) {
  switch (kind) {
  case KindId::pod:
    return read_Pod(json, path, problems, strictness);
  case KindId::deployment:
    return read_Deployment(json, path, problems, strictness);
  case KindId::replica_set:
    return read_ReplicaSet(json, path, problems, strictness);
  case KindId::node:
    return read_Node(json, path, problems, strictness);
  case KindId::lease:
    return read_Lease(json, path, problems, strictness);
  case KindId::event:
    return read_Event(json, path, problems, strictness);
  }
  std::abort();
}

static std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<Object> decode_as(KindId kind, const json::value& json) {
  if (!json.is_object())
    return Error(Kind::invalid, cat("a ", info(kind).kind, " must be a JSON object"));
  Problems problems;
  Path document;
  Object object = read_object(kind, json.get_object(), document, problems, Strictness::lenient);
  if (problems.empty())
    return object;
  const Problem& first = problems.all().front();
  return Error(Kind::invalid,
               cat(info(kind).kind, " '", printable(meta_of(object).name, 80), "': ", first.sentence()),
               first.hint);
}

Result<Object> decode(const json::value& json) {
  if (!json.is_object())
    return Error(Kind::invalid, "an object of the Kubernetes API must be a JSON object");
  std::string api_version = text_of(json.get_object(), "apiVersion"),
              kind = text_of(json.get_object(), "kind");
  const KindInfo* found = find_kind(api_version, kind);
  if (!found)
    return Error(Kind::invalid, cat("kind '", printable(kind, 80), "' in apiVersion '",
                                    printable(api_version, 80), "' is not served"));
  return decode_as(found->id, json);
}

Result<Object> decode_text(std::string_view text) {
  PODSTEP_TRY(json::value value, parse_json(text, limits::object_bytes));
  return decode(value);
}

json::value encode(const Object& object) {
  return std::visit([](const auto& kind) { return write_kind(kind); }, object);
}

std::string encode_text(const Object& object) {
  return json::serialize(encode(object));
}

json::value encode_status(const Object& object) {
  return std::visit([](const auto& kind) { return write_status(kind); }, object);
}

} // namespace podstep::k8s

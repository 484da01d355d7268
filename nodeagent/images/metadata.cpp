// Codec of the image store's JSON: see metadata.h.
#include "nodeagent/images/metadata.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>

namespace podstep::images {
namespace {

namespace json = boost::json;

constexpr int64_t version = 1;

/// Reads members of one object; the first wrong type is kept and ends in an error.
class Reader {
public:
  explicit Reader(const json::object& object) : object_(object) {}

  std::string text(std::string_view key) {
    const json::value* value = member(key);
    if (!value)
      return {};
    if (const json::string* found = value->if_string())
      return std::string(found->data(), found->size());
    return wrong<std::string>(key, "text");
  }
  int64_t number(std::string_view key) {
    const json::value* value = member(key);
    if (!value)
      return 0;
    if (const int64_t* found = value->if_int64(); found && *found >= 0)
      return *found;
    return wrong<int64_t>(key, "a number");
  }
  std::vector<std::string> texts(std::string_view key) {
    const json::value* value = member(key);
    std::vector<std::string> result;
    if (!value)
      return result;
    if (!value->is_array())
      return wrong<std::vector<std::string>>(key, "a list");
    for (const json::value& each : value->get_array()) {
      if (!each.is_string())
        return wrong<std::vector<std::string>>(key, "a list of texts");
      result.emplace_back(each.get_string().data(), each.get_string().size());
    }
    return result;
  }
  std::map<std::string, std::string> map(std::string_view key) {
    const json::value* value = member(key);
    std::map<std::string, std::string> result;
    if (!value)
      return result;
    if (!value->is_object())
      return wrong<std::map<std::string, std::string>>(key, "an object");
    for (const auto& [name, each] : value->get_object()) {
      if (!each.is_string())
        return wrong<std::map<std::string, std::string>>(key, "an object of texts");
      result.emplace(std::string(name), std::string(each.get_string()));
    }
    return result;
  }
  Result<void> finish() const { return wrong_.empty() ? Result<void>() : Error(Kind::invalid, wrong_); }

private:
  /// Absent and null are the same: Go writes either for an empty slice.
  const json::value* member(std::string_view key) const {
    const json::value* value = object_.if_contains(key);
    return value && !value->is_null() ? value : nullptr;
  }
  template<class T> T wrong(std::string_view key, std::string_view expected) {
    if (wrong_.empty())
      wrong_ = cat("`", key, "` is not ", expected);
    return T();
  }

  const json::object& object_;
  std::string wrong_;
};

Result<json::object> parse_object(std::string_view text) {
  PODSTEP_TRY(json::value parsed, k8s::parse_json(text, metadata_bytes));
  if (!parsed.is_object())
    return Error(Kind::invalid, "the JSON is not an object");
  return std::move(parsed.get_object());
}

json::array to_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts)
    array.emplace_back(text);
  return array;
}

/// The members that Podstep's metadata and an OCI configuration's `config` have in common.
void read_common(Reader& reader, ImageConfig& config) {
  config.entrypoint = reader.texts("Entrypoint");
  config.cmd = reader.texts("Cmd");
  config.env = reader.texts("Env");
  config.working_dir = reader.text("WorkingDir");
  config.labels = reader.map("Labels");
}

} // namespace

namespace {

json::object facts(const Image& image) {
  json::object labels;
  for (const auto& [name, value] : image.config.labels)
    labels[name] = value;
  json::object config{{"Entrypoint", to_json(image.config.entrypoint)},
                      {"Cmd", to_json(image.config.cmd)},
                      {"Env", to_json(image.config.env)},
                      {"WorkingDir", image.config.working_dir},
                      {"Labels", std::move(labels)}};
  json::object object{{"version", version},
                      {"digest", image.digest},
                      {"bytes", image.bytes},
                      {"fileDigest", image.file_digest},
                      {"architecture", image.config.architecture},
                      {"os", image.config.os},
                      {"uid", image.config.uid},
                      {"gid", image.config.gid},
                      {"config", std::move(config)},
                      {"created", image.created},
                      {"source", image.source},
                      {"converter", image.converter}};
  return object;
}

} // namespace

std::string encode_metadata(const Image& image) {
  return json::serialize(facts(image)) + "\n";
}

std::string encode_inspection(const Image& image) {
  json::object object = facts(image);
  object["name"] = image.name;
  object["path"] = image.path;
  object["store"] = image.site ? "site" : "user";
  return json::serialize(object) + "\n";
}

Result<Image> decode_metadata(std::string_view text) {
  PODSTEP_TRY(json::object object, parse_object(text));
  Reader reader(object);
  if (int64_t found = reader.number("version"); found != version)
    return Error(Kind::unsupported, cat("it has version ", found, "; this Podstep reads version ", version));
  Image image;
  image.digest = reader.text("digest");
  image.bytes = static_cast<uint64_t>(reader.number("bytes"));
  image.file_digest = reader.text("fileDigest");
  image.config.architecture = reader.text("architecture");
  image.config.os = reader.text("os");
  image.config.uid = reader.number("uid");
  image.config.gid = reader.number("gid");
  image.created = reader.text("created");
  image.source = reader.text("source");
  image.converter = reader.text("converter");
  PODSTEP_CHECK(reader.finish());
  if (!wire::is_digest(image.digest) || !wire::is_digest(image.file_digest))
    return Error(Kind::invalid, "`digest` or `fileDigest` is not a sha256 digest");
  if (const json::value* config = object.if_contains("config"); config && config->is_object()) {
    Reader inner(config->get_object());
    read_common(inner, image.config);
    PODSTEP_CHECK(inner.finish());
  }
  return image;
}

Result<OciConfig> decode_oci_config(std::string_view text) {
  PODSTEP_TRY(json::object object, parse_object(text));
  OciConfig result;
  Reader reader(object);
  result.config.architecture = reader.text("architecture");
  result.config.os = reader.text("os");
  PODSTEP_CHECK(reader.finish());
  if (const json::value* config = object.if_contains("config"); config && config->is_object()) {
    Reader inner(config->get_object());
    read_common(inner, result.config);
    result.user = inner.text("User");
    PODSTEP_CHECK(inner.finish());
  }
  return result;
}

} // namespace podstep::images

// Readers of the record: see service.h.
#include "nodeagent/cli/service.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/codec.h"
#include "nodeagent/record/record.h"
#include <boost/json.hpp>

namespace podstep::cli {
namespace {

namespace json = boost::json;

/// Thrown by the readers below and caught by parsed(): a member has the wrong type.
struct WrongType {
  std::string member, expected;
};

class Members {
public:
  explicit Members(const json::value& value) : object_(value.is_object() ? &value.get_object() : nullptr) {
    if (!object_)
      throw WrongType{"an entry", "an object"};
  }
  std::string text(std::string_view name) const {
    const json::value* value = find(name);
    return value ? std::string(expect(value->if_string(), name, "text")) : "";
  }
  int64_t number(std::string_view name) const {
    const json::value* value = find(name);
    return value ? expect(value->if_int64(), name, "a number") : 0;
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> out;
    if (const json::value* value = find(name))
      for (const json::value& each : expect(value->if_array(), name, "a list"))
        out.emplace_back(expect(each.if_string(), name, "a list of texts"));
    return out;
  }
  bool flag(std::string_view name) const {
    const json::value* value = find(name);
    return value ? expect(value->if_bool(), name, "true or false") : false;
  }
  template<class Read> auto list(std::string_view name, Read read) const {
    std::vector<decltype(read(Members(json::value())))> rows;
    if (const json::value* value = find(name))
      for (const json::value& each : expect(value->if_array(), name, "a list"))
        rows.push_back(read(Members(each)));
    return rows;
  }

private:
  const json::value* find(std::string_view name) const {
    const json::value* value = object_->if_contains(name);
    return value && !value->is_null() ? value : nullptr;
  }
  template<class T> static const T& expect(const T* value, std::string_view name, const char* expected) {
    if (!value)
      throw WrongType{std::string(name), expected};
    return *value;
  }
  const json::object* object_;
};

/// Parses one file's text and hands its members to `read`.
template<class Read>
auto parsed(std::string_view text, Read read) -> Result<decltype(read(Members(json::value())))> {
  PODSTEP_TRY(json::value value, k8s::parse_json(text, limits::http_body_bytes));
  try {
    return read(Members(value));
  } catch (const WrongType& wrong) {
    return Error(Kind::invalid, cat(wrong.member, " is not ", wrong.expected));
  }
}

ContainerRow container_row(const Members& m) {
  ContainerRow row;
  row.name = m.text("name");
  row.state = m.text("state");
  row.reason = m.text("reason");
  row.last_reason = m.text("lastReason");
  row.image = m.text("image");
  row.ready = m.flag("ready");
  row.restarts = m.number("restarts");
  return row;
}

PodRow pod_row(const Members& m) {
  PodRow row;
  row.name = m.text("name");
  row.ns = m.text("namespace");
  row.node = m.text("node");
  row.phase = m.text("phase");
  row.ready = m.text("ready");
  row.reason = m.text("reason");
  row.started = m.text("started");
  row.restarts = m.number("restarts");
  row.containers = m.list("containers", container_row);
  return row;
}

ImageRow image_row(const Members& m) {
  return ImageRow{m.text("name"),   m.text("state"),   m.text("phase"),
                  m.text("reason"), m.number("bytes"), m.number("total")};
}

NodeRow node_row(const Members& m) {
  return NodeRow{m.text("name"), m.text("host"), m.text("reason"), m.flag("ready")};
}

EndpointRow endpoint_row(const Members& m) {
  return EndpointRow{m.text("pod"),  m.text("node"), m.text("container"), m.text("name"),
                     m.text("host"), m.text("url"),  m.number("port"),    m.flag("ready")};
}

FabricRow fabric_row(const Members& m) {
  FabricRow row;
  row.pid = m.number("pid");
  row.label = m.text("label");
  row.provider = m.text("provider");
  row.device = m.text("device");
  row.opened = m.text("opened");
  row.updated = m.text("updated");
  row.bytes_sent = m.number("bytesSent");
  row.bytes_received = m.number("bytesReceived");
  row.messages_sent = m.number("messagesSent");
  row.messages_received = m.number("messagesReceived");
  row.errors = m.number("errors");
  row.peers = m.number("peers");
  row.failed_peers = m.texts("failedPeers");
  return row;
}

FabricContainer fabric_container(const Members& m) {
  return FabricContainer{m.text("namespace"), m.text("pod"), m.text("container"),
                         m.list("communicators", fabric_row), m.number("unreadable")};
}

Result<std::string> file_of(const std::string& record, const char* name) {
  return read_file(cat(record, "/", name), limits::http_body_bytes);
}

template<class T> Result<T> named(Result<T> result, const std::string& record, const char* name) {
  if (!result)
    return std::move(result).error().in(cat(record, "/", name));
  return result;
}

/// The only row, or the one with that name.
template<class Row>
Result<Row> choose(const std::vector<Row>& rows, const std::string& name, const char* what, const char* how) {
  std::vector<std::string> names;
  for (const Row& row : rows) {
    if (name.empty() ? rows.size() == 1 : row.name == name)
      return row;
    names.push_back(printable(row.name, 253));
  }
  if (names.empty())
    return Error(Kind::not_found, cat("there is no ", what, " yet"), "podstep status");
  return name.empty()
             ? Error(Kind::invalid, cat("there are ", rows.size(), " ", what, "s: ", join(names, ", ")),
                     cat("name one", how))
             : Error(Kind::not_found, cat("there is no ", what, " ", printable(name)),
                     cat("there are ", join(names, ", ")));
}

} // namespace

Result<Service> parse_status(std::string_view text) {
  return parsed(text, [](const Members& m) {
    Service service;
    service.job = m.number("job");
    service.restart = m.number("restart");
    service.phase = m.text("phase");
    service.reason = m.text("reason");
    service.updated = m.text("updated");
    service.images = m.list("images", image_row);
    service.nodes = m.list("nodes", node_row);
    service.pods = m.list("pods", pod_row);
    return service;
  });
}

Result<Endpoints> parse_endpoints(std::string_view text) {
  return parsed(text, [](const Members& m) {
    return Endpoints{m.text("state"), m.list("endpoints", endpoint_row)};
  });
}

Result<End> parse_end(std::string_view text) {
  return parsed(text, [](const Members& m) {
    return End{m.text("cause"), m.number("exitCode"), m.flag("requeue")};
  });
}

Result<std::vector<FabricContainer>> parse_fabric(std::string_view text) {
  return parsed(text, [](const Members& m) { return m.list("containers", fabric_container); });
}

Result<Service> read_status(const std::string& record) {
  PODSTEP_TRY(std::string text, file_of(record, record::status_file));
  return named(parse_status(text), record, record::status_file);
}

Result<Endpoints> read_endpoints(const std::string& record) {
  PODSTEP_TRY(std::string text, file_of(record, record::endpoints_file));
  return named(parse_endpoints(text), record, record::endpoints_file);
}

std::optional<End> read_end(const std::string& record) {
  auto text = file_of(record, record::end_file);
  auto end = text ? parse_end(*text) : Result<End>(text.error());
  return end ? std::optional(*end) : std::nullopt;
}

Result<std::vector<FabricContainer>> read_fabric(const std::string& record, const Service& service) {
  std::vector<FabricContainer> out;
  for (const NodeRow& node : service.nodes) {
    std::string name = cat(record::fabric_dir, "/", node.name, ".json");
    auto text = file_of(record, name.c_str());
    if (!text && text.error().kind == Kind::not_found)
      continue; // nothing there asked for a fabric
    PODSTEP_CHECK(text);
    PODSTEP_TRY(auto containers, named(parse_fabric(*text), record, name.c_str()));
    out.insert(out.end(), containers.begin(), containers.end());
  }
  return out;
}

Result<PodRow> choose_pod(const Service& service, const std::string& name) {
  return choose(service.pods, name, "pod", "");
}

Result<ContainerRow> choose_container(const PodRow& pod, const std::string& name) {
  return choose(pod.containers, name, "container", " with -c");
}

} // namespace podstep::cli

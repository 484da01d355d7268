// What the record says of a service, read for people: pure readers of the files of podstep-record(7).
#pragma once
#include "common/clock.h"
#include "common/result.h"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::cli {

struct ContainerRow {
  std::string name, state, reason, last_reason, image;
  bool ready = false;
  int64_t restarts = 0;
};
struct PodRow {
  std::string name, ns, node, phase, ready, reason, started;
  int64_t restarts = 0;
  std::vector<ContainerRow> containers;
};
struct NodeRow {
  std::string name, host, reason;
  bool ready = false;
};
/// An image that the job brings itself.
struct ImageRow {
  std::string name, state, phase, reason;
  int64_t bytes = 0, total = 0;
};
/// status.json
struct Service {
  int64_t job = 0, restart = 0;
  std::string phase, reason, updated;
  std::vector<ImageRow> images;
  std::vector<NodeRow> nodes;
  std::vector<PodRow> pods;
};
/// One entry of endpoints.json.
struct EndpointRow {
  std::string pod, node, container, name, host, url;
  int64_t port = 0;
  bool ready = false;
};
struct Endpoints {
  std::string state;
  std::vector<EndpointRow> rows;
};
/// end.json
struct End {
  std::string reason;
  int64_t exit_code = 0;
  bool requeue = false; ///< Slurm may start the job again
};

/// One communicator of the tensor transport: a row of fabric/NODE.json.
struct FabricRow {
  int64_t pid = 0, bytes_sent = 0, bytes_received = 0, messages_sent = 0, messages_received = 0, errors = 0,
          peers = 0;
  std::string label, provider, device, opened, updated;
  std::vector<std::string> failed_peers;
};
struct FabricContainer {
  std::string ns, pod, container;
  std::vector<FabricRow> rows;
  int64_t unreadable = 0; ///< pages that are none
};

/// Unknown members are ignored, absent ones are empty; a member of the wrong type is an Error of kind invalid
/// that names it.
Result<Service> parse_status(std::string_view text);
Result<Endpoints> parse_endpoints(std::string_view text);
/// Its `cause` is the reason.
Result<End> parse_end(std::string_view text);

Result<std::vector<FabricContainer>> parse_fabric(std::string_view text);

/// The same from a record directory. Error: not_found when the file is not there yet.
Result<Service> read_status(const std::string& record);
Result<Endpoints> read_endpoints(const std::string& record);
std::optional<End> read_end(const std::string& record);
/// Of those of the service's nodes that have written any.
Result<std::vector<FabricContainer>> read_fabric(const std::string& record, const Service& service);

/// The pod called `name`, or the only one when `name` is empty. Error: not_found or invalid, naming the pods
/// there are.
Result<PodRow> choose_pod(const Service& service, const std::string& name);
/// Its container called `name`, or the only one.
Result<ContainerRow> choose_container(const PodRow& pod, const std::string& name);

/// `fetching, 5.0 MB of 20.0 MB (25 %)`; empty for an image that is not being imported.
std::string progress_of(const ImageRow& image);
/// `2/3`: pods of which all containers are ready.
std::string ready_pods(const Service& service);
int64_t all_restarts(const Service& service);
/// The status page: a headline, the nodes that are not ready, the images that the job brings, a row per pod
/// and, below a pod with several, per container.
std::string status_page(const Service& service, const std::string& time_left, WallTime now);
/// A row per communicator; empty when there is none.
std::string fabric_table(const std::vector<FabricContainer>& containers, WallTime now);
/// A row per endpoint.
std::string endpoint_table(const Endpoints& endpoints);

} // namespace podstep::cli

// What the transport in this node's containers says of itself: its pages of wire W4, read as hostile and
// written to the record for `podstep status`. The pages: podstep-fabric-statistics(7), the file:
// podstep-record(7).
#pragma once
#include "common/clock.h"
#include "common/wire_stats.h"
#include "nodeagent/loop/task.h"
#include <functional>
#include <map>

namespace podstep::agent {

/// The pages of one container, and how many files there could not be read as one.
struct FabricPages {
  std::string ns, pod, container;
  std::map<std::string, wire::Stats> pages; ///< by the file's name
  size_t unreadable = 0;
  bool empty() const { return pages.empty() && unreadable == 0; }
};

/// Reads what lies in the directory, in the order of names: at most 64 pages, each tried a few times and
/// never waited for. A page that is being written is left out this time: `before` keeps the last that was
/// seen of it. No directory, no pages.
void read_fabric_pages(const std::string& directory, const FabricPages& before, FabricPages& out);

/// Pure: fabric/<node>.json of the record.
std::string fabric_statistics_json(const std::string& node, const std::vector<FabricPages>& containers);

/// Who has pages on this node, and in which directory: name, directory.
using FabricDirectories = std::function<std::vector<std::pair<FabricPages, std::string>>()>;

/// Reads every 5 s and rewrites the record's file when something has changed; a node without such a container
/// gets no file. Runs for ever.
loop::Task<void> report_fabric_statistics(std::string record, std::string node,
                                          FabricDirectories directories);

} // namespace podstep::agent

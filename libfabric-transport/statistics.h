// Keeps the statistics page (wire W4) of an endpoint; written every 50 ms at most, never on the data path's
// way.
#pragma once
#include "common/clock.h"
#include "common/wire_stats.h"
#include "libfabric-transport/comms.h"
#include <memory>
#include <string>

namespace podstep::fabric {

class StatisticsPage {
public:
  /// nullptr where the settings name no directory, or none that can be written: statistics are no reason to
  /// fail.
  static std::unique_ptr<StatisticsPage> open(const Endpoint& endpoint, const std::string& device);
  ~StatisticsPage();
  void publish(Endpoint& endpoint);

private:
  StatisticsPage(wire::StatsPage* page, std::string path) : page_(page), path_(std::move(path)) {}

  wire::StatsPage* page_; ///< mapped
  std::string path_;
};

/// The endpoint's sums, by the names that the page and podstep_fabric_counters share.
template<class Out> void copy_counters(const Counters& c, Out& out) {
  out.bytes_sent = c.bytes_sent, out.bytes_received = c.bytes_received;
  out.messages_sent = c.messages_sent, out.messages_received = c.messages_received;
  out.eager_sent = c.eager_sent, out.grants_sent = c.grants_sent, out.packets_sent = c.packets_sent;
  out.again = c.again, out.errors = c.errors, out.connections = c.connections;
}

} // namespace podstep::fabric

// Keeps the statistics page (wire W4) of an endpoint; written every 50 ms at most, never on the data path's
// way.
#pragma once
#include "common/clock.h"
#include "common/wire_stats.h"
#include <memory>
#include <string>

namespace podstep::fabric {

class Endpoint;

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

/// The endpoint's numbers as a page; for the page and for podstep_fabric_statistics().
void fill_statistics(Endpoint& endpoint, wire::StatsPage& page);

} // namespace podstep::fabric

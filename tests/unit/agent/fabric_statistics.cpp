// The transport's statistics on their way to the record, from honest and from hostile containers.
#include "nodeagent/agent/fabric_statistics.h"
#include "common/file.h"
#include "common/text.h"
#include "tests/unit/catch.h"
#include <boost/json.hpp>
#include <cstring>
#include <unistd.h>

using namespace podstep;
using namespace podstep::agent;

namespace {
/// A directory of pages that goes with the test.
struct Pages {
  std::string path = [] {
    char name[] = "/tmp/podstep-pages.XXXXXX";
    return std::string(::mkdtemp(name));
  }();
  ~Pages() {
    for (const std::string& name : names)
      ::unlink(cat(path, "/", name).c_str());
    ::rmdir(path.c_str());
  }
  void put(const std::string& name, std::string_view bytes) {
    names.push_back(name);
    REQUIRE(write_file_atomic(cat(path, "/", name), bytes, 0600));
  }
  void put(const std::string& name, const wire::StatsPage& page) {
    put(name, {reinterpret_cast<const char*>(&page), sizeof page});
  }
  FabricPages read(const FabricPages& before = {}) {
    FabricPages out{"default", "p", "c", {}, 0};
    read_fabric_pages(path, before, out);
    return out;
  }
  std::vector<std::string> names;
};

wire::StatsPage honest(uint64_t sent) {
  wire::StatsPage page{};
  page.magic = wire::stats_magic;
  page.version = wire::stats_version;
  page.bytes = wire::stats_bytes;
  page.pid = 7;
  page.bytes_sent = sent;
  page.peers = page.all_peers = 1;
  page.peer[0].failed = 1;
  std::strcpy(page.peer[0].name, "n2 pid 9");
  return page;
}
} // namespace

TEST_CASE("Every page of a container is read, and what is no page is counted") {
  Pages pages;
  pages.put("podstep-fabric.7.0", honest(10));
  pages.put("podstep-fabric.7.1", honest(20));
  pages.put("podstep-fabric.8.0", "PSTATS01 and then nothing");
  pages.put("podstep-fabric.9.0", std::string(wire::stats_bytes, 'x'));
  pages.put("core", "not ours");
  FabricPages got = pages.read();
  REQUIRE(got.pages.size() == 2);
  CHECK(got.pages.at("podstep-fabric.7.1").bytes_sent == 20);
  CHECK(got.unreadable == 1); // a short one is being made
}

TEST_CASE("A page that is being written shows what was seen of it last") {
  Pages pages;
  wire::StatsPage torn = honest(30);
  torn.sequence = 1;
  pages.put("podstep-fabric.7.0", torn);
  CHECK(pages.read().empty());
  FabricPages before;
  before.pages["podstep-fabric.7.0"].bytes_sent = 29;
  CHECK(pages.read(before).pages.at("podstep-fabric.7.0").bytes_sent == 29);
}

TEST_CASE("A container with many pages is read as far as the bound") {
  Pages pages;
  for (int i = 0; i < 80; ++i)
    pages.put(cat("podstep-fabric.7.", i), honest(1));
  CHECK(pages.read().pages.size() == 64);
}

TEST_CASE("A directory that is missing or a link has no pages") {
  FabricPages out;
  read_fabric_pages("/nonexistent", {}, out);
  CHECK(out.empty());
  Pages pages;
  pages.put("podstep-fabric.7.0", honest(1));
  std::string link = pages.path + ".link";
  REQUIRE(::symlink(pages.path.c_str(), link.c_str()) == 0);
  read_fabric_pages(link, {}, out);
  CHECK(out.empty());
  ::unlink(link.c_str());
}

TEST_CASE("The record's file has a row per communicator, and numbers that every reader takes") {
  FabricPages lying{"default", "p", "c", {}, 2}, none{"default", "q", "c", {}, 0};
  wire::StatsPage raw = honest(UINT64_MAX);
  auto page = wire::parse_stats({reinterpret_cast<const char*>(&raw), sizeof raw});
  REQUIRE(page);
  lying.pages["podstep-fabric.7.0"] = *page;
  auto value = boost::json::parse(fabric_statistics_json("n1", {lying, none})).as_object();
  CHECK(value["node"].as_string() == "n1");
  REQUIRE(value["containers"].as_array().size() == 1);
  auto& container = value["containers"].as_array()[0].as_object();
  CHECK(container["unreadable"].as_int64() == 2);
  auto& row = container["communicators"].as_array()[0].as_object();
  CHECK(row["bytesSent"].as_int64() == INT64_MAX);
  CHECK(row["failedPeers"].as_array()[0].as_string() == "n2 pid 9");
}

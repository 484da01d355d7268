// The transport's statistics on their way to the record: see fabric_statistics.h.
#include "nodeagent/agent/fabric_statistics.h"
#include "common/fd.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "nodeagent/record/record.h"
#include <algorithm>
#include <boost/json.hpp>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

namespace podstep::agent {

namespace {
namespace json = boost::json;

constexpr Duration pace = std::chrono::seconds(5);
/// A container whose pages are more keeps the agent from nothing: the rest is not read.
constexpr size_t most_pages = 64;
/// Names that are looked at to find them; the directory holds 256 files (volumes.cpp).
constexpr size_t most_names = 512;
/// A writer is done within microseconds.
constexpr int attempts = 3;
constexpr size_t named_failures = 4;

std::vector<std::string> page_names(int directory) {
  std::vector<std::string> out;
  int fd = ::fcntl(directory, F_DUPFD_CLOEXEC, 3);
  std::unique_ptr<DIR, int (*)(DIR*)> stream(fd < 0 ? nullptr : ::fdopendir(fd), ::closedir);
  for (size_t seen = 0; stream && seen < most_names; ++seen) {
    const dirent* entry = ::readdir(stream.get());
    if (!entry)
      break;
    if (std::string_view(entry->d_name).starts_with(wire::stats_prefix))
      out.emplace_back(entry->d_name);
  }
  std::sort(out.begin(), out.end());
  out.resize(std::min(out.size(), most_pages));
  return out;
}

json::object page_json(const wire::Stats& page) {
  json::array failed;
  for (const wire::Stats::Peer& peer : page.peers)
    if (peer.failed && failed.size() < named_failures)
      failed.emplace_back(peer.name);
  // A pod's own word may be any number; readers of JSON take those of int64.
  auto count = [](uint64_t n) { return int64_t(std::min(n, uint64_t(INT64_MAX))); };
  auto time = [](uint64_t nanoseconds) {
    return to_rfc3339(WallTime(std::chrono::nanoseconds(nanoseconds)));
  };
  return json::object{{"pid", page.pid},
                      {"label", page.label},
                      {"provider", page.provider},
                      {"device", page.device},
                      {"opened", time(page.started)},
                      {"updated", time(page.updated)},
                      {"bytesSent", count(page.bytes_sent)},
                      {"bytesReceived", count(page.bytes_received)},
                      {"messagesSent", count(page.messages_sent)},
                      {"messagesReceived", count(page.messages_received)},
                      {"errors", count(page.errors)},
                      {"peers", count(page.all_peers)},
                      {"failedPeers", std::move(failed)}};
}

} // namespace

void read_fabric_pages(const std::string& directory, const FabricPages& before, FabricPages& out) {
  OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid())
    return;
  for (const std::string& name : page_names(fd.get())) {
    auto page = wire::read_stats_at(fd.get(), name, attempts);
    if (page) {
      out.pages.emplace(name, std::move(*page));
    } else if (page.error().kind == Kind::conflict) {
      if (auto last = before.pages.find(name); last != before.pages.end())
        out.pages.insert(*last);
    } else if (page.error().kind != Kind::not_found) {
      ++out.unreadable;
    }
  }
}

std::string fabric_statistics_json(const std::string& node, const std::vector<FabricPages>& containers) {
  json::array list;
  for (const FabricPages& container : containers) {
    if (container.empty())
      continue;
    json::array pages;
    for (const auto& [name, page] : container.pages)
      pages.push_back(page_json(page));
    list.push_back(json::object{{"namespace", container.ns},
                                {"pod", container.pod},
                                {"container", container.container},
                                {"communicators", std::move(pages)},
                                {"unreadable", container.unreadable}});
  }
  return json::serialize(json::object{{"version", 1}, {"node", node}, {"containers", std::move(list)}}) +
         "\n";
}

loop::Task<void> report_fabric_statistics(std::string record, std::string node,
                                          FabricDirectories directories) {
  const std::string directory = cat(record, "/", record::fabric_dir),
                    file = cat(directory, "/", node, ".json");
  std::string last;
  std::map<std::string, FabricPages> before; // by directory
  for (;; co_await loop::sleep(pace)) {
    std::map<std::string, FabricPages> now;
    std::vector<FabricPages> all;
    for (auto& [container, path] : directories()) {
      read_fabric_pages(path, before[path], container);
      now[path] = container;
      all.push_back(std::move(container));
    }
    before = std::move(now);
    bool any = std::any_of(all.begin(), all.end(), [](const FabricPages& one) { return !one.empty(); });
    std::string text = any || !last.empty() ? fabric_statistics_json(node, all) : std::string();
    if (text == last)
      continue;
    auto made = make_directories(directory, 0700);
    auto written = made ? write_file_atomic(file, text, 0600) : std::move(made);
    if (!written)
      log::warning(written.error().message);
    else
      last = std::move(text);
  }
}

} // namespace podstep::agent

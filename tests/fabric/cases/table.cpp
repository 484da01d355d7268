// F-CT-1 and F-CT-3: what a plugin exports, and that it says so when it has no device.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include "tests/fabric/host/watch.h"
#include <climits>
#include <cmath>
#include <cstdlib>
#include <future>
#include <regex>
#include <sys/stat.h>

namespace cases {
using namespace harness;

void tables(Rank& rank) {
  Library library = open_library(*rank.options);
  expect(!library.versions().empty(), "it exports no ncclNetPlugin_vN of v6 to v12");
  std::string name, list;
  for (int version : library.versions()) {
    std::unique_ptr<Net> net = std::move(*library.net(version));
    for (const std::string& slot : net->missing())
      fail("v", version, ": the slot is NULL: ", slot);
    expect(name.empty() || name == net->name(), "v", version, " is named ", net->name(), ", a newer one ",
           name);
    name = net->name();
    list += (list.empty() ? "v" : ",v") + std::to_string(version);
  }
  rank.note("name=" + name + " versions=" + list);
  // Each table works: a message through the oldest and the newest.
  for (int version : {library.versions().front(), library.versions().back()}) {
    Options options = *rank.options;
    options.abi = version;
    Session session(options);
    SelfPair pair = self_connect(*session.net, session.context);
    self_message(*session.net, pair, 5000);
    pair.close(*session.net);
    session.end();
  }
}

namespace {

/// NCCL reads the whole topology from there, and which function it is from the last name.
bool is_pci_function(const std::string& path) {
  static const std::regex name("/sys/.*/[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");
  char real[PATH_MAX];
  struct stat info;
  return std::regex_match(path, name) && realpath(path.c_str(), real) && path == real &&
         stat(real, &info) == 0 && S_ISDIR(info.st_mode);
}

} // namespace

void properties(Rank& rank) {
  Session session(*rank.options);
  int count = 0;
  must(session.net->devices(&count), "devices");
  for (int device = 0; device < count; device++) {
    Properties p = {}, again = {};
    must(session.net->get_properties(device, &p), "getProperties");
    must(session.net->get_properties(device, &again), "getProperties");
    expect(p.name && *p.name, "device ", device, " has no name");
    expect(std::string(p.name) == again.name && p.guid == again.guid, "device ", device,
           ": properties change");
    expect(!p.pci_path || is_pci_function(p.pci_path), "device ", device, ": pciPath ",
           p.pci_path ? p.pci_path : "", " is no PCI function's directory in /sys");
    constexpr int kinds = ncclabi::ptr_host | ncclabi::ptr_cuda | ncclabi::ptr_dmabuf;
    expect((p.ptr_support & ncclabi::ptr_host) && !(p.ptr_support & ~kinds), "device ", device,
           " does not take host memory, or something unknown: ptrSupport is ", p.ptr_support);
    expect(p.latency >= 0 && p.latency == std::floor(p.latency), "device ", device, ": latency is ",
           p.latency, " microseconds, of which NCCL takes whole ones");
    expect(p.max_p2p_bytes > 0 && p.max_p2p_bytes <= size_t{1} << 40, "device ", device, ": maxP2pBytes is ",
           p.max_p2p_bytes);
    expect(p.max_recvs >= 1 && p.max_recvs <= 8, "device ", device, ": maxRecvs is ", p.max_recvs);
    expect(p.max_comms >= 1, "device ", device, ": maxComms is ", p.max_comms);
    expect(p.speed > 0, "device ", device, ": speed is ", p.speed);
    expect(p.device_type == 0, "device ", device, ": netDeviceType is ", p.device_type);
    expect(p.virtual_devices.count == 1 && p.virtual_devices.devices[0] == device, "device ", device,
           ": vProps are not {1, {", device, "}}");
  }
  rank.note(text("devices=", count, " ptrSupport=", session.properties.ptr_support,
                 " first=", session.properties.name, " maxRecvs=", session.properties.max_recvs,
                 " regIsGlobal=", session.properties.reg_is_global));
  session.end();
}

void properties_anywhere(Rank& rank) {
  Session session(*rank.options);
  Properties first = {};
  must(session.net->get_properties(0, &first), "getProperties");
  const std::string name = first.name, path = first.pci_path ? first.pci_path : "";
  Watch calls;
  for (int i = 0; i < 4; i++)
    std::async(std::launch::async, [&] {
      for (int k = 0; k < 200; k++) {
        Properties p = {};
        calls("getProperties", [&] { return session.net->get_properties(0, &p); });
        expect(p.name && name == p.name && p.guid == first.guid, "another thread gets other properties");
      }
    }).get();
  calls.judge(rank, "getProperties");
  expect(name == first.name && (!first.pci_path || path == first.pci_path),
         "the strings that getProperties gave have changed: name was ", name, ", is ", first.name);
  session.end();
}

void no_device(Rank& rank) {
  const std::string& how = rank.options->no_device;
  size_t equals = how.find('=');
  if (equals == std::string::npos)
    throw Skipped("no --no-device NAME=VALUE says how to take this plugin's devices away");
  setenv(how.substr(0, equals).c_str(), how.substr(equals + 1).c_str(), 1);
  Library library = open_library(*rank.options);
  std::unique_ptr<Net> net = open_net(*rank.options, library);
  void* context = nullptr;
  int result = net->init(&context, 1, -1, logger(), nullptr);
  expect(result != ncclabi::success, "init succeeded without a device");
  expect(!last_words().empty(), "init failed with ", result_name(result), " but said nothing");
  rank.note("says=" + last_words());
}

} // namespace cases

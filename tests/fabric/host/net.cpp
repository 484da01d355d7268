// Opening a plugin as NCCL does: dlopen by its name, then the newest ncclNetPlugin_vN that it exports.
#include "tests/fabric/host/net.h"
#include "tests/fabric/host/adapter.h"
#include <dlfcn.h>
#include <utility>

namespace harness {
namespace {

template<int V> std::unique_ptr<Net> adapt(const void* table) {
  return std::make_unique<Adapter<V>>(static_cast<const ncclabi::Table<V>*>(table));
}

using Make = std::unique_ptr<Net> (*)(const void*);
constexpr Make adapters[] = {adapt<6>, adapt<7>, adapt<8>, adapt<9>, adapt<10>, adapt<11>, adapt<12>};

std::string name_of(int version) {
  return "ncclNetPlugin_v" + std::to_string(version);
}

} // namespace

podstep::Result<Library> Library::open(const std::string& name) {
  std::vector<std::string> files{name};
  if (name.find('/') == name.npos && !(name.starts_with("lib") && name.ends_with(".so")))
    files.push_back("libnccl-net-" + name + ".so");
  std::string why;
  for (const std::string& file : files) {
    if (void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL))
      return Library(handle, file);
    why += (why.empty() ? "dlopen: " : "; ") + std::string(dlerror());
  }
  return podstep::Error(podstep::Kind::not_found, why);
}

Library::Library(Library&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), path_(std::move(other.path_)) {}

Library::~Library() {
  if (handle_)
    dlclose(handle_);
}

const void* Library::symbol(const std::string& name) const {
  return dlsym(handle_, name.c_str());
}

std::vector<int> Library::versions() const {
  std::vector<int> found;
  for (int version = ncclabi::newest; version >= ncclabi::oldest; version--)
    if (symbol(name_of(version)))
      found.push_back(version);
  return found;
}

podstep::Result<std::unique_ptr<Net>> Library::net(int version) const {
  std::vector<int> there = versions();
  if (version == 0 && !there.empty())
    version = there.front();
  if (version < ncclabi::oldest || version > ncclabi::newest || !symbol(name_of(version)))
    return podstep::Error(podstep::Kind::not_found,
                          path_ + ": exports no ncclNetPlugin_v" +
                              (version ? std::to_string(version) : std::string("N")),
                          "name an NCCL network plugin of v6 to v12");
  return adapters[version - ncclabi::oldest](symbol(name_of(version)));
}

std::string result_name(int result) {
  static const char* const names[] = {"ncclSuccess",       "ncclUnhandledCudaError", "ncclSystemError",
                                      "ncclInternalError", "ncclInvalidArgument",    "ncclInvalidUsage",
                                      "ncclRemoteError",   "ncclInProgress",         "ncclTimeout"};
  return result >= 0 && result < int(std::size(names)) ? names[result] : "result " + std::to_string(result);
}

} // namespace harness

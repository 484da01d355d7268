// A plugin as a wire: isend, irecv and test on its comms, a pair of them for each channel.
#include "tests/bench/fabric/plugin_wire.h"
#include <cstring>
#include <sys/mman.h>

namespace bench {

using harness::must;

Region make_region() {
  // Huge pages where Linux has them: which small pages a process happens to get makes a tenth of its speed.
  auto map = [] {
    constexpr size_t huge = size_t{2} << 20;
    void* at = mmap(nullptr, region_bytes + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
      harness::fail("mmap of ", region_bytes, " bytes");
    char* aligned = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(at) + huge - 1) / huge * huge);
    madvise(aligned, region_bytes, MADV_HUGEPAGE);
    memset(aligned, 1, region_bytes);
    return aligned;
  };
  return {map(), map()};
}

size_t place(size_t channel, size_t slot, size_t bytes) {
  size_t step = (bytes + 4095) / 4096 * 4096;
  if (step == 0 || step >= region_bytes)
    return 0;
  return (channel * slots + slot) % (region_bytes / step) * step;
}

Plugin::Plugin(harness::Rank& rank, const Region& region)
    : rank_(rank), region_(region), session_(*rank.options) {
  harness::Channel& other = rank.to.begin()->second;
  std::vector<harness::Listener> listeners;
  std::vector<harness::Handle> theirs(channels);
  for (size_t i = 0; i < channels; i++) {
    listeners.push_back(session_.listen());
    other.put_value(listeners.back().handle);
  }
  for (harness::Handle& handle : theirs)
    handle = other.take_value<harness::Handle>();
  if (rank.rank == 0) {
    out_ = session_.connect_all(theirs);
    in_ = session_.accept_all(listeners);
  } else {
    in_ = session_.accept_all(listeners);
    out_ = session_.connect_all(theirs);
  }
  for (size_t i = 0; i < channels; i++) {
    session_.close_listen(listeners[i]);
    out_handles_.push_back(session_.reg(out_[i], region_.out, region_bytes));
    in_handles_.push_back(session_.reg(in_[i], region_.in, region_bytes));
  }
}

bool Plugin::send(size_t channel, size_t slot, size_t bytes) {
  void*& request = sends_[channel][slot];
  must(session_.net->isend(out_[channel], region_.out + place(channel, slot, bytes), bytes, 1,
                           out_handles_[channel], nullptr, &request),
       "isend");
  return request != nullptr;
}

bool Plugin::receive(size_t channel, size_t slot, size_t bytes) {
  void*& request = receives_[channel][slot];
  void *data = region_.in + place(channel, slot, bytes), *phandle = nullptr;
  int tag = 1;
  request = nullptr;
  must(session_.net->irecv(in_[channel], 1, &data, &bytes, &tag, &in_handles_[channel], &phandle, &request),
       "irecv");
  return request != nullptr;
}

bool Plugin::sent(size_t channel, size_t slot) {
  int done = 0, size = 0;
  must(session_.net->test(sends_[channel][slot], &done, &size), "test");
  return done;
}
bool Plugin::received(size_t channel, size_t slot) {
  int done = 0, size = 0;
  must(session_.net->test(receives_[channel][slot], &done, &size), "test");
  return done;
}

std::unique_ptr<Wire> plugin_wire(harness::Rank& rank, const Region& region, Plugin** plugin) {
  auto made = std::make_unique<Plugin>(rank, region);
  *plugin = made.get();
  return made;
}

} // namespace bench

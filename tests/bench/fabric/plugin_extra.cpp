// What is measured of a plugin beside messages over its channels.
#include "tests/bench/fabric/plugin_wire.h"
#include <ctime>

namespace bench {

using namespace harness;

namespace {
double microseconds_since(Instant begin) {
  return std::chrono::duration<double, std::micro>(now() - begin).count();
}
} // namespace

double Plugin::storm(size_t n) {
  Channel& other = rank_.to.begin()->second;
  other.barrier();
  Instant begin = now();
  OneWay way(session_, rank_, n);
  double each = microseconds_since(begin) / double(n);
  other.barrier();
  way.close(session_);
  return each;
}

double Plugin::reg_loop(void* comm, char* at, size_t bytes, size_t stride, size_t count) {
  Instant begin = now();
  for (size_t i = 0; i < count; i++) {
    void* handle = nullptr;
    must(session_.net->reg_mr(comm, at + i * stride, bytes, ncclabi::ptr_host, &handle), "regMr");
    must(session_.net->dereg_mr(comm, handle), "deregMr");
  }
  return microseconds_since(begin) * 1000 / double(count);
}

double Plugin::register_cold() {
  constexpr size_t count = 500, bytes = 16384;
  Buffer fresh(count * bytes); // mapped now, so no cache knows it
  return reg_loop(out_[0], fresh.data(), bytes, bytes, count);
}

double Plugin::register_hit() {
  Buffer known(1 << 20);
  void* held = session_.reg(out_[0], known.data(), known.size());
  double each = reg_loop(out_[0], known.data(), known.size(), 0, 20000);
  session_.dereg(out_[0], held);
  return each;
}

double Plugin::register_hit_among_many() {
  constexpr size_t count = 10000, bytes = 8192;
  Buffer memory(count * bytes);
  std::vector<void*> handles(count);
  for (size_t i = 0; i < count; i++)
    must(session_.net->reg_mr(out_[0], memory.data() + i * bytes, 6000, ncclabi::ptr_host, &handles[i]),
         "regMr");
  Instant begin = now();
  constexpr size_t rounds = 20000;
  for (size_t i = 0; i < rounds; i++) { // all over them, so that no single entry stays at hand
    void* handle = nullptr;
    must(session_.net->reg_mr(out_[0], memory.data() + i * 7919 % count * bytes, 6000, ncclabi::ptr_host,
                              &handle),
         "regMr");
    must(session_.net->dereg_mr(out_[0], handle), "deregMr");
  }
  double each = microseconds_since(begin) * 1000 / double(rounds);
  for (void* handle : handles)
    must(session_.net->dereg_mr(out_[0], handle), "deregMr");
  return each;
}

double Plugin::empty_test() {
  Channel& other = rank_.to.begin()->second;
  double each = 0;
  if (rank_.rank == 1)
    while (!receive(0, 0, 64))
      ;
  other.barrier();
  if (rank_.rank == 1) {
    constexpr int count = 100000;
    Instant begin = now();
    for (int i = 0; i < count; i++)
      expect(!received(0, 0), "a message came that nobody sent");
    each = microseconds_since(begin) * 1000 / count;
  }
  other.barrier();
  if (rank_.rank == 0) {
    while (!send(0, 0, 64))
      ;
    while (!sent(0, 0))
      ;
  } else {
    while (!received(0, 0))
      ;
    other.put_value(each);
  }
  return rank_.rank == 0 ? other.take_value<double>() : each;
}

double Plugin::grouped(size_t groups) {
  if (session_.properties.max_recvs < int(slots))
    throw Skipped("maxRecvs is less than 8");
  Channel& other = rank_.to.begin()->second;
  constexpr size_t bytes = 4096;
  int tags[slots], sizes[slots];
  size_t wide[slots];
  void *data[slots], *handles[slots], *phandles[slots] = {};
  for (size_t i = 0; i < slots; i++) {
    tags[i] = int(i);
    wide[i] = bytes;
    data[i] = (rank_.rank == 0 ? region_.out : region_.in) + i * bytes;
    handles[i] = rank_.rank == 0 ? out_handles_[0] : in_handles_[0];
  }
  other.barrier();
  Instant begin = now();
  void* window[2] = {};
  size_t posted = 0;
  for (size_t group = 0; group < groups; group++) {
    if (rank_.rank == 0) {
      for (size_t i = 0; i < slots; i++)
        do {
          must(session_.net->isend(out_[0], data[i], bytes, tags[i], handles[i], nullptr, &sends_[0][i]),
               "isend");
        } while (!sends_[0][i]);
      for (size_t i = 0; i < slots; i++)
        while (!sent(0, i))
          ;
      continue;
    }
    for (; posted < groups && posted < group + 2; posted++)
      do {
        window[posted % 2] = nullptr;
        must(
            session_.net->irecv(in_[0], int(slots), data, wide, tags, handles, phandles, &window[posted % 2]),
            "irecv");
      } while (!window[posted % 2]);
    for (int done = 0; !done;)
      must(session_.net->test(window[group % 2], &done, sizes), "test");
  }
  other.barrier();
  return microseconds_since(begin) / double(groups * slots);
}

void Plugin::block(bool on) {
  Channel& other = rank_.to.begin()->second;
  constexpr size_t channel = channels - 1, bytes = 256 << 10;
  static bool flying[slots] = {};
  if (on) {
    if (rank_.rank == 0)
      for (size_t slot = 0; slot < slots; slot++)
        for (int attempt = 0; attempt < 100 && !flying[slot]; attempt++)
          flying[slot] = send(channel, slot, bytes);
    other.barrier();
    return;
  }
  for (size_t slot = 0; slot < slots; slot++) {
    if (rank_.rank == 0) {
      while (!flying[slot])
        flying[slot] = send(channel, slot, bytes);
      continue;
    }
    while (!receive(channel, slot, bytes))
      ;
  }
  for (size_t slot = 0; slot < slots; slot++) {
    while (rank_.rank == 0 ? !sent(channel, slot) : !received(channel, slot))
      ;
    flying[slot] = false;
  }
  other.barrier();
}

double Plugin::until_error() {
  std::unique_ptr<Flow> flow =
      make_flow(rank_.rank == 0, session_, rank_.rank == 0 ? out_[0] : in_[0], same_sizes(1000000, 1 << 20));
  flow->tolerate();
  while (flow->error() == ncclabi::success)
    flow->step();
  timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return double(at.tv_sec) + double(at.tv_nsec) / 1e9;
}

} // namespace bench

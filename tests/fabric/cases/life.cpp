// F-CT-2: contexts that come and go, and a library that is unloaded and loaded again.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/holdings.h"
#include "tests/fabric/host/selfpair.h"
#include <future>

namespace cases {
using namespace harness;

namespace {

void* make_context(Net& net, uint64_t id) {
  void* context = nullptr;
  must(net.init(&context, id, -1, logger(), nullptr), "init");
  return context;
}

void one_message(Net& net, void* context) {
  SelfPair pair = self_connect(net, context);
  self_message(net, pair, 1000);
  pair.close(net);
}

} // namespace

void contexts(Rank& rank) {
  Library library = open_library(*rank.options);
  std::unique_ptr<Net> net = open_net(*rank.options, library);
  void* first = make_context(*net, 1);
  one_message(*net, first);
  void* second = make_context(*net, 2);
  SelfPair kept = self_connect(*net, second);
  one_message(*net, first);
  must(net->finalize(first), "finalize");
  self_message(*net, kept, 1000);
  kept.close(*net);
  must(net->finalize(second), "finalize");
  std::vector<void*> many;
  for (uint64_t id = 10; id < 110; id++)
    many.push_back(make_context(*net, id));
  one_message(*net, many.front());
  one_message(*net, many.back());
  for (size_t i = 0; i < many.size(); i++) // every other one first
    must(net->finalize(many[(i * 2) % 100 + (i >= 50)]), "finalize");
}

void creators(Rank& rank) {
  Library library = open_library(*rank.options);
  std::unique_ptr<Net> net = open_net(*rank.options, library);
  std::vector<void*> made;
  // Each thread ends before the next one begins: NCCL holds a lock of the process around both.
  auto elsewhere = [](auto work) { std::async(std::launch::async, work).get(); };
  for (uint64_t id = 1; id <= 4; id++)
    elsewhere([&] {
      made.push_back(make_context(*net, id));
      int count = 0;
      Properties p = {};
      must(net->devices(&count), "devices");
      must(net->get_properties(0, &p), "getProperties");
    });
  for (void* context : made)
    elsewhere([&] { one_message(*net, context); });
  for (void* context : made)
    elsewhere([&] { must(net->finalize(context), "finalize"); });
}

void traffic_classes(Rank& rank) {
  Library library = open_library(*rank.options);
  std::unique_ptr<Net> net = open_net(*rank.options, library);
  if (net->version() < 10)
    throw Skipped(text("v", net->version(), " has no traffic classes"));
  uint64_t id = 1;
  for (int traffic_class : {-1, 0, 8, 46, 63, 200}) {
    void* context = nullptr;
    int result = net->init(&context, id++, traffic_class, logger(), nullptr);
    expect(result == ncclabi::success, "init with traffic class ", traffic_class, " answered ",
           result_name(result), "", LastWords{});
    one_message(*net, context);
    must(net->finalize(context), "finalize");
  }
}

void reload(Rank& rank) {
  size_t threads_before = threads(), descriptors_after_first = 0;
  int rounds = 4;
  for (int round = 0; round < rounds; round++) {
    {
      Library library = open_library(*rank.options);
      std::unique_ptr<Net> net = open_net(*rank.options, library);
      void* context = make_context(*net, 1);
      one_message(*net, context);
      must(net->finalize(context), "finalize");
    }
    // A library may keep what it opened once, but not once more each time.
    if (round == 0)
      descriptors_after_first = open_descriptors();
  }
  size_t left = threads_at_rest(threads_before);
  expect(left == threads_before, "after unloading there are ", left, " threads, before loading ",
         threads_before);
  expect(open_descriptors() == descriptors_after_first, "descriptors grew from ", descriptors_after_first,
         " to ", open_descriptors(), " in ", rounds - 1, " more rounds");
}

} // namespace cases

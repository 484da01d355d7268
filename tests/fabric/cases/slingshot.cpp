// F-CT-24: a step's Slingshot credentials: what is malformed, incomplete or nobody's is refused in words that
// name the variable, and of two VNIs that one is taken which was asked for.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include <cstdlib>

namespace cases {
using namespace harness;

namespace {

/// A variable, what it says instead, and a word of the plugin's complaint.
struct Wrong {
  const char *name, *value, *word;
};

/// On a node with cxi0 and cxi1, whose good credentials are the environment's.
const Wrong wrong[] = {
    {"SLINGSHOT_VNIS", "", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "0", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "65536", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "1024,1024", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "1024,1025,1026", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "10x4", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "99999999999999999999999999", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_VNIS", "1024:1025", "SLINGSHOT_VNIS"},
    {"SLINGSHOT_SVC_IDS", "5", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_SVC_IDS", "5,5,5", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_SVC_IDS", "5,", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_SVC_IDS", "5,-6", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_SVC_IDS", "5,1", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_DEVICES", "cxi0", "SLINGSHOT_SVC_IDS"},
    {"SLINGSHOT_DEVICES", "cxi0,cxi0", "SLINGSHOT_DEVICES"},
    {"SLINGSHOT_DEVICES", "cxi0,eth0", "SLINGSHOT_DEVICES"},
    {"SLINGSHOT_DEVICES", "cxi7,cxi8", "SLINGSHOT_DEVICES"},
    {"SLINGSHOT_TCS", "14", "SLINGSHOT_TCS"},
};

/// The answer of init with that one variable changed; the plugin's words.
int init_with(const Options& options, const Wrong& one, std::string& words) {
  std::string before = getenv(one.name) ? getenv(one.name) : "";
  setenv(one.name, one.value, 1);
  Library library = open_library(options);
  std::unique_ptr<Net> net = open_net(options, library);
  void* context = nullptr;
  size_t mark = log_size();
  int result = net->init(&context, 1, -1, logger(), nullptr);
  words = last_words(mark);
  setenv(one.name, before.c_str(), 1);
  return result;
}

} // namespace

void slingshot(Rank& rank) {
  for (const char* name : {"SLINGSHOT_VNIS", "SLINGSHOT_SVC_IDS", "SLINGSHOT_DEVICES", "SLINGSHOT_TCS"})
    if (!getenv(name))
      throw Skipped(text(name, " is not set: no step with a NIC"));
  for (const Wrong& one : wrong) {
    std::string words;
    int result = init_with(*rank.options, one, words);
    expect(result != ncclabi::success, "init succeeded with ", one.name, "='", one.value, "'");
    expect(words.find(one.word) != std::string::npos, one.name, "='", one.value, "': it says \"", words,
           "\", not ", one.word);
  }
  Session session(*rank.options);
  SelfPair pair = self_connect(*session.net, session.context);
  self_message(*session.net, pair, 5000);
  pair.close(*session.net);
  session.end();
}

} // namespace cases

// F-CT-30: a plugin says what it has to say by the function that init was given, and nowhere else.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include "tests/support/heard.h"

namespace cases {
using namespace harness;

void logger_alone(Rank& rank) {
  show_log(false); // --verbose writes there itself
  podstep::Heard captured{1, 2};
  Session session(*rank.options);
  SelfPair pair = self_connect(*session.net, session.context);
  self_message(*session.net, pair, 5000);
  pair.close(*session.net);
  size_t mark = log_size();
  Handle rubbish;
  rubbish.fill(0x55);
  void* comm = nullptr;
  int result = try_connect(*session.net, session.context, rubbish.data(), &comm);
  session.end();
  std::string said = captured.text().substr(0, 4096);
  expect(said.empty(), "it writes to standard output or error: ", said);
  expect(result != ncclabi::success, "a handle of 0x55 is taken");
  expect(!last_words(mark).empty(), "of a handle that is rubbish it says nothing to the logger");
}

} // namespace cases

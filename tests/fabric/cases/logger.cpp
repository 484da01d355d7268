// F-CT-30: a plugin says what it has to say by the function that init was given, and nowhere else.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include <cstdio>
#include <unistd.h>

namespace cases {
using namespace harness;

namespace {

/// Standard output and error go to a file while it lives.
class Elsewhere {
public:
  Elsewhere() : file_(tmpfile()) {
    expect(file_ != nullptr, "no temporary file");
    fflush(nullptr);
    for (int fd : {1, 2}) {
      before_[fd] = dup(fd);
      dup2(fileno(file_), fd);
    }
  }
  ~Elsewhere() {
    restore();
    fclose(file_);
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  std::string text() {
    restore();
    std::string out(4096, '\0');
    ssize_t n = pread(fileno(file_), out.data(), out.size(), 0);
    out.resize(n > 0 ? size_t(n) : 0);
    return out;
  }

private:
  void restore() {
    fflush(nullptr);
    for (int fd : {1, 2})
      if (before_[fd] >= 0) {
        dup2(before_[fd], fd);
        close(before_[fd]);
        before_[fd] = -1;
      }
  }
  FILE* file_;
  int before_[3] = {-1, -1, -1};
};

} // namespace

void logger_alone(Rank& rank) {
  show_log(false); // --verbose writes there itself
  Elsewhere captured;
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
  std::string said = captured.text();
  expect(said.empty(), "it writes to standard output or error: ", said);
  expect(result != ncclabi::success, "a handle of 0x55 is taken");
  expect(!last_words(mark).empty(), "of a handle that is rubbish it says nothing to the logger");
}

} // namespace cases

// What a process writes to standard error, or output, while a test listens.
#pragma once
#include <cstdio>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace podstep {

/// Standard error, or the descriptors that are named, go to a file in a scope, or until text() is asked for.
class Heard {
public:
  explicit Heard(std::initializer_list<int> descriptors = {2}) : file_(tmpfile()) {
    if (!file_)
      throw std::runtime_error("no temporary file");
    fflush(nullptr);
    for (int fd : descriptors) {
      before_[fd] = dup(fd);
      dup2(fileno(file_), fd);
    }
  }
  ~Heard() {
    restore();
    fclose(file_);
  }
  Heard(const Heard&) = delete;
  Heard& operator=(const Heard&) = delete;
  /// All that was said.
  std::string text() {
    restore();
    std::string out;
    rewind(file_);
    for (int c; (c = fgetc(file_)) != EOF;)
      out += char(c);
    return out;
  }

private:
  void restore() {
    fflush(nullptr);
    for (auto [fd, before] : before_) {
      dup2(before, fd);
      close(before);
    }
    before_.clear();
  }
  FILE* file_;
  std::map<int, int> before_;
};

} // namespace podstep

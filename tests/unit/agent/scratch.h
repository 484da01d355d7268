// A directory of its own for one test.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

namespace podstep::test {

struct Scratch {
  std::string path;
  Scratch() {
    char name[] = "/tmp/podstep-agent-XXXXXX";
    path = mkdtemp(name);
  }
  ~Scratch() { std::filesystem::remove_all(path); }
};

} // namespace podstep::test

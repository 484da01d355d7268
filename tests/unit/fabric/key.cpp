// Who has the job's key meets, and nobody else: two real processes with key files.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/meet.h"
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using fake::Environment;
using pair::connect;
using pair::listen;
using pair::Side;

namespace {

constexpr const char* variable = "PODSTEP_FABRIC_KEY_FILE";

/// A directory with two keys that only their owner can read, and one that others can.
struct Keys {
  char directory[32] = "/tmp/podstep-keys.XXXXXX";
  std::string ours, theirs, open;
  Keys() {
    REQUIRE(mkdtemp(directory));
    ours = file("ours", "00112233445566778899aabbccddeeff", 0600);
    theirs = file("theirs", "00112233445566778899aabbccddeef0", 0600);
    open = file("open", "00112233445566778899aabbccddeeff", 0644);
  }
  ~Keys() {
    for (const std::string& path : {ours, theirs, open})
      unlink(path.c_str());
    rmdir(directory);
  }
  std::string file(const char* name, const char* digits, mode_t mode) const {
    std::string path = std::string(directory) + "/" + name;
    std::ofstream(path) << digits << "\n";
    chmod(path.c_str(), mode);
    return path;
  }
};

/// What becomes of a sender with one key file at a receiver with another; nullptr: none.
std::string meet(const char* receiver, const char* sender) {
  std::string outcome;
  int status = pair::run(
      [&](Side& side) {
        Environment key{{variable, receiver}};
        side.open("net");
        outcome = listen(side, [] {});
      },
      [&](Side& side) {
        Environment key{{variable, sender}};
        side.open("net");
        connect(side);
      });
  CHECK(status == 0);
  return outcome;
}

} // namespace

TEST_CASE("Endpoints with the same key meet; with another one, or none, the address is refused") {
  Keys keys;
  CHECK(meet(keys.ours.c_str(), keys.ours.c_str()) == "met");
  CHECK(meet(nullptr, nullptr) == "met");
  for (auto [receiver, sender] : {std::pair(keys.ours.c_str(), keys.theirs.c_str()),
                                  std::pair(keys.ours.c_str(), static_cast<const char*>(nullptr)),
                                  std::pair(static_cast<const char*>(nullptr), keys.ours.c_str())}) {
    std::string error = meet(receiver, sender);
    INFO(error);
    CHECK(error.find("signature is wrong") != std::string::npos);
    CHECK(error.find(variable) != std::string::npos);
  }
}

TEST_CASE("A key file that others can read, or that is not there, opens no endpoint") {
  Keys keys;
  std::string gone = std::string(keys.directory) + "/gone";
  for (const std::string& path : {keys.open, gone}) {
    Environment key{{variable, path.c_str()}};
    podstep_fabric_options options{};
    options.size = sizeof options;
    options.provider = "net";
    options.device = "lo";
    podstep_fabric* fabric = nullptr;
    char error[512] = "";
    CHECK(podstep_fabric_open(&options, &fabric, error, sizeof error) != PODSTEP_FABRIC_OK);
    CHECK(std::string(error).find(path) != std::string::npos);
  }
}

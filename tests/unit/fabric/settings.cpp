// The variables of the transport, and the key file that one of them names.
#include "libfabric-transport/settings.h"
#include "common/fd.h"
#include "common/text.h"
#include "tests/unit/catch.h"
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace podstep;
using namespace podstep::fabric;

static Result<Settings> read(std::map<std::string, std::string> environment) {
  return read_settings([&](const char* name) {
    auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST_CASE("Without variables the transport has its defaults") {
  auto s = read({});
  REQUIRE(s);
  CHECK(s->timeout == std::chrono::seconds(30));
  CHECK(s->connect_timeout == std::chrono::seconds(60));
  CHECK(s->provider.empty());
  CHECK(s->job == 0);
}

TEST_CASE("Each variable is read, and a job's number is its own") {
  auto s = read({{"PODSTEP_FABRIC_PROVIDER", "shm"},
                 {"PODSTEP_FABRIC_DEVICE", "cxi1"},
                 {"PODSTEP_FABRIC_TIMEOUT", "5"},
                 {"PODSTEP_FABRIC_VNI", "job"},
                 {"PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE", "1"},
                 {"PODSTEP_FABRIC_DMABUF", "0"},
                 {"SLURM_JOB_ID", "4459"}});
  REQUIRE(s);
  CHECK(s->provider == "shm");
  CHECK(s->device == "cxi1");
  CHECK(s->timeout == std::chrono::seconds(5));
  CHECK(s->vni == VniScope::job);
  CHECK(s->allow_default_service);
  CHECK(s->dmabuf == false);
  CHECK_FALSE(read({})->dmabuf.has_value());
  CHECK(read({{"PODSTEP_FABRIC_DMABUF", "1"}})->dmabuf == true);
  CHECK_FALSE(read({{"PODSTEP_FABRIC_DMABUF", "maybe"}}));
  CHECK(s->job != 0);
  CHECK(s->job != read({{"SLURM_JOB_ID", "4460"}})->job);
}

TEST_CASE("A key may be a text in the environment, of some length, and not beside a file") {
  auto s = read({{"PODSTEP_FABRIC_KEY", "0123456789abcdef"}});
  REQUIRE(s);
  auto key = read_key(*s);
  REQUIRE(key);
  CHECK(*key != Key{});
  CHECK(*key != *read_key(*read({{"PODSTEP_FABRIC_KEY", "0123456789abcdeg"}})));
  CHECK_FALSE(read({{"PODSTEP_FABRIC_KEY", "0123456789abcde"}}));
  auto both = read({{"PODSTEP_FABRIC_KEY", "0123456789abcdef"}, {"PODSTEP_FABRIC_KEY_FILE", "/x"}});
  REQUIRE_FALSE(both);
  CHECK(both.error().message.find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("A value that cannot be meant is refused, and the message names the variable") {
  for (auto& [name, value] :
       std::map<std::string, std::string>{{"PODSTEP_FABRIC_TIMEOUT", "0"},
                                          {"PODSTEP_FABRIC_CONNECT_TIMEOUT", "soon"},
                                          {"PODSTEP_FABRIC_VNI", "both"},
                                          {"PODSTEP_FABRIC_ALLOW_DEFAULT_SERVICE", "yes"},
                                          {"PODSTEP_FABRIC_DEVICE", std::string(5000, 'x')}}) {
    auto s = read({{name, value}});
    INFO(name);
    REQUIRE_FALSE(s);
    CHECK(s.error().message.find(name) == 0);
  }
}

TEST_CASE("The manual page explains every variable") {
  const char* top = getenv("top_srcdir");
  std::ifstream stream(cat(top ? top : "../..", "/man/podstep-fabric.3"));
  std::stringstream page;
  page << stream.rdbuf();
  for (const char* name : variables()) {
    INFO(name);
    CHECK(page.str().find(name) != std::string::npos);
  }
}

TEST_CASE("The key is taken from a file of the user's own alone") {
  std::string path = cat("/tmp/podstep-key-test.", getpid());
  auto write = [&](const std::string& text, mode_t mode) {
    unlink(path.c_str());
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    Settings s;
    s.key_file = path;
    return read_key(s);
  };
  auto key = write("0123456789abcdef00000000000000ff\n", 0600);
  REQUIRE(key);
  CHECK(*key == Key{0x0123456789abcdef, 0xff});
  CHECK(write("0123456789abcdef00000000000000ff", 0640).error().kind == Kind::forbidden);
  CHECK(write("0123456789ABCDEF00000000000000ff", 0600).error().kind == Kind::invalid);
  CHECK(write("0123", 0600).error().kind == Kind::invalid);
  unlink(path.c_str());
  CHECK(symlink("/etc/hostname", path.c_str()) == 0);
  Settings s;
  s.key_file = path;
  CHECK_FALSE(read_key(s));
  unlink(path.c_str());
  CHECK(*read_key(Settings{}) == Key{});
}

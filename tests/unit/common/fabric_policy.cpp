// A site's fabric.conf: what is read, and each line that is refused.
#include "common/fabric_policy.h"
#include "common/file.h"
#include "common/nccl_plugin.h"
#include "tests/unit/catch.h"
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>

using namespace podstep;
using namespace podstep::fabric;
namespace fs = std::filesystem;

TEST_CASE("A site's policy is read as it is written") {
  auto policy = parse_site_policy("# Alps\n\ndefault=site\n"
                                  "  libraries=/opt/cray/lib64/libfabric.so.1:/usr/lib64/libcxi.so.1\n"
                                  "plugin=/opt/aws-ofi-nccl/lib/libnccl-net.so\r\n"
                                  "environment=FI_PROVIDER=cxi  NCCL_NET=AWS_Libfabric X=a=b\n"
                                  "devices=/dev/xpmem:/dev/gdrdrv\ndefault-service=allow");
  REQUIRE(policy);
  CHECK(*policy == SitePolicy{"site",
                              {"/opt/cray/lib64/libfabric.so.1", "/usr/lib64/libcxi.so.1"},
                              "/opt/aws-ofi-nccl/lib/libnccl-net.so",
                              {{"FI_PROVIDER", "cxi"}, {"NCCL_NET", "AWS_Libfabric"}, {"X", "a=b"}},
                              {"/dev/xpmem", "/dev/gdrdrv"},
                              true});
}

TEST_CASE("An empty policy gives all pods the NICs, nobody a library, and refuses the default service") {
  auto policy = parse_site_policy("# nothing yet\n");
  REQUIRE(policy);
  CHECK(*policy == SitePolicy{});
  CHECK(policy->preset == "site");
  CHECK_FALSE(policy->allow_default_service);
}

TEST_CASE("Every mistake in a policy is refused by the name of its key") {
  struct Row {
    std::string text;
    const char* says;
  };
  std::string many = "libraries=/a", more = "environment=A=1";
  for (int i = 0; i < 64; ++i)
    many += ":/a", more += " A=1";
  for (const Row& row : std::vector<Row>{
           {"default=podstep", "default: 'podstep' is neither site nor none"},
           {"default=", "default: ''"},
           {"libraries=lib/x.so", "libraries: 'lib/x.so' is no absolute path"},
           {"libraries=/a:", "libraries: ''"},
           {"libraries=/a/../b", "libraries: '/a/../b'"},
           {many, "libraries: names 65"},
           {"plugin=x.so", "plugin: 'x.so'"},
           {"plugin=/opt/", "plugin: '/opt/'"},
           {"environment=FI_PROVIDER", "environment: 'FI_PROVIDER' is not NAME=VALUE"},
           {"environment=1A=x", "environment: '1A=x'"},
           {"environment=A-B=x", "environment: 'A-B=x'"},
           {"environment=LD_LIBRARY_PATH=/x", "LD_LIBRARY_PATH is not the site's"},
           {more, "environment: sets 65"},
           {"devices=/etc/shadow", "devices: '/etc/shadow' is not below /dev"},
           {"devices=/dev/../etc/shadow", "devices: '/dev/../etc/shadow'"},
           {"default-service=yes", "default-service: 'yes' is neither refuse nor allow"},
           {"library=/a", "unknown argument 'library=/a'"},
           {"plugin=/a\nplugin=/b", "argument 'plugin' is given twice"},
           {"plugin /a", "is not key=value"},
       }) {
    INFO(row.text);
    auto policy = parse_site_policy(row.text);
    REQUIRE_FALSE(policy);
    CHECK(policy.error().message.find(row.says) != std::string::npos);
    CHECK(policy.error().kind == Kind::invalid);
  }
}

TEST_CASE("A policy that others than root can write is refused, a missing one is none") {
  std::string place = (fs::temp_directory_path() / "podstep-policy.XXXXXX").string();
  REQUIRE(::mkdtemp(place.data()));
  auto missing = check_site_policy(place + "/fabric.conf");
  REQUIRE(missing);
  CHECK_FALSE(*missing);
  REQUIRE(write_file_atomic(place + "/fabric.conf", "default=none\n", 0644));
  // Below /tmp, which everybody may write.
  auto found = check_site_policy(place + "/fabric.conf");
  REQUIRE_FALSE(found);
  CHECK(found.error().kind == Kind::forbidden);
  auto read = read_site_policy(place + "/fabric.conf");
  REQUIRE(read);
  CHECK(read->preset == "none");
  REQUIRE(write_file_atomic(place + "/fabric.conf", "oops", 0644));
  read = read_site_policy(place + "/fabric.conf");
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find(place) == 0);
  fs::remove_all(place);
}

TEST_CASE("Only the three words name a fabric") {
  for (const char* word : {"site", "podstep", "none"})
    CHECK(is_fabric_word(word));
  for (const char* word : {"", "Site", "nvidia", "site "})
    CHECK_FALSE(is_fabric_word(word));
}

TEST_CASE("A plugin's short name is the X of libnccl-net-X.so, wherever the library lies") {
  CHECK(short_plugin_name("/opt/site/libnccl-net-ofi.so") == "ofi");
  CHECK(short_plugin_name("libnccl-net-a.b.so") == "a.b");
  for (const char* other : {"", "/", "libnccl-net.so", "libnccl-net-.so", "/libnccl-net-x.so/plugin",
                            "xlibnccl-net-x.so", "libnccl-net-x.so.1"})
    CHECK(short_plugin_name(other) == "");
}

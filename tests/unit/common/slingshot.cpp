// The table of SLINGSHOT_* variables: good, short, long, mismatched, non-numeric, huge, duplicate; and the
// choice of a VNI.
#include "common/slingshot.h"
#include "tests/unit/catch.h"
#include <map>

using namespace podstep;
using namespace podstep::fabric;

using Environment = std::map<std::string, std::string>;

static Result<std::optional<Slingshot>> parse(const Environment& environment, bool allow_default = false) {
  return parse_slingshot(
      [&](const char* name) {
        auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
      },
      allow_default);
}

static const Environment good = {{"SLINGSHOT_VNIS", "1027,2048"},
                                 {"SLINGSHOT_SVC_IDS", "5,6"},
                                 {"SLINGSHOT_DEVICES", "cxi0,cxi1"},
                                 {"SLINGSHOT_TCS", "0xf"}};

TEST_CASE("A step's Slingshot credentials are read as Slurm writes them") {
  auto found = parse(good);
  REQUIRE(found);
  CHECK(**found == Slingshot{1027, 2048, {{"cxi0", 5}, {"cxi1", 6}}, 0xf});
  Environment one = good;
  one["SLINGSHOT_VNIS"] = "65535";
  one.erase("SLINGSHOT_TCS");
  found = parse(one);
  REQUIRE(found);
  CHECK_FALSE((*found)->job_vni);
  CHECK((*found)->traffic_classes == 0);
}

TEST_CASE("A step without a VNI has no Slingshot, which is no error") {
  CHECK_FALSE(*parse({{"PATH", "/bin"}}));
}

TEST_CASE("Anything else than what Slurm writes is refused, and the message names the variable") {
  struct Row {
    const char* name;
    std::string value;
  };
  for (const auto& [name, value] : {Row{"SLINGSHOT_VNIS", ""},
                                    Row{"SLINGSHOT_VNIS", "0"},
                                    Row{"SLINGSHOT_VNIS", "65536"},
                                    Row{"SLINGSHOT_VNIS", "1027:2048"},
                                    Row{"SLINGSHOT_VNIS", "1,2,3"},
                                    Row{"SLINGSHOT_VNIS", "7,7"},
                                    Row{"SLINGSHOT_VNIS", "1027,"},
                                    Row{"SLINGSHOT_VNIS", " 1027"},
                                    Row{"SLINGSHOT_VNIS", std::string(600, '1')},
                                    Row{"SLINGSHOT_SVC_IDS", "5"},
                                    Row{"SLINGSHOT_SVC_IDS", "5,6,7"},
                                    Row{"SLINGSHOT_SVC_IDS", "5,x"},
                                    Row{"SLINGSHOT_SVC_IDS", "0,5"},
                                    Row{"SLINGSHOT_SVC_IDS", "5,4294967296"},
                                    Row{"SLINGSHOT_DEVICES", "cxi0,cxi0"},
                                    Row{"SLINGSHOT_DEVICES", "cxi0,mlx5_0"},
                                    Row{"SLINGSHOT_DEVICES", "cxi0,cxi01"},
                                    Row{"SLINGSHOT_DEVICES", "cxi0,cxi256"},
                                    Row{"SLINGSHOT_DEVICES", "cxi0,../cxi1"},
                                    Row{"SLINGSHOT_TCS", "15"},
                                    Row{"SLINGSHOT_TCS", "0x"},
                                    Row{"SLINGSHOT_TCS", "0x1ffffffff"},
                                    Row{"SLINGSHOT_TCS", "0xg"}}) {
    Environment environment = good;
    environment[name] = value;
    INFO(name << "=" << value);
    auto found = parse(environment);
    REQUIRE_FALSE(found);
    CHECK(found.error().message.find("SLINGSHOT_") == 0);
  }
  for (const char* missing : {"SLINGSHOT_VNIS", "SLINGSHOT_SVC_IDS", "SLINGSHOT_DEVICES"}) {
    Environment environment = good;
    environment.erase(missing);
    INFO(missing);
    CHECK_FALSE(parse(environment));
  }
}

TEST_CASE("The unrestricted default service is refused unless the site allows it (threat T13)") {
  Environment environment = good;
  environment["SLINGSHOT_SVC_IDS"] = "1,6";
  CHECK(parse(environment).error().kind == Kind::forbidden);
  CHECK(parse(environment, true));
}

TEST_CASE("A communicator takes the step's VNI or the job's, and never the wrong one silently") {
  Slingshot both{1027, 2048, {}, 0}, step_only{1027, std::nullopt, {}, 0};
  CHECK(*choose_vni(both, VniScope::step) == 1027);
  CHECK(*choose_vni(both, VniScope::job) == 2048);
  auto none = choose_vni(step_only, VniScope::job);
  REQUIRE_FALSE(none);
  CHECK(none.error().hint.find("--network=job_vni") != std::string::npos);
}

TEST_CASE("Only a step's credentials travel, and only so many") {
  const char* environment[] = {"PATH=/bin",
                               "SLINGSHOT_VNIS=1",
                               "FI_CXI_RDZV_PROTO=x",
                               "FI_CXI_COLL_JOB=4",
                               "XSLINGSHOT_A=1",
                               "SLINGSHOT_LATER=unknown to us",
                               nullptr};
  CHECK(step_credentials(environment) ==
        std::vector<std::string>{"SLINGSHOT_VNIS=1", "FI_CXI_COLL_JOB=4", "SLINGSHOT_LATER=unknown to us"});
  std::vector<const char*> many(1000, "SLINGSHOT_X=1");
  many.push_back(nullptr);
  CHECK(step_credentials(many.data()).size() == 64);
  CHECK(step_credentials(nullptr).empty());
}

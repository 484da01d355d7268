#include "nodeagent/node/node.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::node;
using std::chrono::seconds;

TEST_CASE("CPUs of a kernel list are counted, anything else is refused") {
  struct Row {
    const char* text;
    int64_t count;
  };
  for (const Row& r : {Row{"0\n", 1}, Row{"0-3", 4}, Row{"0-1,8,10-11", 5}})
    CHECK(*count_cpus(r.text) == r.count);
  for (const char* bad : {"", "a", "3-1", "1,,2", "-1"}) {
    INFO(bad);
    CHECK_FALSE(count_cpus(bad));
  }
}

TEST_CASE("A memory limit is a number of bytes; max and v1's largest number are none") {
  CHECK(memory_limit("1073741824\n") == 1073741824);
  CHECK_FALSE(memory_limit("max\n"));
  CHECK_FALSE(memory_limit("9223372036854771712\n"));
  CHECK_FALSE(memory_limit(""));
}

TEST_CASE("The kernel's count of kills for memory is read in both versions' files (fault F11)") {
  CHECK(oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n") == 3u);
  CHECK(oom_kills("low 0\nhigh 0\nmax 7\noom 2\noom_kill 2\noom_group_kill 1\n") == 2u);
  CHECK_FALSE(oom_kills("oom_kill_disable 0\nunder_oom 0\n"));
}

TEST_CASE("Capacity is the least of what cgroup, Slurm and host say, never the host alone (K-HPC-1)") {
  constexpr int64_t GiB = 1 << 30;
  struct Row {
    const char* what;
    Given given;
    int64_t cpus, bytes;
  };
  Given host{.affinity_cpus = 16,
             .slurm_cpus = {},
             .cgroup_bytes = {},
             .slurm_mem_node = {},
             .slurm_mem_cpu = {},
             .host_bytes = 64 * GiB,
             .tmpfs_bytes = {}};
  Given slurm = host, confined = host, per_cpu = host, whole = host;
  slurm.slurm_cpus = 2;
  slurm.slurm_mem_node = 2048;
  confined.affinity_cpus = 4;
  confined.cgroup_bytes = GiB;
  per_cpu.slurm_cpus = 4;
  per_cpu.slurm_mem_cpu = 512;
  whole.slurm_mem_node = 0;
  for (const Row& r : {Row{"no bound", host, 16, 64 * GiB}, Row{"Slurm's numbers", slurm, 2, 2 * GiB},
                       Row{"a cgroup", confined, 4, GiB}, Row{"memory per CPU", per_cpu, 4, 2 * GiB},
                       Row{"--mem=0 is all", whole, 16, 64 * GiB}}) {
    INFO(r.what);
    auto c = capacity(r.given);
    REQUIRE(c);
    CHECK(c->capacity["cpu"].units() == r.cpus);
    CHECK(c->capacity["memory"].units() == r.bytes);
    CHECK(c->allocatable["memory"] < c->capacity["memory"]);
    CHECK(c->allocatable["memory"].units() >= r.bytes - reserved_bytes);
    CHECK(c->allocatable["cpu"] == c->capacity["cpu"]);
    for (const char* name : {"cpu", "memory", "pods", "ephemeral-storage"})
      CHECK(c->allocatable[name].units() > 0);
  }
  CHECK_FALSE(capacity({}));
}

TEST_CASE("The Node carries the job's labels and taint, and the addresses of its host (K-NODE-2, K-HPC-3)") {
  Identity id{4459, 1, "NID0011", "alps", "normal"};
  Machine machine{"10.0.0.7", {}};
  machine.info.architecture = "amd64";
  Health health;
  health.runtime_answers = true;
  k8s::Node n = make_node(id, machine, {}, health, WallTime(seconds(1'700'000'000)));
  CHECK(n.metadata.name == "nid0011");
  CHECK(n.metadata.labels["podstep.io/job"] == "4459");
  CHECK(n.metadata.labels["kubernetes.io/hostname"] == "nid0011");
  CHECK(n.metadata.labels["kubernetes.io/arch"] == "amd64");
  CHECK(n.metadata.labels["podstep.io/host"] == "NID0011");
  CHECK(n.spec.taints == std::vector<k8s::Taint>{{"podstep.io/job", "4459", "NoSchedule", ""}});
  CHECK(n.status.addresses[0].address == "10.0.0.7");
  CHECK(n.status.node_info.kubelet_version.starts_with("v1.32."));
  CHECK(n.status.conditions.back().type == "Ready");
}

TEST_CASE("Conditions have the kubelet's types and reasons, and a transition time moves only with the status "
          "(K-NODE-12)") {
  Health health;
  health.runtime_answers = true;
  WallTime first(seconds(1'700'000'000)), later(seconds(1'700'000'060));
  auto a = conditions(health, {}, first);
  auto b = conditions(health, a, later);
  CHECK(b[3].reason == "KubeletReady");
  CHECK(b[3].last_transition_time == to_rfc3339(first));
  CHECK(b[3].last_heartbeat_time == to_rfc3339(later));
  health.runtime_answers = false;
  health.runtime_error = "connect: refused";
  health.storage_used = 0.91;
  auto c = conditions(health, b, later);
  CHECK(c[1].reason == "KubeletHasDiskPressure");
  CHECK(c[3].reason == "KubeletNotReady");
  CHECK(c[3].message == "container runtime is down: connect: refused");
  CHECK(c[3].last_transition_time == to_rfc3339(later));
  CHECK(c[0].reason == "KubeletHasSufficientMemory");
}

TEST_CASE("Heartbeat times alone are no reason to write a status (K-HB-2)") {
  Health health;
  k8s::NodeStatus a, b;
  a.conditions = conditions(health, {}, WallTime(seconds(1)));
  b.conditions = conditions(health, a.conditions, WallTime(seconds(60)));
  CHECK_FALSE(differs(a, b));
  health.runtime_answers = true;
  b.conditions = conditions(health, a.conditions, WallTime(seconds(60)));
  CHECK(differs(a, b));
}

TEST_CASE("The lease names its holder, lasts 40 s and goes with its Node (K-HB-1)") {
  k8s::Lease l = make_lease("n1", "u-9", WallTime(seconds(1'700'000'000)));
  CHECK(l.metadata.ns == "kube-node-lease");
  CHECK(l.spec.holder_identity == "n1");
  CHECK(l.spec.lease_duration_seconds == 40);
  CHECK(l.spec.renew_time == "2023-11-14T22:13:20.000000Z");
  CHECK(l.metadata.owner_references[0].uid == "u-9");
}

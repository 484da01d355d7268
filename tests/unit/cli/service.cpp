#include "nodeagent/cli/service.h"
#include "common/text.h"
#include "nodeagent/cli/kept_logs.h"
#include "nodeagent/cli/local_agent.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::cli;

namespace {
const char* status_text = R"({"version": 1, "job": 4459, "restart": 0, "phase": "Degraded", "unknown": [1],
  "nodes": [{"name": "n1", "host": "10.0.0.1", "ready": true}, {"name": "n2", "ready": false, "reason": "lost"}],
  "pods": [{"name": "chat-0", "namespace": "default", "node": "n1", "phase": "Running", "ready": "1/1", "restarts": 2,
            "started": "2026-11-24T12:00:00Z", "containers": [{"name": "server", "state": "running", "ready": true}]},
           {"name": "chat-1", "node": "n2", "phase": "Pending", "ready": "0/2", "reason": "ImagePullBackOff: gone",
            "containers": [{"name": "a", "state": "waiting"}, {"name": "b", "state": "running", "restarts": 1}]}]})";
WallTime at(const char* text) {
  return *parse_rfc3339(text);
}
} // namespace

TEST_CASE("The status page has a headline, a row per node and pod, and rows for the containers of a pod with "
          "several") {
  auto service = parse_status(status_text);
  REQUIRE(service);
  CHECK(status_page(*service, "59:00", at("2026-11-24T12:03:20Z")) ==
        "job 4459: Degraded, pods 1/2 ready, time left 59:00\n"
        "\n"
        "NODE  READY  REASON\n"
        "n1    yes    -\n"
        "n2    no     lost\n"
        "\n"
        "POD     NODE  READY  PHASE    RESTARTS  AGE    REASON\n"
        "chat-0  n1    1/1    Running  2         3m20s  -\n"
        "chat-1  n2    0/2    Pending  0         -      ImagePullBackOff: gone\n"
        "  a           no     waiting  0                -\n"
        "  b           no     running  1                -\n");
  CHECK(all_restarts(*service) == 2);
}

TEST_CASE("A container that waits to be started again says how it ended, one that runs again does not") {
  auto service = parse_status(R"({"job": 7, "phase": "Degraded", "pods": [
    {"name": "a", "node": "n1", "phase": "Running", "ready": "0/1", "restarts": 2, "reason": "CrashLoopBackOff",
     "containers": [{"name": "c", "state": "waiting", "reason": "CrashLoopBackOff",
                     "lastReason": "OOMKilled, exit code 137"}]},
    {"name": "b", "node": "n1", "phase": "Running", "ready": "1/1", "restarts": 1,
     "containers": [{"name": "c", "state": "running", "lastReason": "Error, exit code 1"}]}]})");
  REQUIRE(service);
  CHECK(status_page(*service, "", {}) ==
        "job 7: Degraded, pods 1/2 ready\n"
        "\n"
        "POD  NODE  READY  PHASE    RESTARTS  AGE  REASON\n"
        "a    n1    0/1    Running  2         -    CrashLoopBackOff; last: OOMKilled, exit code 137\n"
        "b    n1    1/1    Running  1         -    -\n");
}

TEST_CASE(
    "The fabric's table has a row per communicator, and names peers that are gone and files that are none") {
  auto fabric = parse_fabric(R"({"node": "n1", "containers": [
    {"pod": "train-0", "container": "c", "unreadable": 1, "communicators": [
      {"pid": 7, "label": "torch", "provider": "net", "device": "eth0", "opened": "2026-11-24T12:00:00Z",
       "updated": "2026-11-24T12:03:00Z", "bytesSent": 1500, "bytesReceived": 20, "messagesSent": 3,
       "messagesReceived": 4, "errors": 1, "peers": 2, "failedPeers": ["n2 pid 9"]}]}]})");
  REQUIRE(fabric);
  CHECK(fabric_table(*fabric, at("2026-11-24T12:03:20Z")) ==
        "FABRIC     PID  LABEL  PROVIDER  SENT    RECEIVED  MESSAGES  ERRORS  PEERS  AGE    UPDATED\n"
        "train-0/c  7    torch  net eth0  1.5 kB  20 B      7         1       2      3m20s  20s\n"
        "train-0/c: peer n2 pid 9 is gone, or broke the protocol\n"
        "train-0/c: 1 files among its statistics pages are none\n");
  CHECK(fabric_table({}, {}).empty());
  CHECK_FALSE(parse_fabric(R"({"containers": [{"communicators": [{"pid": "7"}]}]})"));
}

TEST_CASE("The status page shows how far the images are that the job brings") {
  auto service = parse_status(R"({"job": 7, "phase": "Starting", "images": [
    {"name": "docker://a", "state": "importing", "phase": "fetching docker://a", "bytes": 5000000, "total": 20000000},
    {"name": "docker://b", "state": "failed", "reason": "no such tag"}]})");
  REQUIRE(service);
  CHECK(status_page(*service, "", {}) ==
        "job 7: Starting, pods 0/0 ready\n"
        "\n"
        "IMAGE       STATE      PROGRESS                            REASON\n"
        "docker://a  importing  fetching, 5.0 MB of 20.0 MB (25 %)  -\n"
        "docker://b  failed     -                                   no such tag\n");
}

TEST_CASE("A record that is damaged is an error that names the member, and never a crash") {
  struct Case {
    const char* text;
    const char* error;
  };
  for (const Case& c :
       {Case{"", "ends early"}, Case{"[]", "an entry is not an object"},
        Case{R"({"job": "1"})", "job is not a number"}, Case{R"({"pods": {}})", "pods is not a list"},
        Case{R"({"pods": [1]})", "an entry is not an object"},
        Case{R"({"pods": [{"containers": [{"ready": 1}]}]})", "ready is not true or false"}}) {
    CAPTURE(c.text);
    auto service = parse_status(c.text);
    REQUIRE_FALSE(service);
    CHECK(service.error().message.find(c.error) != std::string::npos);
  }
  CHECK(parse_status("{}"));
  CHECK(parse_status(R"({"pods": null})"));
}

TEST_CASE("A hostile name in the record cannot send control characters to the terminal") {
  auto service =
      parse_status(R"({"phase": "Ready", "pods": [{"name": "\u001b]0;x\u0007", "ready": "1/1"}]})");
  REQUIRE(service);
  CHECK(status_page(*service, "", {}).find('\033') == std::string::npos);
  auto endpoints = parse_endpoints(R"({"endpoints": [{"url": "\u001b[2J"}]})");
  REQUIRE(endpoints);
  CHECK(endpoint_table(*endpoints).find('\033') == std::string::npos);
}

TEST_CASE("The service's end gives the exit code of hold") {
  struct Case {
    const char* text;
    int64_t code;
  };
  for (const Case& c :
       {Case{R"({"cause": "x", "exitCode": 3})", 3}, Case{R"({"exitCode": 137})", 137}, Case{"{}", 0}}) {
    CAPTURE(c.text);
    CHECK(parse_end(c.text)->exit_code == c.code);
  }
  CHECK(parse_end(R"({"cause": "by the hub"})")->reason == "by the hub");
  CHECK_FALSE(parse_end(R"({"cause": "by the hub"})")->requeue);
  CHECK(parse_end(R"({"requeue": true})")->requeue);
}

TEST_CASE(
    "A pod or container may be left out when there is one, and the choice is named when there are more") {
  auto service = parse_status(status_text);
  REQUIRE(service);
  CHECK(choose_pod(*service, "chat-1")->name == "chat-1");
  CHECK(choose_pod(*service, "").error().message == "there are 2 pods: chat-0, chat-1");
  CHECK(choose_pod(*service, "chat-9").error().hint == "there are chat-0, chat-1");
  CHECK(choose_container(service->pods[0], "")->name == "server");
  CHECK(choose_container(service->pods[1], "").error().hint == "name one with -c");
  CHECK(choose_pod(Service{}, "").error().kind == Kind::not_found);
}

TEST_CASE("Kept logs are ordered by restart count as a number, and other files are passed over") {
  std::vector<std::string> names{"server.10.log", "server.9.log", "server.log",
                                 "a.b.0.log",     "server.x.log", "notes"};
  CHECK(kept_restarts(names, "server") == std::vector<int64_t>{9, 10});
  CHECK(kept_restarts(names, "a.b") == std::vector<int64_t>{0});
  CHECK(kept_containers(names) == std::vector<std::string>{"a.b", "server"});
}

TEST_CASE("The last lines of a text are whole lines") {
  struct Case {
    const char* text;
    int64_t lines;
    const char* expected;
  };
  for (const Case& c :
       {Case{"a\nb\nc\n", 2, "b\nc\n"}, Case{"a\nb\nc", 1, "c"}, Case{"a\nb\n", 5, "a\nb\n"},
        Case{"a\nb\n", 0, ""}, Case{"", 3, ""}, Case{"a\n\n", 1, "\n"}, Case{"a\nb\n", -1, "a\nb\n"}}) {
    CAPTURE(c.text, c.lines);
    CHECK(last_lines(c.text, c.lines) == c.expected);
  }
}

TEST_CASE("The agent's answer gives pid and id of exactly the container that was asked for") {
  Target target{"default", "chat-0", "server"};
  const std::string id(64, 'a');
  auto item = [&](const std::string& pid, const std::string& own) {
    return cat(
        R"({"items": [{"pod": "other"}, {"namespace": "default", "pod": "chat-0", "container": "server", "id": ")",
        own, R"(", "pid": )", pid, "}]}");
  };
  auto found = parse_container(item("42", id), target);
  REQUIRE(found);
  CHECK(found->pid == 42);
  CHECK(found->id == id);
  for (const char* pid : {"0", "-1", "4294967338"})
    CHECK(parse_container(item(pid, id), target).error().kind == Kind::unavailable);
  CHECK(parse_container(R"({"items": []})", target).error().kind == Kind::not_found);
  for (const std::string& bad : {std::string(), std::string("[]"), std::string(R"({"items": 1})"),
                                 item("42", ""), item("42", "../" + id.substr(3))})
    CHECK(parse_container(bad, target).error().kind == Kind::invalid);
}

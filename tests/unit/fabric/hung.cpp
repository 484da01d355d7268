// What the engine says of a peer that lives and does nothing: an error that names it, when the limit is over.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"

using fake::Environment;
using pair::Side;
using pair::was_killed;

namespace {

const char* const providers[] = {"net", "shm", "cxi"};

/// What a failed call said, and after how long.
struct Outcome {
  int code = PODSTEP_FABRIC_AGAIN;
  std::string says;
  std::chrono::steady_clock::duration after{};
};

/// Calls until it says anything but "again"; `progress` is not called beside it.
Outcome insist(const Side& side, const std::function<int()>& call) {
  Outcome out;
  auto begun = std::chrono::steady_clock::now();
  while ((out.code = call()) == PODSTEP_FABRIC_AGAIN)
    side.must(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30), "it says so within 30 s");
  out.says = podstep_fabric_error(side.fabric);
  out.after = std::chrono::steady_clock::now() - begun;
  return out;
}

void check(const Outcome& outcome, const std::string& why, pid_t peer) {
  CAPTURE(outcome.says);
  CHECK(outcome.code == PODSTEP_FABRIC_PEER);
  CHECK(outcome.says.find(why) != std::string::npos);
  CHECK(outcome.says.find(" pid " + std::to_string(peer)) != std::string::npos);
  CHECK(outcome.after > std::chrono::milliseconds(500));
}

/// Waits until the other process is stopped; SIGKILL ends it whatever it does.
void await_stop(pid_t peer) {
  int status = 0;
  REQUIRE(waitpid(peer, &status, WUNTRACED) == peer);
  REQUIRE(WIFSTOPPED(status));
}

/// A listener of this process whose address the other one has.
podstep_fabric_listener* listen(const Side& side) {
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* out = nullptr;
  side.must(podstep_fabric_listen(side.fabric, address, &out) == 0, "listen");
  side.put(address, sizeof address);
  return out;
}

/// Connects on each provider to the listener of a process that never accepts, but goes on or is stopped; what
/// is said then is `why`.
void connect_in_vain(bool stopped, const std::string& why) {
  Environment soon{{"PODSTEP_FABRIC_CONNECT_TIMEOUT", "1"}};
  for (const char* provider : providers) {
    INFO(provider);
    Outcome outcome;
    pid_t peer = 0;
    int status = pair::run(
        [&](Side& side) {
          side.open(provider);
          peer = side.take_pid();
          unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
          side.take(address, sizeof address);
          if (stopped)
            await_stop(peer);
          podstep_fabric_sender* sender = nullptr;
          outcome = insist(side, [&] { return podstep_fabric_connect(side.fabric, address, &sender); });
          if (stopped)
            kill(peer, SIGKILL);
          else
            side.put("e", 1);
        },
        [&](Side& side) {
          side.open(provider);
          side.put_pid();
          auto* listener = listen(side);
          if (stopped)
            raise(SIGSTOP);
          char end = 0;
          side.rest([&] { return recv(side.socket, &end, 1, MSG_DONTWAIT) == 1; });
          podstep_fabric_close_listener(listener);
        });
    CHECK((stopped ? was_killed(status) : status == 0));
    check(outcome, why, peer);
  }
}

} // namespace

TEST_CASE("A receiver that is stopped in mid transfer fails the sends when their time is over, by name") {
  for (const char* provider : providers) {
    INFO(provider);
    Outcome outcome;
    pid_t peer = 0;
    int status = pair::run(
        [&](Side& side) {
          side.open(provider, 1000);
          auto* s = side.connect();
          std::vector<unsigned char> data(128 << 20);
          side.wait(side.send(s, data.data(), data.size(), 0));
          peer = side.take_pid();
          await_stop(peer);
          podstep_fabric_request* request = side.send(s, data.data(), data.size(), 0);
          int done = 0;
          outcome = insist(side, [&] {
            int code = podstep_fabric_test(request, &done, nullptr);
            return code == 0 && !done ? PODSTEP_FABRIC_AGAIN : code;
          });
          kill(peer, SIGKILL);
          podstep_fabric_close_sender(s);
        },
        [&](Side& side) {
          side.open(provider);
          auto* r = side.accept();
          std::vector<unsigned char> buffer(128 << 20);
          side.wait(side.receive(r, {{buffer.data(), buffer.size(), 0, nullptr}}));
          auto* request = side.receive(r, {{buffer.data(), buffer.size(), 0, nullptr}});
          int done = 0;
          for (int i = 0; i < 100; ++i) // the grant leaves
            podstep_fabric_test(request, &done, nullptr);
          side.put_pid();
          raise(SIGSTOP);
        });
    CHECK(was_killed(status));
    check(outcome, "no progress within 1 s", peer);
  }
}

TEST_CASE("A process that is stopped before it answers fails who connects to it, by name") {
  connect_in_vain(true, "its side channel does not answer within 1 s");
}

TEST_CASE("A process that answers and does not accept fails who connects to it, by name") {
  connect_in_vain(false, "it does not accept within 1 s");
}

TEST_CASE("A listener to which nobody connects says where it listens when the limit is over") {
  Environment soon{{"PODSTEP_FABRIC_CONNECT_TIMEOUT", "1"}};
  Side side;
  side.open("net");
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* listener = nullptr;
  REQUIRE(podstep_fabric_listen(side.fabric, address, &listener) == 0);
  podstep_fabric_receiver* receiver = nullptr;
  Outcome outcome = insist(side, [&] { return podstep_fabric_accept(listener, &receiver); });
  CAPTURE(outcome.says);
  CHECK(outcome.code == PODSTEP_FABRIC_PEER);
  CHECK(outcome.says.find("no sender has connected to listener") != std::string::npos);
  CHECK(outcome.says.find(" at 127.0.0.1:") != std::string::npos);
  podstep_fabric_close_listener(listener);
  podstep_fabric_close(side.fabric);
}

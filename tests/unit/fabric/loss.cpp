// What becomes of a message that the network loses, which a NIC says of one that was injected without saying
// whose it was. On the fake cxi.
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"

using fake::Environment;
using pair::Registered;
using pair::Side;

static const bool loaded = fake::load();

namespace {

constexpr size_t sizes[] = {100000, 8, 3000, 100000, 100, 4000}, most = 100000;
constexpr int messages = 18;

/// Until the request is done; its code.
int wait(podstep_fabric_request* request) {
  return podstep_fabric_wait(request, 20000, nullptr);
}

/// Accepts, and receives all messages; the first error's code, 0 if there was none.
int receive_all(Side& side) {
  side.open("cxi", 1500);
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* listener = nullptr;
  side.must(podstep_fabric_listen(side.fabric, address, &listener) == 0, "listen");
  side.put(address, sizeof address);
  podstep_fabric_receiver* r = nullptr;
  int code = 0;
  side.rest([&] { return (code = podstep_fabric_accept(listener, &r)) != PODSTEP_FABRIC_AGAIN; });
  podstep_fabric_close_listener(listener);
  std::vector<unsigned char> into(most);
  Registered memory(side, into.data(), most);
  podstep_fabric_buffer buffer{into.data(), most, 3, memory.memory};
  for (int i = 0; i < messages && code == 0; ++i) {
    podstep_fabric_request* request = nullptr;
    side.rest(
        [&] { return (code = podstep_fabric_receive(r, 1, &buffer, &request)) != PODSTEP_FABRIC_AGAIN; });
    code = code == 0 ? wait(request) : code;
  }
  if (r)
    podstep_fabric_close_receiver(r);
  return code;
}

int send_all(Side& side) {
  side.open("cxi", 1500);
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  side.take(address, sizeof address);
  podstep_fabric_sender* s = nullptr;
  int code = 0;
  side.rest(
      [&] { return (code = podstep_fabric_connect(side.fabric, address, &s)) != PODSTEP_FABRIC_AGAIN; });
  std::vector<unsigned char> from(most);
  Registered memory(side, from.data(), most);
  for (int i = 0; i < messages && code == 0; ++i) {
    podstep_fabric_request* request = nullptr;
    side.rest([&] {
      code = podstep_fabric_send(s, from.data(), sizes[i % 6], 3, memory.memory, &request);
      return code != PODSTEP_FABRIC_AGAIN;
    });
    code = code == 0 ? wait(request) : code;
  }
  if (s)
    podstep_fabric_close_sender(s);
  return code;
}

/// Who it was; or, where none came, whom it waited for.
bool names_somebody(const Side& side) {
  const char* error = podstep_fabric_error(side.fabric);
  return strstr(error, " pid ") || strstr(error, "no sender has connected to listener");
}

/// The codes of receiver and sender, where the so manieth message of one of them is lost.
std::pair<int, int> outcome(const std::string& receiver_loses, const std::string& sender_loses) {
  std::pair<int, int> codes;
  int status = pair::run(
      [&](Side& side) {
        Environment lossy{{"FAKE_CXI_LOSE", receiver_loses.c_str()}, {"PODSTEP_FABRIC_CONNECT_TIMEOUT", "2"}};
        codes.first = receive_all(side);
        if (codes.first != 0)
          side.must(names_somebody(side), "the receiver's error names its peer");
        side.take(&codes.second, sizeof codes.second);
      },
      [&](Side& side) {
        Environment lossy{{"FAKE_CXI_LOSE", sender_loses.c_str()}, {"PODSTEP_FABRIC_CONNECT_TIMEOUT", "2"}};
        int code = send_all(side);
        if (code != 0)
          side.must(names_somebody(side), "the sender's error names its peer");
        side.put(&code, sizeof code);
      });
  CHECK(status == 0);
  return codes;
}

} // namespace

TEST_CASE("Without loss all messages arrive") {
  CHECK(outcome("0", "0") == std::pair(0, 0));
}

TEST_CASE("Whichever message of the sender is lost, somebody is told, and nobody waits for ever") {
  int told = 0;
  for (int lost = 1; lost <= 12; ++lost) {
    CAPTURE(lost);
    told += outcome("0", std::to_string(lost)) != std::pair(0, 0);
  }
  CHECK(told >= 9); // the others were words without which all came
}

TEST_CASE("Whichever word of the receiver is lost, somebody is told, and nobody waits for ever") {
  for (int lost = 1; lost <= 6; ++lost) {
    CAPTURE(lost);
    CHECK(outcome(std::to_string(lost), "0") != std::pair(0, 0));
  }
}

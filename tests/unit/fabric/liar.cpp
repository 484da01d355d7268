// A peer that was let in and lies: right cookies and numbers, packets of any kind and content. Its link may
// end with an error; the endpoint lives on, and so do its other peers. At the engine itself, for the C
// interface says nothing that is not true.
#include "common/text.h"
#include "libfabric-transport/calls.h"
#include "libfabric-transport/introduce.h"
#include "tests/unit/catch.h"
#include <random>
#include <rdma/fi_tagged.h>

using namespace podstep;
using namespace podstep::fabric;

namespace {

constexpr size_t large = 64 << 10;

std::unique_ptr<Endpoint> open_endpoint() {
  Settings settings;
  settings.device = "lo";
  settings.timeout = std::chrono::seconds(3);
  for (const char* provider : {"net", "tcp"}) {
    settings.provider = provider;
    auto devices = find_devices(settings, [](const char*) { return std::optional<std::string>(); });
    if (!devices)
      continue;
    auto endpoint = Endpoint::open(devices->front(), {settings}, system_clock());
    REQUIRE(endpoint);
    return std::move(*endpoint);
  }
  FAIL("no TCP");
  return nullptr;
}

/// One direction between two endpoints of this process.
struct Way {
  Endpoint &from, &to;
  SendComm* sender = nullptr;
  RecvComm* receiver = nullptr;
  std::vector<char> out = std::vector<char>(2 * large, 'x'), in = std::vector<char>(32 * large);
  unsigned posted = 0;

  Way(Endpoint& source, Endpoint& target) : from(source), to(target) {
    uint8_t handle[handle_bytes];
    Listener* listener = to.introducer().listen(handle);
    for (int i = 0; i < 100000 && !(sender && receiver); ++i) {
      if (!sender) {
        auto connected = from.introducer().connect(handle);
        REQUIRE(connected);
        sender = *connected;
      }
      if (!receiver) {
        auto accepted = to.introducer().accept(*listener);
        REQUIRE(accepted);
        receiver = *accepted;
      }
      move();
    }
    to.introducer().close(listener);
    REQUIRE((sender && receiver));
  }
  ~Way() {
    from.introducer().close(sender);
    to.introducer().close(receiver);
  }
  void move() {
    from.progress();
    to.progress();
  }
  /// One receive and one send of `bytes`, of which the requests are given back when they are done.
  bool carry(size_t bytes, int tag) {
    RecvBuffer buffer{&in[posted % 32 * large], large, tag, nullptr};
    RecvGroup* group = receiver->receive({&buffer, 1});
    if (!group)
      return false;
    ++posted;
    SendRequest* request = nullptr;
    for (int i = 0; i < 20000; ++i) {
      if (!request)
        request = sender->send(out.data(), bytes, tag, nullptr);
      move();
      receiver->waiting();
      if (request && request->done && group->done) {
        sender->release(request);
        receiver->release(group);
        return true;
      }
      if (sender->fault() || receiver->fault())
        return false;
    }
    return false;
  }
};

/// Draws lies; most of them near the truth, which go further.
class Liar {
public:
  Liar(unsigned seed, Endpoint& endpoint) : random_(seed), endpoint_(endpoint) {}

  unsigned draw(unsigned below) { return unsigned(random_() % below); }
  bool one_in(unsigned n) { return draw(n) == 0; }

  /// A packet of any type for `comm` at the other end of `link`.
  void lie(Link& link, uint32_t comm, uint32_t sequence) {
    PacketHeader header;
    header.type = uint8_t(1 + draw(uint8_t(PacketType::notify)));
    header.comm = one_in(10) ? uint32_t(random_()) : comm;
    header.sequence = one_in(5) ? uint32_t(random_()) : sequence + draw(80) - 40;
    header.tag = int32_t(draw(3));
    header.count = uint8_t(1 + draw(one_in(4) ? 255 : 24));
    header.starts = one_in(2) ? 1 : uint16_t(random_() | 1);
    header.bytes = uint16_t(length(PacketType(header.type), header.count));
    std::vector<uint32_t> payload(header.bytes / 4 + 1);
    for (uint32_t& word : payload)
      word = one_in(4) ? uint32_t(random_()) : one_in(2) ? uint32_t(large) : draw(3);
    Creditor forged;
    if (one_in(10)) {
      forged.peer_comm = comm;
      forged.owed = uint16_t(draw(40));
      link.creditor = &forged;
    }
    if (one_in(60))
      link.taken = uint16_t(link.taken + draw(50));
    endpoint_.send_packet(link, header, payload.data(), 0);
    link.creditor = nullptr;
  }

  /// Data of any length for any receive, posted or not.
  void shoot(Link& link, uint32_t comm, uint32_t sequence) {
    uint64_t bits = pack({comm, uint16_t(sequence + draw(40)), uint8_t(one_in(5) ? draw(9) : 0)});
    fi_tsend(endpoint_.ep(), data_.data(), draw(one_in(2) ? 200 : 2 * large), nullptr, link.address, bits,
             nullptr);
  }

  /// A message of the side channel about communicator `id`, or any other.
  Message speak(uint32_t id, const Listener& listener) {
    uint32_t about = one_in(4) ? uint32_t(random_()) : one_in(2) ? draw(8) : id;
    uint32_t number = one_in(2) ? draw(70) : uint32_t(random_());
    switch (draw(one_in(5) ? 8 : 6)) {
    case 0:
      return Connect{about, one_in(3) ? draw(8) : listener.id, one_in(3) ? random_() : listener.nonce};
    case 1:
      return Accepted{about, number};
    case 2:
      return Refused{about, std::string(draw(200), char(draw(256)))};
    case 3:
      return SenderClosed{about, number};
    case 4:
      return ReceiverClosed{about};
    case 5:
      return Drained{about, number};
    case 6:
      return Challenge{random_()};
    default:
      return Hello{.nonce = random_(), .instance = random_(), .packets = uint16_t(draw(5000))};
    }
  }

private:
  size_t length(PacketType type, uint8_t count) {
    switch (type) {
    case PacketType::eager:
      return draw(one_in(2) ? 300 : tcp_eager_bytes);
    case PacketType::grant:
      return count * sizeof(GrantEntry);
    case PacketType::promise:
      return 4;
    case PacketType::too_large:
    case PacketType::notify:
      return 8;
    default:
      return 0;
    }
  }

  std::minstd_rand random_;
  Endpoint& endpoint_;
  std::vector<char> data_ = std::vector<char>(2 * large, 'y');
};

/// Some honest messages, so that each of the ways in which data move is met, and then lies among more of
/// them; the comm's fault, if that is what it came to.
std::string tell_lies(unsigned seed, Endpoint& honest, Endpoint& lying) {
  Liar liar(seed, lying);
  Way in(lying, honest), out(honest, lying);
  size_t bytes = liar.one_in(3) ? 100 : large;
  for (unsigned left = liar.draw(60); left > 0; --left)
    if (!in.carry(bytes, 0) || !out.carry(bytes, 0))
      return "honest messages fail";
  for (int i = 0; i < 40; ++i) {
    Way& way = liar.one_in(2) ? in : out;
    if (&way == &in && liar.one_in(4))
      liar.shoot(in.sender->link(), in.sender->peer_id, in.posted);
    else if (&way == &in)
      liar.lie(in.sender->link(), in.sender->peer_id, in.posted);
    else
      liar.lie(out.receiver->link(), out.receiver->peer_comm, out.posted);
    RecvBuffer buffer{&in.in[in.posted % 32 * large], liar.one_in(3) ? 100 : large, int(liar.draw(2)),
                      nullptr};
    in.posted += in.receiver->receive({&buffer, 1}) != nullptr;
    out.sender->send(out.out.data(), liar.one_in(2) ? 100 : large, int(liar.draw(2)), nullptr);
    for (unsigned turns = liar.draw(30); turns > 0; --turns)
      in.move();
  }
  for (int i = 0; i < 300; ++i)
    in.move();
  const Error *a = in.receiver->fault(), *b = out.sender->fault();
  return a ? a->message : b ? b->message : "";
}

} // namespace

TEST_CASE("A peer that lies in its packets ends its own link, by name, and nobody else's") {
  int caught = 0, broken = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    auto honest = open_endpoint(), lying = open_endpoint(), good = open_endpoint();
    Way way(*good, *honest);
    std::string why = tell_lies(seed, *honest, *lying);
    CAPTURE(why);
    CHECK(why != "honest messages fail");
    if (!why.empty())
      CHECK_THAT(why, Catch::Contains(cat("pid ", getpid())));
    caught += !why.empty();
    broken += why.find("breaks the protocol") != std::string::npos;
    for (int i = 0; i < 5; ++i)
      CHECK(way.carry(large, 0));
  }
  CHECK(caught > 50);
  CHECK(broken > 25);
}

TEST_CASE("A peer that lies on the side channel ends its own link, by name, and nobody else's") {
  int caught = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    auto honest = open_endpoint(), lying = open_endpoint(), good = open_endpoint();
    Way way(*good, *honest);
    uint8_t handle[handle_bytes];
    Listener* listener = honest->introducer().listen(handle);
    Liar liar(seed, *lying);
    {
      Way in(*lying, *honest), out(*honest, *lying);
      CHECK((in.carry(large, 0) && out.carry(large, 0)));
      for (int i = 0; i < 60; ++i) {
        Link& link = liar.one_in(2) ? in.sender->link() : out.receiver->link();
        lying->introducer().say(link,
                                liar.speak(i % 2 ? in.sender->peer_id : out.receiver->peer_comm, *listener));
        if (auto got = liar.one_in(3) ? honest->introducer().accept(*listener) : nullptr; got && *got)
          honest->introducer().close(*got);
        in.carry(liar.one_in(2) ? 100 : large, 0);
        out.carry(liar.one_in(2) ? 100 : large, 0);
      }
      for (const Error* fault : {in.receiver->fault(), out.sender->fault()})
        if (fault) {
          ++caught;
          CHECK_THAT(fault->message, Catch::Contains(cat("pid ", getpid())));
        }
    }
    honest->introducer().close(listener);
    for (int i = 0; i < 5; ++i)
      CHECK(way.carry(large, 0));
  }
  CHECK(caught > 25);
}

TEST_CASE("Connections without end wait for no accept()") {
  auto honest = open_endpoint(), lying = open_endpoint();
  uint8_t handle[handle_bytes];
  Listener* listener = honest->introducer().listen(handle);
  Way in(*lying, *honest);
  for (uint32_t i = 0; i < 70000; ++i) {
    lying->introducer().say(in.sender->link(), Connect{i, listener->id, listener->nonce});
    if (i % 100 == 0)
      in.move();
  }
  for (int i = 0; i < 300; ++i)
    in.move();
  CHECK(listener->waiting.size() == 65536);
  honest->introducer().close(listener);
}

TEST_CASE("A peer that asks without end and reads no answer is given up, and others are not") {
  auto honest = open_endpoint(), lying = open_endpoint(), good = open_endpoint();
  Way in(*lying, *honest), way(*good, *honest);
  Link& link = in.receiver->link();
  int asked = 0;
  for (; asked < 2000000 && link.side.open(); ++asked) {
    lying->introducer().say(in.sender->link(), Connect{1, 0, 0});
    if (asked % 100 == 0)
      honest->introducer().poll();
  }
  CHECK(asked < 2000000);
  for (int i = 0; i < 3000000 && !in.receiver->fault(); ++i)
    honest->progress();
  REQUIRE(in.receiver->fault());
  CHECK_THAT(in.receiver->fault()->message, Catch::Contains(cat("pid ", getpid())));
  CHECK(way.carry(large, 0));
}

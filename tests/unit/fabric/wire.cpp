// What endpoints say to each other: handles, messages of the side channel, packets. All of it is read as
// hostile.
#include "libfabric-transport/handle.h"
#include "libfabric-transport/message.h"
#include "libfabric-transport/packet.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::fabric;

static const Key job_key = {1, 2};

static Handle sample() {
  Handle h;
  h.instance = 0x1234567890abcdef;
  h.nonce = 77;
  h.listener = 5;
  h.job = 4459;
  h.secret = {3, 4};
  h.side_channel = {6, {0xfe, 0x80, 1, 2, 3}, 4711, 2};
  h.network = "net";
  h.pid = 4459;
  h.host = "nid001101";
  return h;
}

TEST_CASE("SipHash gives the reference's value for its test vector") {
  uint8_t key[16], data[15];
  for (uint8_t i = 0; i < 16; ++i)
    key[i] = i;
  for (uint8_t i = 0; i < 15; ++i)
    data[i] = i;
  Key k;
  memcpy(k.data(), key, 16);
  CHECK(siphash(k, data, 15) == 0xa129ca6149be45e5); // Aumasson and Bernstein, appendix A
}

TEST_CASE("A handle is read back as it was made") {
  auto bytes = encode(sample(), job_key);
  auto read = decode_handle(bytes.data(), job_key, 4459);
  REQUIRE(read);
  CHECK(*read == sample());
}

TEST_CASE("The progress that connect() keeps in a handle is not part of what is signed") {
  auto bytes = encode(sample(), job_key);
  CHECK(ticket_of(bytes.data()) == 0);
  set_ticket(bytes.data(), 99);
  CHECK(ticket_of(bytes.data()) == 99);
  CHECK(decode_handle(bytes.data(), job_key, 4459));
}

TEST_CASE("A handle of another job, of another key, damaged or foreign is refused, and says why") {
  auto bytes = encode(sample(), job_key);
  CHECK(decode_handle(bytes.data(), job_key, 1).error().kind == Kind::forbidden);
  CHECK(decode_handle(bytes.data(), {1, 3}, 4459).error().kind == Kind::forbidden);
  for (size_t i = 0; i < handle_bytes - 8; ++i) {
    auto damaged = bytes;
    damaged[i] ^= 1;
    INFO("byte " << i);
    CHECK_FALSE(decode_handle(damaged.data(), job_key, 4459));
  }
  std::array<uint8_t, handle_bytes> zeros{};
  CHECK(decode_handle(zeros.data(), job_key, 4459).error().kind == Kind::invalid);
}

static const std::vector<Message> messages = {
    Challenge{7},
    Hello{1, 2, 3, 4, 5, 6, 64, 1064, "net", "nid001101", std::string("\x02\x00\x12", 3), "p"},
    Connect{1, 2, 3},
    Accepted{1, 2},
    Refused{1, "nobody listens"},
    SenderClosed{9, 100},
    ReceiverClosed{9},
    Drained{9, 100}};

TEST_CASE("Each message of the side channel is read back as it was made") {
  for (const Message& m : messages) {
    std::string bytes = encode(m, job_key, 3);
    auto read = decode_message(bytes + "next", job_key, 3);
    REQUIRE(read);
    CHECK(read->frame == bytes.size());
    CHECK(read->message == m);
  }
}

TEST_CASE("A message that has not come whole yet is waited for") {
  std::string bytes = encode(messages[1], job_key, 0);
  for (size_t n = 0; n < bytes.size(); ++n) {
    auto read = decode_message(std::string_view(bytes).substr(0, n), job_key, 0);
    REQUIRE(read);
    CHECK(read->frame == 0);
  }
}

TEST_CASE("A message that was changed, repeated, or signed by somebody else is refused") {
  std::string bytes = encode(messages[1], job_key, 4);
  CHECK(decode_message(bytes, job_key, 5).error().kind == Kind::forbidden);
  CHECK(decode_message(bytes, {9, 9}, 4).error().kind == Kind::forbidden);
  for (size_t i = 16; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = char(changed[i] ^ 4);
    CHECK_FALSE(decode_message(changed, job_key, 4));
  }
  std::string huge = bytes;
  huge[2] = 1; // a body of 64 KiB and more
  CHECK(decode_message(huge, job_key, 4).error().kind == Kind::invalid);
}

TEST_CASE("A packet is whole, of a known type and as long as it says, or nothing") {
  uint8_t bytes[packet_bytes] = {};
  PacketHeader header, read;
  header.type = uint8_t(PacketType::eager);
  header.bytes = 100;
  memcpy(bytes, &header, sizeof header);
  CHECK(is_packet(bytes, sizeof header + 100, read));
  CHECK(read.bytes == 100);
  CHECK_FALSE(is_packet(bytes, sizeof header + 99, read));
  CHECK_FALSE(is_packet(bytes, sizeof header - 1, read));
  CHECK_FALSE(is_packet(bytes, packet_bytes + 1, read));
  for (uint8_t type : {uint8_t(0), uint8_t(uint8_t(PacketType::notify) + 1), uint8_t(255)}) {
    bytes[offsetof(PacketHeader, type)] = type;
    CHECK_FALSE(is_packet(bytes, sizeof header + 100, read));
  }
}

TEST_CASE("Word of room is sent before small messages stop for want of it, however few the buffers") {
  for (uint16_t posted = fewest_packets; posted < 300; ++posted) {
    CAPTURE(posted);
    CHECK(untold_packets(posted) > 0);
    CHECK(untold_packets(posted) <= posted - eager_reserve);
  }
  CHECK(owed_credits < eager_credits);
}

TEST_CASE("A packet may come before its turn, but not twice, nor beyond the buffers that lie ready") {
  CHECK(to_come(0, 0, 8));
  CHECK(to_come(7, 0, 8));
  CHECK_FALSE(to_come(8, 0, 8));
  CHECK_FALSE(to_come(65535, 0, 8));
  CHECK(to_come(3, 65532, 8));
  CHECK_FALSE(to_come(4, 65532, 8));
  CHECK_FALSE(to_come(65531, 65532, 8));
}

TEST_CASE("A grant has as many entries as it says, and begins a group with the first") {
  uint8_t bytes[packet_bytes] = {};
  PacketHeader header, read;
  auto grant = [&](uint8_t count, uint16_t starts, uint16_t length) {
    header.type = uint8_t(PacketType::grant);
    header.count = count;
    header.starts = starts;
    header.bytes = length;
    memcpy(bytes, &header, sizeof header);
    return is_packet(bytes, sizeof header + length, read);
  };
  CHECK(grant(2, 3, 16));
  CHECK(grant(11, 1, 88));
  CHECK_FALSE(grant(0, 1, 0));
  CHECK_FALSE(grant(12, 1, 96));
  CHECK_FALSE(grant(2, 2, 16));
  CHECK_FALSE(grant(2, 3, 24));
}

TEST_CASE("A promise is of as many receives as may be outstanding at most, and says how large they are") {
  uint8_t bytes[packet_bytes] = {};
  auto promise = [&](uint8_t count, uint16_t length) {
    PacketHeader header, read;
    header.type = uint8_t(PacketType::promise);
    header.count = count;
    header.bytes = length;
    memcpy(bytes, &header, sizeof header);
    return is_packet(bytes, sizeof header + length, read);
  };
  CHECK(promise(1, 4));
  CHECK(promise(32, 4));
  CHECK_FALSE(promise(0, 4));
  CHECK_FALSE(promise(33, 4));
  CHECK_FALSE(promise(1, 0));
  CHECK_FALSE(promise(1, 8));
}

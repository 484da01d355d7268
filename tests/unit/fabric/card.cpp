// What ranks show each other when they meet: every byte of it is read as hostile.
#include "libfabric-transport/rendezvous/card.h"
#include "tests/unit/catch.h"

using namespace podstep;
using namespace podstep::fabric;

static const Meeting meeting = {{1, 2}, 4459, meeting_number("train"), 3, 5};
static const Card card = {CardType::blob, 4, "an address"};

TEST_CASE("A card is read back as it was sealed") {
  std::string bytes = seal(meeting, card);
  CHECK(*card_length(bytes, 100) == bytes.size());
  auto read = open_card(meeting, bytes, 100);
  REQUIRE(read);
  CHECK(*read == card);
  CHECK(*open_card(meeting, seal(meeting, {CardType::refusal, 0, ""}), 0) == Card{CardType::refusal, 0, ""});
}

TEST_CASE("A card of another key, job, meeting, round or number of ranks is refused, and says why") {
  std::string bytes = seal(meeting, card);
  auto as = [&](auto change) {
    Meeting other = meeting;
    change(other);
    auto read = open_card(other, bytes, 100);
    REQUIRE_FALSE(read);
    return read.error();
  };
  CHECK(as([](Meeting& m) { m.key = {1, 3}; }).kind == Kind::forbidden);
  CHECK(as([](Meeting& m) { m.key = {}; }).hint.find("PODSTEP_FABRIC_KEY") != std::string::npos);
  CHECK(as([](Meeting& m) { m.job = 1; }).message == "the card belongs to another job");
  CHECK(as([](Meeting& m) { m.name = meeting_number("eval"); }).kind == Kind::conflict);
  CHECK(as([](Meeting& m) { m.round = 2; }).kind == Kind::conflict);
  CHECK(as([](Meeting& m) { m.ranks = 6; }).message == "it counts 5 ranks, this one 6");
}

TEST_CASE("A card with any byte changed, cut or added is refused") {
  std::string bytes = seal(meeting, card);
  for (size_t i = 0; i < bytes.size(); ++i) {
    INFO("byte " << i);
    std::string damaged = bytes;
    damaged[i] ^= 1;
    CHECK_FALSE(open_card(meeting, damaged, 100));
    CHECK_FALSE(open_card(meeting, bytes.substr(0, i), 100));
  }
  CHECK_FALSE(open_card(meeting, bytes + "x", 100));
}

TEST_CASE("A rank or type that cannot be is refused though the seal is right") {
  CHECK_FALSE(open_card(meeting, seal(meeting, {CardType::blob, 5, ""}), 100));
  CHECK_FALSE(open_card(meeting, seal(meeting, {CardType(4), 0, ""}), 100));
}

TEST_CASE("A card that claims to be huge is refused before it is read") {
  std::string bytes = seal(meeting, {CardType::blob, 0, std::string(101, 'x')});
  CHECK(card_length(bytes.substr(0, card_head_bytes), 101));
  CHECK_FALSE(card_length(bytes.substr(0, card_head_bytes), 100));
  CHECK_FALSE(card_length(bytes.substr(0, card_head_bytes - 1), 1000));
}

TEST_CASE("A table comes back whole, or not at all") {
  std::vector<std::string> rows = {"", "one", std::string(3000, 'z')};
  std::string bytes = pack_table(rows);
  CHECK(*unpack_table(bytes, 3) == rows);
  CHECK_FALSE(unpack_table(bytes, 2));
  CHECK_FALSE(unpack_table(bytes, 4));
  CHECK_FALSE(unpack_table(bytes.substr(0, bytes.size() - 1), 3));
  CHECK(unpack_table("", 0));
}

TEST_CASE("Who is missing is said in words, however many") {
  CHECK(name_missing({3}) == "rank 3 is missing");
  CHECK(name_missing({1, 2}) == "ranks 1 and 2 are missing");
  CHECK(name_missing({1, 2, 7}) == "ranks 1, 2 and 7 are missing");
  std::vector<uint32_t> many(100, 9);
  CHECK(name_missing(many) == "ranks 9, 9, 9, 9, 9, 9, 9, 9 and 92 others are missing");
}

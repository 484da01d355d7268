// Fuzz target of what ranks show each other at a rendezvous: any bytes as a card as it comes from a file, a
// socket or a store, and as head and body of one whose seal is right.
#include "libfabric-transport/rendezvous/card.h"
#include "tests/fuzz/must.h"
#include <algorithm>
#include <cstring>

using namespace podstep;
using namespace podstep::fabric;

namespace {

constexpr size_t most = 4096;
const Meeting meeting{{1, 2}, 7, meeting_number("fuzz"), 3, 4};

void check(const Card& card, size_t limit) {
  must(card.rank < meeting.ranks && card.body.size() <= limit);
  must(card.type == CardType::blob || card.type == CardType::table || card.type == CardType::refusal);
}

/// As a stranger sends it: length first, then the whole.
void as_it_comes(std::string_view bytes) {
  if (auto length = card_length(bytes, most))
    must(*length >= card_head_bytes && *length <= card_head_bytes + most);
  if (auto card = open_card(meeting, bytes, most))
    check(*card, most);
}

/// As one who has the key may write it: type, rank and body are the bytes'.
void as_sealed(std::string_view bytes) {
  uint16_t numbers[2] = {};
  std::memcpy(numbers, bytes.data(), std::min(bytes.size(), sizeof numbers));
  bytes.remove_prefix(std::min(bytes.size(), sizeof numbers));
  Card card{CardType(numbers[0] % 6), uint32_t(numbers[1] % 8), std::string(bytes.substr(0, most + 10))};
  std::string sealed = seal(meeting, card);
  auto read = open_card(meeting, sealed, most);
  bool sound =
      numbers[0] % 6 >= 1 && numbers[0] % 6 <= 3 && card.rank < meeting.ranks && card.body.size() <= most;
  must(bool(read) == sound && (!read || *read == card));
  sealed[sealed.size() / 2] ^= 1;
  must(!open_card(meeting, sealed, most));
}

void as_table(std::string_view bytes) {
  for (size_t rows : {0, 1, 3, 4})
    if (auto table = unpack_table(bytes, rows))
      must(table->size() == rows && pack_table(*table) == bytes);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  as_it_comes(bytes);
  as_sealed(bytes);
  as_table(bytes);
  return 0;
}

// The cards of a meeting: see card.h.
#include "libfabric-transport/rendezvous/card.h"
#include "common/text.h"
#include <cstddef>

namespace podstep::fabric {

namespace {

constexpr uint32_t magic = 0x56524450; // "PDRV" in memory
constexpr uint16_t card_version = 1;
/// Seals are made with a key of their own: nothing that is signed elsewhere passes here.
constexpr Key purpose = {0x72656e64657a766f, 0x7573};
constexpr size_t named_ranks = 8;

struct Head {
  uint32_t magic;
  uint16_t version, type;
  uint64_t job, name;
  uint32_t round, ranks, rank, bytes;
  uint64_t seal;
};
static_assert(sizeof(Head) == card_head_bytes && offsetof(Head, seal) == 40);

uint64_t sign(const Key& key, const Head& head, std::string_view body) {
  std::string all(reinterpret_cast<const char*>(&head), offsetof(Head, seal));
  all += body;
  return siphash(derive(key, purpose), all.data(), all.size());
}

Result<Head> read_head(std::string_view bytes, size_t most) {
  Head head;
  if (bytes.size() < sizeof head)
    return Error(Kind::invalid, cat("a card of ", bytes.size(), " bytes: it is cut short"));
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.magic != magic)
    return Error(Kind::invalid, "that is no card of this transport");
  if (head.version != card_version)
    return Error(Kind::unsupported,
                 cat("the card is of version ", head.version, ", this library reads ", card_version),
                 "use the same version of libpodstep-fabric everywhere");
  if (head.bytes > most)
    return Error(Kind::invalid, cat("a card of ", head.bytes, " bytes: at most ", most));
  return head;
}

} // namespace

uint64_t meeting_number(std::string_view name) {
  return siphash(purpose, name.data(), name.size());
}

std::string seal(const Meeting& meeting, const Card& card) {
  Head head{magic,
            card_version,
            uint16_t(card.type),
            meeting.job,
            meeting.name,
            meeting.round,
            meeting.ranks,
            card.rank,
            uint32_t(card.body.size()),
            0};
  head.seal = sign(meeting.key, head, card.body);
  return std::string(reinterpret_cast<const char*>(&head), sizeof head) + card.body;
}

Result<size_t> card_length(std::string_view head, size_t most) {
  PODSTEP_TRY(Head read, read_head(head, most));
  return sizeof read + read.bytes;
}

Result<Card> open_card(const Meeting& meeting, std::string_view bytes, size_t most) {
  PODSTEP_TRY(Head head, read_head(bytes, most));
  if (bytes.size() != sizeof head + head.bytes)
    return Error(Kind::invalid, cat("a card of ", head.bytes, " bytes, of which ", bytes.size() - sizeof head,
                                    " are there"));
  std::string_view body = bytes.substr(sizeof head);
  if (head.job != meeting.job)
    return Error(Kind::forbidden, "the card belongs to another job");
  if (head.seal != sign(meeting.key, head, body))
    return Error(Kind::forbidden,
                 "the card's seal is wrong: it is damaged, or forged, or another job's key made it",
                 "give every rank the same PODSTEP_FABRIC_KEY or PODSTEP_FABRIC_KEY_FILE");
  if (head.name != meeting.name || head.round != meeting.round)
    return Error(Kind::conflict, "the card belongs to another meeting");
  if (head.ranks != meeting.ranks)
    return Error(Kind::invalid, cat("it counts ", head.ranks, " ranks, this one ", meeting.ranks));
  if (head.rank >= head.ranks || head.type < 1 || head.type > 3)
    return Error(Kind::invalid, cat("a card of rank ", head.rank, " and type ", head.type));
  return Card{CardType(head.type), head.rank, std::string(body)};
}

std::string pack_table(const std::vector<std::string>& rows) {
  std::string out;
  for (const std::string& row : rows) {
    auto length = uint32_t(row.size());
    out.append(reinterpret_cast<const char*>(&length), sizeof length);
    out += row;
  }
  return out;
}

Result<std::vector<std::string>> unpack_table(std::string_view bytes, size_t rows) {
  std::vector<std::string> out;
  while (!bytes.empty() && out.size() < rows) {
    uint32_t length = 0;
    if (bytes.size() < sizeof length)
      break;
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > bytes.size())
      break;
    out.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  if (out.size() != rows || !bytes.empty())
    return Error(Kind::invalid, cat("a table that does not have ", rows, " whole rows"));
  return out;
}

std::string name_missing(const std::vector<uint32_t>& ranks) {
  std::string out = ranks.size() == 1 ? "rank " : "ranks ";
  for (size_t i = 0; i < ranks.size() && i < named_ranks; ++i)
    out += cat(i == 0 ? "" : i + 1 == ranks.size() ? " and " : ", ", ranks[i]);
  if (ranks.size() > named_ranks)
    out += cat(" and ", ranks.size() - named_ranks, " others");
  return out + (ranks.size() == 1 ? " is missing" : " are missing");
}

} // namespace podstep::fabric

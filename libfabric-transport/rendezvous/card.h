// What one rank shows the others when they meet: a blob with a sealed head. Pure; it comes over files,
// sockets and servers of others, so every byte is read as hostile.
#pragma once
#include "common/result.h"
#include "libfabric-transport/siphash.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace podstep::fabric {

/// The largest blob of a rank: the addresses of 8192 listeners.
inline constexpr size_t blob_bytes = 1 << 20;
inline constexpr uint32_t most_ranks = 65536;
/// All blobs of one meeting together, for a process keeps them all.
inline constexpr size_t meeting_bytes = 256 << 20;
inline constexpr size_t card_head_bytes = 48;

/// What all ranks of a meeting must have in common.
struct Meeting {
  Key key{};         ///< of the job, or zeros: then the seal finds only damage
  uint64_t job = 0;  ///< Settings::job
  uint64_t name = 0; ///< meeting_number() of its name
  uint32_t round = 0;
  uint32_t ranks = 0;
};
uint64_t meeting_number(std::string_view name);

enum class CardType : uint16_t { blob = 1, table = 2, refusal = 3 };

struct Card {
  CardType type = CardType::blob;
  uint32_t rank = 0;
  std::string body;
  bool operator==(const Card&) const = default;
};

/// Head and body, sealed with a key made of the meeting's.
std::string seal(const Meeting& meeting, const Card& card);
/// How long the card with this head is, `card_head_bytes` included, at most `most` of body. Error: invalid,
/// unsupported.
Result<size_t> card_length(std::string_view head, size_t most);
/// Error: invalid (no card, damaged, other number of ranks), unsupported (version), forbidden (another job's
/// or key's).
Result<Card> open_card(const Meeting& meeting, std::string_view bytes, size_t most);

/// Many texts as one, and back. Error: invalid.
std::string pack_table(const std::vector<std::string>& rows);
Result<std::vector<std::string>> unpack_table(std::string_view bytes, size_t rows);

/// `rank 3 is missing`, `ranks 3, 5, 6 and 40 others are missing`.
std::string name_missing(const std::vector<uint32_t>& ranks);

} // namespace podstep::fabric

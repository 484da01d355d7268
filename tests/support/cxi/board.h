// What an endpoint makes known on its NIC: that it is there, and which of its memory others may reach. A file
// in /dev/shm for each, locked by its owner for as long as that lives.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace fakecxi {

/// A variable of the environment, or `fallback`.
std::string setting(const char* name, const char* fallback);

/// As libfabric's struct cxip_addr: a NIC, and a PID in its VNI's space; the VNI itself is not in it.
struct Address {
  uint32_t pid : 9;
  uint32_t nic : 20;
  uint32_t pad : 3;
  uint16_t vni;
};
inline constexpr uint32_t any_pid = 511, most_regions = 65536;

/// How a key stands on a board, where 0 is none: client keys, which may be 0, are marked.
constexpr uint64_t board_key(uint64_t key) {
  return key >> 63 ? key : key | uint64_t(1) << 62;
}

/// One region; `key` 0: none. Provider keys carry the place in their low 16 bits.
struct BoardEntry {
  std::atomic<uint64_t> key;
  uint64_t base, bytes, access;
};
struct BoardLayout {
  pid_t process;
  char shm[128]; ///< the name under which shm has this endpoint: never used again, for shm remembers the old
  std::atomic<uint32_t> end; ///< entries beyond were never used
  BoardEntry entries[most_regions];
};

/// Name of the board of an endpoint in a VNI.
std::string board_name(uint16_t vni, uint32_t nic, uint32_t pid);

class Board {
public:
  Board() = default;
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;
  ~Board() { close(); }
  /// Takes the lowest free PID. False: all 511 are in use.
  bool open(uint16_t vni, uint32_t nic, uint32_t& pid);
  void close();
  /// The place for a region; most_regions when there is none.
  uint32_t place();
  BoardEntry& entry(uint32_t place) { return layout_->entries[place]; }
  const char* shm_name() const { return layout_->shm; }

private:
  int fd_ = -1;
  BoardLayout* layout_ = nullptr;
  std::string name_;
};

/// Another endpoint's board.
class PeerBoard {
public:
  PeerBoard() = default;
  PeerBoard(PeerBoard&& other) noexcept;
  PeerBoard& operator=(PeerBoard&& other) noexcept;
  ~PeerBoard();
  /// False: no endpoint is there, or its process is gone.
  bool open(const std::string& name);
  pid_t process() const { return layout_->process; }
  const char* shm_name() const { return layout_->shm; }
  /// The region of this key (as an MR has it), or nullptr.
  const BoardEntry* find(uint64_t key) const;

private:
  const BoardLayout* layout_ = nullptr;
};

/// Whether anybody is in this VNI of this NIC.
bool anybody_in(uint16_t vni, uint32_t nic);

} // namespace fakecxi

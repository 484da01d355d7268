// The boards of endpoints: see board.h.
#include "tests/support/cxi/board.h"
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace fakecxi {

namespace {

std::string path_of(const std::string& name) {
  return "/dev/shm/" + name + ".board";
}

/// An open file of this path whose lock is ours, and which is still the path's.
int claim(const std::string& path) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st {};
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (fd >= 0)
        ::close(fd);
      return -1;
    }
    if (fstat(fd, &st) == 0 && st.st_nlink > 0)
      return fd;
    ::close(fd); // its last owner removed it meanwhile
  }
  return -1;
}

int open_living(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

} // namespace

std::string setting(const char* name, const char* fallback) {
  const char* value = getenv(name);
  return value ? value : fallback;
}

std::string board_name(uint16_t vni, uint32_t nic, uint32_t pid) {
  return "fakecxi_" + setting("FAKE_CXI_FABRIC", "0") + "_" + std::to_string(vni) + "_" +
         std::to_string(nic) + "_" + std::to_string(pid);
}

bool Board::open(uint16_t vni, uint32_t nic, uint32_t& pid) {
  for (pid = 0; pid < any_pid; ++pid) {
    std::string name = board_name(vni, nic, pid);
    int fd = claim(path_of(name));
    if (fd < 0)
      continue;
    // A killed owner's words are not ours, and what it left in shm goes.
    char left[sizeof(BoardLayout::shm)] = "";
    if (pread(fd, left, sizeof left - 1, offsetof(BoardLayout, shm)) > 0 && *left)
      shm_unlink(left);
    void* memory = MAP_FAILED;
    if (ftruncate(fd, 0) == 0 && ftruncate(fd, sizeof(BoardLayout)) == 0)
      memory = mmap(nullptr, sizeof(BoardLayout), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
      ::close(fd);
      return false;
    }
    static std::atomic<unsigned> serial{0};
    layout_ = static_cast<BoardLayout*>(memory);
    layout_->process = getpid();
    snprintf(layout_->shm, sizeof layout_->shm, "%s_%d_%u", name.c_str(), getpid(), serial++);
    fd_ = fd;
    name_ = name;
    return true;
  }
  return false;
}

void Board::close() {
  if (fd_ < 0)
    return;
  unlink(path_of(name_).c_str());
  munmap(layout_, sizeof(BoardLayout));
  ::close(fd_);
  fd_ = -1;
}

uint32_t Board::place() {
  uint32_t end = layout_->end;
  for (uint32_t i = 0; i < end; ++i)
    if (layout_->entries[i].key == 0)
      return i;
  if (end < most_regions)
    layout_->end = end + 1;
  return end;
}

PeerBoard::PeerBoard(PeerBoard&& other) noexcept : layout_(std::exchange(other.layout_, nullptr)) {}
PeerBoard& PeerBoard::operator=(PeerBoard&& other) noexcept {
  std::swap(layout_, other.layout_);
  return *this;
}
PeerBoard::~PeerBoard() {
  if (layout_)
    munmap(const_cast<BoardLayout*>(layout_), sizeof(BoardLayout));
}

bool PeerBoard::open(const std::string& name) {
  int fd = open_living(path_of(name));
  if (fd < 0)
    return false;
  struct stat st {};
  void* memory = MAP_FAILED;
  if (fstat(fd, &st) == 0 && st.st_size == off_t(sizeof(BoardLayout)))
    memory = mmap(nullptr, sizeof(BoardLayout), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory == MAP_FAILED)
    return false;
  layout_ = static_cast<const BoardLayout*>(memory);
  return true;
}

const BoardEntry* PeerBoard::find(uint64_t key) const {
  uint32_t end = layout_ ? std::min<uint32_t>(layout_->end, most_regions) : 0;
  for (uint32_t i = 0; i < end; ++i)
    if (layout_->entries[i].key == board_key(key))
      return &layout_->entries[i];
  return nullptr;
}

bool anybody_in(uint16_t vni, uint32_t nic) {
  for (uint32_t pid = 0; pid < any_pid; ++pid)
    if (int fd = open_living(path_of(board_name(vni, nic, pid))); fd >= 0) {
      ::close(fd);
      return true;
    }
  return false;
}

} // namespace fakecxi

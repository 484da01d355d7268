// Progress on stderr: a line that changes on a terminal, else a line per phase and at most one per 30 s
// within it.
#pragma once
#include "common/clock.h"
#include <cstdint>
#include <cstdio>
#include <string>

namespace podstep::cli {

/// `1.5 GB`, decimal units as storage is sold; below 1000: `12 B`.
std::string human_bytes(uint64_t bytes);
/// `12 MB`, `12 MB of 50 MB (24 %)`; empty while there are none.
std::string human_share(uint64_t bytes, uint64_t total);
/// `45s`, `3m20s`, `2h05m`, `3d04h`.
std::string human_seconds(int64_t seconds);

/// Pure: which line is to be shown now, if any.
class ProgressLines {
public:
  explicit ProgressLines(bool terminal) : terminal_(terminal) {}
  /// The line for this moment; empty when nothing is to be printed.
  std::string at(const std::string& phase, uint64_t bytes, uint64_t total, Instant now);

private:
  bool terminal_;
  std::string phase_;
  Instant began_{}, shown_{};
};

/// ProgressLines on a stream; ends its line when it goes.
class ProgressPrinter {
public:
  explicit ProgressPrinter(FILE* stream, const Clock& clock);
  ~ProgressPrinter();
  void show(const std::string& phase, uint64_t bytes, uint64_t total = 0);

private:
  FILE* stream_;
  const Clock& clock_;
  bool terminal_, open_line_ = false;
  ProgressLines lines_;
};

} // namespace podstep::cli

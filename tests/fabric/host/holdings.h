// What this process holds of the system, to be compared before and after: threads, descriptors, shared
// segments, memory.
#pragma once
#include <cstddef>

namespace harness {

size_t open_descriptors();
size_t threads();
/// Likewise, after a moment in which there may be more than `most`: one that was joined is in /proc a little
/// longer.
size_t threads_at_rest(size_t most);
/// Names in /dev/shm that carry this process's number, as shared segments of providers do.
size_t shared_segments();
/// Memory that is resident, and all that is mapped.
size_t resident_kib();
size_t mapped_kib();

struct Holdings {
  size_t threads, descriptors, segments, resident_kib, mapped_kib;
  static Holdings now();
};

/// Throws Failed where there is more of anything now; memory may grow by `slack_kib`.
void expect_no_more_than(const Holdings& before, size_t slack_kib);

} // namespace harness

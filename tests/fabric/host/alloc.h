// Counting allocations: the program's own malloc, which every library it loads uses too, counts for each
// thread.
#pragma once
#include <cstdint>

namespace harness {

bool can_count_allocations();
/// Calls of malloc, calloc, realloc and the aligned ones by this thread so far.
uint64_t thread_allocations();

} // namespace harness

// How far apart the two ranks' cores are at the moment.
#pragma once

namespace bench {

/// Nanoseconds in which a word goes from the core of rank 0 to that of rank 1 and back, at best. Takes half a
/// millisecond; 0 where there is one core. A hypervisor moves its CPUs about every few seconds, and what two
/// of them move between each other goes with it (seen: 55, 62 and 320 ns were 5, 7 and 2 GB/s over TCP).
double core_distance();

/// Whether two distances are the same but for noise.
inline bool same_distance(double a, double b) {
  return a <= b * 1.06 && b <= a * 1.06;
}

} // namespace bench

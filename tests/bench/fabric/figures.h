// Figures as tests/bench/figures.sh prints them, with the pairwise ratios and differences of two contenders'
// values.
#pragma once
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

using Values = std::vector<double>;

inline double median(Values v) {
  std::sort(v.begin(), v.end());
  size_t n = v.size();
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/// `figure <name> <median> <min> <max> <unit>`; nothing without a value.
inline void figure(const std::string& name, const char* unit, const Values& v) {
  if (v.empty())
    return;
  auto [least, most] = std::minmax_element(v.begin(), v.end());
  printf("figure\t%s\t%.6g\t%.6g\t%.6g\t%s\n", name.c_str(), median(v), *least, *most, unit);
  fflush(stdout);
}

template<class Operation> Values pairwise(const Values& a, const Values& b, Operation operation) {
  Values out;
  for (size_t i = 0; i < a.size() && i < b.size(); i++)
    out.push_back(operation(a[i], b[i]));
  return out;
}
inline Values ratios(const Values& a, const Values& b) {
  return pairwise(a, b, [](double x, double y) { return x / y; });
}
inline Values differences(const Values& a, const Values& b) {
  return pairwise(a, b, [](double x, double y) { return x - y; });
}

/// A turn's values, by turn; none where nothing was measured.
using Turns = std::vector<Values>;

/// Of each turn.
inline Values medians(const Turns& turns) {
  Values out;
  for (const Values& one : turns)
    if (!one.empty())
      out.push_back(median(one));
  return out;
}
inline Values all(const Turns& turns) {
  Values out;
  for (const Values& one : turns)
    out.insert(out.end(), one.begin(), one.end());
  return out;
}
/// Of each turn: the median of what `compare` makes of what was measured side by side.
inline Values by_turn(const Turns& a, const Turns& b, Values (*compare)(const Values&, const Values&)) {
  Turns out;
  for (size_t turn = 0; turn < a.size() && turn < b.size(); turn++)
    out.push_back(compare(a[turn], b[turn]));
  return medians(out);
}
/// The largest, or the least; empty of nothing.
inline Values best(const Turns& turns, bool largest) {
  Values v = all(turns);
  if (v.empty())
    return {};
  return {largest ? *std::max_element(v.begin(), v.end()) : *std::min_element(v.begin(), v.end())};
}

} // namespace bench

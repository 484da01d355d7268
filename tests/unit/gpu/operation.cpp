// What must come out of each operation, against a plain execution of it on all ranks at once.
#include "tests/gpu/operation.h"
#include "tests/unit/catch.h"
#include <functional>

using namespace gpu;

namespace {

/// What every rank has, by rank: what it put in, or what it gets out.
using All = std::vector<std::vector<float>>;

All inputs(const Operation& operation, int ranks, size_t count) {
  All out;
  for (int rank = 0; rank < ranks; ++rank) {
    out.emplace_back(operation.in({rank, ranks}, count));
    for (size_t i = 0; i < out.back().size(); ++i)
      out.back()[i] = element(rank, i);
  }
  return out;
}

float sum_at(const All& in, size_t i) {
  float out = 0;
  for (const auto& one : in)
    out += one[i];
  return out;
}

/// As NCCL's manual says it, in one place.
float plainly(const std::string& name, const All& in, int rank, size_t count, size_t i) {
  int ranks = int(in.size());
  if (name == "all_reduce")
    return sum_at(in, i);
  if (name == "all_gather")
    return in[i / count][i % count];
  if (name == "reduce_scatter")
    return sum_at(in, size_t(rank) * count + i);
  if (name == "broadcast")
    return in[0][i];
  if (name == "send_recv")
    return in[size_t((rank + ranks - 1) % ranks)][i];
  REQUIRE(name == "all_to_all");
  return in[i / count][size_t(rank) * count + i % count];
}

} // namespace

TEST_CASE("Every operation's result is what a plain execution of it on all ranks gives") {
  for (const Operation& operation : operations())
    for (int ranks : {2, 3, 4})
      for (size_t count : {size_t(1), size_t(100), size_t(1000)}) {
        INFO(operation.name << ", " << ranks << " ranks, " << count);
        All in = inputs(operation, ranks, count);
        for (int rank = 0; rank < ranks; ++rank) {
          std::vector<float> out(operation.out({rank, ranks}, count));
          for (size_t i = 0; i < out.size(); ++i)
            out[i] = plainly(operation.name, in, rank, count, i);
          REQUIRE(difference(operation, {rank, ranks}, count, out) == "");
        }
      }
}

TEST_CASE("One wrong element is found and named, and what was never written is wrong") {
  for (const Operation& operation : operations()) {
    constexpr size_t count = 500;
    Place place{1, 3};
    std::vector<float> out(operation.out(place, count));
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = operation.expected(place, count, i);
    out[137] += 1;
    CHECK(difference(operation, place, count, out).starts_with("element 137 of "));
    CHECK(difference(operation, place, count, std::vector<float>(out.size(), -1.0f))
              .starts_with("element 0 of "));
  }
}

TEST_CASE("A rank's own data are nobody else's, so a result of the wrong rank is seen") {
  std::vector<float> first(1000), second(1000);
  for (size_t i = 0; i < 1000; ++i)
    first[i] = element(0, i), second[i] = element(1, i);
  CHECK(first != second);
  CHECK(operations().size() == 6);
  CHECK(std::string(all_reduce().name) == "all_reduce");
}

// The arithmetic of collectives against the plain formula, for every type and operation.
#include "contrib/torch/element.h"
#include "tests/unit/catch.h"
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

using namespace podstep::collective;

namespace {

template<class T>
std::vector<T> combined(Type type, Op op, const std::vector<T>& a, const std::vector<T>& b) {
  std::vector<T> out(a.size());
  combine(type, op, out.data(), a.data(), b.data(), a.size());
  return out;
}

/// All lengths up to 67, so that each loop has a whole part and a rest.
template<class T, class F> void check(Type type, Op op, F formula) {
  for (size_t count = 0; count < 68; ++count) {
    std::vector<T> a(count), b(count), want(count);
    for (size_t i = 0; i < count; ++i) {
      a[i] = T(i * 7 % 23) - T(5), b[i] = T(i * 13 % 17) - T(3);
      want[i] = T(formula(a[i], b[i]));
    }
    INFO("type " << int(type) << " op " << int(op) << " count " << count);
    CHECK(combined(type, op, a, b) == want);
    combine(type, op, a.data(), a.data(), b.data(), count);
    CHECK(a == want);
  }
}

template<class T> void check_numbers(Type type) {
  check<T>(type, Op::sum, [](T a, T b) { return a + b; });
  check<T>(type, Op::product, [](T a, T b) { return a * b; });
  check<T>(type, Op::min, [](T a, T b) { return std::min(a, b); });
  check<T>(type, Op::max, [](T a, T b) { return std::max(a, b); });
}

template<class T> void check_whole(Type type) {
  check_numbers<T>(type);
  check<T>(type, Op::band, [](T a, T b) { return a & b; });
  check<T>(type, Op::bor, [](T a, T b) { return a | b; });
  check<T>(type, Op::bxor, [](T a, T b) { return a ^ b; });
}

uint16_t bfloat16(float x) {
  return uint16_t(std::bit_cast<uint32_t>(x) >> 16);
}

} // namespace

TEST_CASE("Numbers of every type are combined as the formula says") {
  check_numbers<float>(Type::float32);
  check_numbers<double>(Type::float64);
  check_numbers<_Float16>(Type::float16);
  check_whole<int8_t>(Type::int8);
  check_whole<uint8_t>(Type::uint8);
  check_whole<int16_t>(Type::int16);
  check_whole<int32_t>(Type::int32);
  check_whole<int64_t>(Type::int64);
}

TEST_CASE("bfloat16 is combined as float32 and rounded to nearest even; what is no number stays none") {
  auto one = [](float a, float b, Op op = Op::sum) {
    return combined<uint16_t>(Type::bfloat16, op, {bfloat16(a)}, {bfloat16(b)})[0];
  };
  CHECK(one(1.5f, 2.25f) == bfloat16(3.75f));
  CHECK(one(3, 4, Op::product) == bfloat16(12));
  CHECK(one(3, -4, Op::min) == bfloat16(-4));
  CHECK(one(256, 1) == bfloat16(256));    // half way, the even one is below
  CHECK(one(258, 1) == bfloat16(260));    // half way, the even one is above
  CHECK(one(256, 1.5f) == bfloat16(258)); // more than half
  float inf = std::numeric_limits<float>::infinity();
  uint16_t none = one(inf, -inf);
  CHECK((none & 0x7f80) == 0x7f80);
  CHECK((none & 0x7f) != 0);
  CHECK(one(inf, 1) == bfloat16(inf));
}

TEST_CASE("Whole numbers wrap, and do not become wider in between") {
  CHECK(combined<int8_t>(Type::int8, Op::sum, {127}, {1})[0] == -128);
  CHECK(combined<uint8_t>(Type::uint8, Op::product, {200}, {2})[0] == 144);
  CHECK(combined<int16_t>(Type::int16, Op::product, {32767}, {32767})[0] == 1);
  CHECK(combined<int32_t>(Type::int32, Op::sum, {INT32_MAX}, {1})[0] == INT32_MIN);
  CHECK(combined<int64_t>(Type::int64, Op::product, {INT64_MIN}, {-1})[0] == INT64_MIN);
}

TEST_CASE("Truth values stay truth values: sum and max are or, product and min are and") {
  std::vector<uint8_t> a = {0, 0, 1, 1}, b = {0, 1, 0, 1};
  for (Op op : {Op::sum, Op::max, Op::bor})
    CHECK(combined(Type::boolean, op, a, b) == std::vector<uint8_t>{0, 1, 1, 1});
  for (Op op : {Op::product, Op::min, Op::band})
    CHECK(combined(Type::boolean, op, a, b) == std::vector<uint8_t>{0, 0, 0, 1});
  CHECK(combined(Type::boolean, Op::bxor, a, b) == std::vector<uint8_t>{0, 1, 1, 0});
}

TEST_CASE("Dividing rounds as the type does") {
  std::vector<float> f = {1, 2, 3};
  divide(Type::float32, f.data(), 3, 2);
  CHECK(f == std::vector<float>{0.5f, 1, 1.5f});
  std::vector<int32_t> i = {-7, 7, 8};
  divide(Type::int32, i.data(), 3, 2);
  CHECK(i == std::vector<int32_t>{-3, 3, 4});
  std::vector<uint16_t> b = {bfloat16(3)};
  divide(Type::bfloat16, b.data(), 1, 2);
  CHECK(b[0] == bfloat16(1.5f));
}

TEST_CASE("Bits are combined of whole numbers alone") {
  CHECK_FALSE(can_combine(Type::float32, Op::bxor));
  CHECK_FALSE(can_combine(Type::bfloat16, Op::band));
  CHECK(can_combine(Type::float16, Op::max));
  CHECK(can_combine(Type::boolean, Op::bxor));
  CHECK(bytes_of(Type::float64) == 8);
  CHECK(bytes_of(Type::float16) == 2);
  CHECK(bytes_of(Type::boolean) == 1);
}

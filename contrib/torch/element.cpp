// The arithmetic of collectives: see element.h. One loop for each type and operation, which the compiler
// makes wide.
#include "contrib/torch/element.h"
#include <bit>
#include <cstdint>
#include <cstring>

// One copy of each loop for processors of the last ten years; the loader chooses, before a sanitizer is ready
// for it.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__)
#define PODSTEP_WIDE __attribute__((target_clones("default", "arch=haswell", "arch=skylake-avx512")))
#else
#define PODSTEP_WIDE
#endif

namespace podstep::collective {

namespace {

/// bfloat16 is the upper half of a float32.
struct BFloat16 {
  uint16_t bits;
};
using Half = _Float16;

template<class T> struct Wide {
  using type = T;
  static type read(T x) { return x; }
  static T write(type x) { return x; }
};
template<> struct Wide<Half> {
  using type = float;
  static float read(Half x) { return float(x); }
  static Half write(float x) { return Half(x); }
};
template<> struct Wide<BFloat16> {
  using type = float;
  static float read(BFloat16 x) { return std::bit_cast<float>(uint32_t(x.bits) << 16); }
  static BFloat16 write(float x) {
    auto bits = std::bit_cast<uint32_t>(x);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    bool nan = (bits & 0x7fffffff) > 0x7f800000;
    return {uint16_t(nan ? bits >> 16 | 0x40 : rounded >> 16)};
  }
};
/// Small whole numbers must not become int in between, or overflow would differ from the tensor's own
/// arithmetic.
template<class T> T narrow(auto x) {
  return static_cast<T>(x);
}

struct Sum {
  template<class T> static T of(T a, T b) { return narrow<T>(a + b); }
};
struct Product {
  template<class T> static T of(T a, T b) { return narrow<T>(a * b); }
};
struct Min {
  template<class T> static T of(T a, T b) { return b < a ? b : a; }
};
struct Max {
  template<class T> static T of(T a, T b) { return a < b ? b : a; }
};
struct And {
  template<class T> static T of(T a, T b) { return narrow<T>(a & b); }
};
struct Or {
  template<class T> static T of(T a, T b) { return narrow<T>(a | b); }
};
struct Xor {
  template<class T> static T of(T a, T b) { return narrow<T>(a ^ b); }
};

template<class T, class F>
[[gnu::always_inline]] inline void loop(T* out, const T* a, const T* b, size_t count) {
  using W = Wide<T>;
  for (size_t i = 0; i < count; ++i)
    out[i] = W::write(F::of(W::read(a[i]), W::read(b[i])));
}

template<class T>
[[gnu::always_inline]] inline void arithmetic(Op op, T* out, const T* a, const T* b, size_t count) {
  switch (op) {
  case Op::sum:
    return loop<T, Sum>(out, a, b, count);
  case Op::product:
    return loop<T, Product>(out, a, b, count);
  case Op::min:
    return loop<T, Min>(out, a, b, count);
  case Op::max:
    return loop<T, Max>(out, a, b, count);
  default:
    return;
  }
}

template<class T>
[[gnu::always_inline]] inline void whole(Op op, T* out, const T* a, const T* b, size_t count) {
  switch (op) {
  case Op::band:
    return loop<T, And>(out, a, b, count);
  case Op::bor:
    return loop<T, Or>(out, a, b, count);
  case Op::bxor:
    return loop<T, Xor>(out, a, b, count);
  case Op::sum: // of signed numbers too it wraps, as the processor's does
    return loop<std::make_unsigned_t<T>, Sum>(reinterpret_cast<std::make_unsigned_t<T>*>(out),
                                              reinterpret_cast<const std::make_unsigned_t<T>*>(a),
                                              reinterpret_cast<const std::make_unsigned_t<T>*>(b), count);
  case Op::product: {
    using Big = std::conditional_t<(sizeof(T) < 4), uint32_t, std::make_unsigned_t<T>>;
    for (size_t i = 0; i < count; ++i)
      out[i] = T(Big(a[i]) * Big(b[i]));
    return;
  }
  default:
    return arithmetic(op, out, a, b, count);
  }
}

#define PODSTEP_KERNEL(name, T, body)                                                                        \
  PODSTEP_WIDE void name(Op op, void* out, const void* a, const void* b, size_t count) {                     \
    body<T>(op, static_cast<T*>(out), static_cast<const T*>(a), static_cast<const T*>(b), count);            \
  }
PODSTEP_KERNEL(of_float32, float, arithmetic)
PODSTEP_KERNEL(of_float64, double, arithmetic)
PODSTEP_KERNEL(of_float16, Half, arithmetic)
PODSTEP_KERNEL(of_bfloat16, BFloat16, arithmetic)
PODSTEP_KERNEL(of_int8, int8_t, whole)
PODSTEP_KERNEL(of_uint8, uint8_t, whole)
PODSTEP_KERNEL(of_int16, int16_t, whole)
PODSTEP_KERNEL(of_int32, int32_t, whole)
PODSTEP_KERNEL(of_int64, int64_t, whole)

Op of_truth(Op op) {
  return op == Op::sum || op == Op::max ? Op::bor : op == Op::product || op == Op::min ? Op::band : op;
}

template<class T> void divided(void* data, size_t count, size_t divisor) {
  using W = Wide<T>;
  T* at = static_cast<T*>(data);
  for (size_t i = 0; i < count; ++i)
    at[i] = W::write(W::read(at[i]) / static_cast<typename W::type>(divisor));
}

} // namespace

size_t bytes_of(Type type) {
  switch (type) {
  case Type::float64:
  case Type::int64:
    return 8;
  case Type::float32:
  case Type::int32:
    return 4;
  case Type::float16:
  case Type::bfloat16:
  case Type::int16:
    return 2;
  default:
    return 1;
  }
}

bool can_combine(Type type, Op op) {
  bool bits = op == Op::band || op == Op::bor || op == Op::bxor;
  bool floats =
      type == Type::float32 || type == Type::float64 || type == Type::float16 || type == Type::bfloat16;
  return !bits || !floats;
}

void combine(Type type, Op op, void* out, const void* a, const void* b, size_t count) {
  switch (type) {
  case Type::float32:
    return of_float32(op, out, a, b, count);
  case Type::float64:
    return of_float64(op, out, a, b, count);
  case Type::float16:
    return of_float16(op, out, a, b, count);
  case Type::bfloat16:
    return of_bfloat16(op, out, a, b, count);
  case Type::int8:
    return of_int8(op, out, a, b, count);
  case Type::uint8:
    return of_uint8(op, out, a, b, count);
  case Type::int16:
    return of_int16(op, out, a, b, count);
  case Type::int32:
    return of_int32(op, out, a, b, count);
  case Type::int64:
    return of_int64(op, out, a, b, count);
  case Type::boolean:
    return of_uint8(of_truth(op), out, a, b, count);
  }
}

void divide(Type type, void* data, size_t count, size_t divisor) {
  switch (type) {
  case Type::float32:
    return divided<float>(data, count, divisor);
  case Type::float64:
    return divided<double>(data, count, divisor);
  case Type::float16:
    return divided<Half>(data, count, divisor);
  case Type::bfloat16:
    return divided<BFloat16>(data, count, divisor);
  case Type::int8:
    return divided<int8_t>(data, count, divisor);
  case Type::uint8:
    return divided<uint8_t>(data, count, divisor);
  case Type::int16:
    return divided<int16_t>(data, count, divisor);
  case Type::int32:
    return divided<int32_t>(data, count, divisor);
  case Type::int64:
    return divided<int64_t>(data, count, divisor);
  case Type::boolean:
    return;
  }
}

} // namespace podstep::collective

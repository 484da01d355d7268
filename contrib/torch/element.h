// The elements of a tensor, and how two of them become one.
#pragma once
#include <cstddef>

namespace podstep::collective {

enum class Type { float32, float64, float16, bfloat16, int8, uint8, int16, int32, int64, boolean };
enum class Op { sum, product, min, max, band, bor, bxor };

size_t bytes_of(Type type);
/// Bits are combined of whole numbers and truth values only.
bool can_combine(Type type, Op op);

/// out[i] = a[i] op b[i]. `out` may be `a`; no other overlap. 16-bit floats are combined as float32 and
/// rounded to nearest even; truth values: sum and max are or, product and min are and.
void combine(Type type, Op op, void* out, const void* a, const void* b, size_t count);
/// data[i] /= divisor, whole numbers towards zero.
void divide(Type type, void* data, size_t count, size_t divisor);

} // namespace podstep::collective

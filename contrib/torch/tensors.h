// Tensors as the memory that plans move: contiguous ones as they are, others by way of a copy.
#pragma once
#include "contrib/torch/plan.h"
#include <optional>
#include <torch/csrc/distributed/c10d/Types.hpp>

namespace podstep::collective {

using Tensors = std::vector<at::Tensor>;

/// What a reduction does with which elements. Complex numbers are added as pairs.
struct Reduction {
  Reduction(const at::Tensor& tensor, const c10d::ReduceOp& reduce, const std::string& name)
      : scalar(tensor.scalar_type()) {
    op = op_of(reduce, name);
    type = type_of(scalar, name);
    bool pairs = c10::isComplexType(scalar);
    TORCH_CHECK(can_combine(type, op) && (!pairs || op == Op::sum) && !(averages && scalar == at::kBool),
                "podstep: ", name, " of ", scalar, " cannot be done with this operation");
  }
  at::ScalarType scalar;
  Type type = Type::uint8;
  Op op = Op::sum;
  bool averages = false;

private:
  Op op_of(const c10d::ReduceOp& reduce, const std::string& name) {
    switch (static_cast<c10d::ReduceOp::RedOpType>(reduce)) {
    case c10d::ReduceOp::AVG:
      averages = true;
      return Op::sum;
    case c10d::ReduceOp::SUM:
      return Op::sum;
    case c10d::ReduceOp::PRODUCT:
      return Op::product;
    case c10d::ReduceOp::MIN:
      return Op::min;
    case c10d::ReduceOp::MAX:
      return Op::max;
    case c10d::ReduceOp::BAND:
      return Op::band;
    case c10d::ReduceOp::BOR:
      return Op::bor;
    case c10d::ReduceOp::BXOR:
      return Op::bxor;
    default:
      TORCH_CHECK(false, "podstep: ", name, " knows SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR and BXOR");
    }
  }
  static Type type_of(at::ScalarType scalar, const std::string& name) {
    switch (scalar) {
    case at::kFloat:
    case at::kComplexFloat:
      return Type::float32;
    case at::kDouble:
    case at::kComplexDouble:
      return Type::float64;
    case at::kHalf:
      return Type::float16;
    case at::kBFloat16:
      return Type::bfloat16;
    case at::kChar:
      return Type::int8;
    case at::kByte:
      return Type::uint8;
    case at::kShort:
      return Type::int16;
    case at::kInt:
      return Type::int32;
    case at::kLong:
      return Type::int64;
    case at::kBool:
      return Type::boolean;
    default:
      TORCH_CHECK(false, "podstep: ", name, " of ", scalar, " is not supported");
    }
  }
};

inline Block block_of(const at::Tensor& tensor) {
  return {static_cast<unsigned char*>(tensor.data_ptr()), tensor.nbytes()};
}

inline void check_host(const at::Tensor& tensor, const std::string& name) {
  TORCH_CHECK(tensor.device().is_cpu(), "podstep: ", name, " of a tensor on ", tensor.device(),
              ": the backend moves host tensors");
  TORCH_CHECK(tensor.layout() == at::kStrided, "podstep: ", name, " of a tensor that is not dense");
}

inline void same_bytes(const Block& in, const Block& out, const char* name) {
  TORCH_CHECK(in.bytes == out.bytes, "podstep: ", name, ": ", in.bytes, " bytes do not go into ", out.bytes);
}

inline std::vector<Block> equal_parts(Block all, int ranks, const char* name) {
  TORCH_CHECK(all.bytes % size_t(ranks) == 0, "podstep: ", name, ": ", all.bytes, " bytes for ", ranks,
              " ranks");
  std::vector<Block> out;
  size_t each = all.bytes / size_t(ranks);
  for (int rank = 0; rank < ranks; ++rank)
    out.push_back({all.data + size_t(rank) * each, each});
  return out;
}

/// Rows of the first dimension, as many for each rank as `splits` says; none: as many for each.
inline std::vector<Block> split_rows(Block all, const at::Tensor& tensor, const std::vector<int64_t>& splits,
                                     int ranks) {
  if (splits.empty()) {
    TORCH_CHECK(tensor.dim() > 0 && tensor.size(0) % ranks == 0,
                "podstep: all_to_all: the first dimension does not split into ", ranks, " parts");
    return equal_parts(all, ranks, "all_to_all");
  }
  int64_t sum = 0;
  for (int64_t rows : splits) {
    TORCH_CHECK(rows >= 0, "podstep: all_to_all of ", rows, " rows");
    sum += rows;
  }
  TORCH_CHECK(splits.size() == size_t(ranks) && tensor.dim() > 0 && sum == tensor.size(0),
              "podstep: all_to_all: ", splits.size(), " parts of ", sum, " rows in all");
  std::vector<Block> out;
  size_t row = tensor.size(0) > 0 ? all.bytes / size_t(tensor.size(0)) : 0, at = 0;
  for (int64_t rows : splits) {
    out.push_back({all.data + at, size_t(rows) * row});
    at += size_t(rows) * row;
  }
  return out;
}

} // namespace podstep::collective

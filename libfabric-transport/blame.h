// Whose an error is, for the codes of both interfaces: NCCL's and the C one. Pure.
#pragma once
#include "common/result.h"

namespace podstep::fabric {

enum class Blame {
  caller, ///< what was asked for cannot be, or the two ends do not agree
  peer,   ///< it is gone or silent
  system, ///< the provider or the system
};

constexpr Blame blame(Kind kind) {
  switch (kind) {
  case Kind::unavailable:
  case Kind::timeout:
  case Kind::gone:
    return Blame::peer;
  case Kind::invalid:
  case Kind::not_found:
  case Kind::exists:
  case Kind::conflict:
  case Kind::forbidden:
  case Kind::unsupported:
    return Blame::caller;
  case Kind::failed:
  case Kind::exhausted:
    return Blame::system;
  }
  return Blame::system;
}

} // namespace podstep::fabric

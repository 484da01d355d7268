// The paths of a store, in one place: see the layout in store.h.
#pragma once
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/images/name.h"
#include <string>
#include <string_view>

namespace podstep::images::layout {

inline std::string blobs(const std::string& store) {
  return store + "/sha256";
}
inline std::string index(const std::string& store) {
  return store + "/index";
}
inline std::string scratch(const std::string& store) {
  return store + "/tmp";
}
inline std::string locks(const std::string& store) {
  return store + "/lock";
}

/// The flat file of a digest that passed wire::is_digest.
inline std::string file(const std::string& store, std::string_view digest) {
  return cat(blobs(store), "/", wire::digest_hex(digest), ".sqsh");
}
inline std::string metadata(const std::string& store, std::string_view digest) {
  return cat(blobs(store), "/", wire::digest_hex(digest), ".json");
}
inline std::string index_entry(const std::string& store, std::string_view canonical) {
  return cat(index(store), "/", index_file(canonical));
}

} // namespace podstep::images::layout

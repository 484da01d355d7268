// The JSON beside a flat image, and the part of an OCI image configuration that it keeps.
#pragma once
#include "nodeagent/images/store.h"
#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace podstep::images {

/// The bytes that a metadata file, a manifest or an image configuration may have; real ones have a few KiB.
inline constexpr size_t metadata_bytes = 1 << 20;

/// An image's facts as the text of `<hex>.json` (name, path and site are not in it).
std::string encode_metadata(const Image& image);
/// Everything that is known of it, path and place too, for people and jq: what `podstep image inspect`
/// prints.
std::string encode_inspection(const Image& image);
/// Error: invalid, naming the member.
Result<Image> decode_metadata(std::string_view text);

/// What `config` of an OCI image configuration says (OCI image specification, config.md); `user` is left as
/// text.
struct OciConfig {
  ImageConfig config;
  std::string user;
};
Result<OciConfig> decode_oci_config(std::string_view text);

} // namespace podstep::images

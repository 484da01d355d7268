// The image store: one squashfs file per manifest digest beside its JSON, and an index from names to digests.
// Layout: podstep-images(7).
//   <store>/sha256/<hex>.sqsh   the flat, single-owner file system
//   <store>/sha256/<hex>.json   what it is: configuration, size, digest of the file, how it was made
//   <store>/index/<name, percent-encoded>   sha256:<hex>; on a second line, where it came from a registry:
//   the
//                               digest that the name had there
//   <store>/tmp/                work in progress, same file system; <store>/lock/  one lock file per name
#pragma once
#include "common/result.h"
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace podstep::images {

/// What a container takes from its image (OCI image configuration, "config").
struct ImageConfig {
  std::vector<std::string> entrypoint, cmd, env; ///< env as NAME=VALUE
  std::string working_dir;
  int64_t uid = 0, gid = 0; ///< USER, resolved to numbers at import
  std::string architecture, os;
  std::map<std::string, std::string> labels;
};

/// How Image::source begins where the image was made of a directory, whose path follows.
inline constexpr const char* built_from = "build ";

struct Image {
  std::string name;   ///< as it was asked for; a path when it was one
  std::string digest; ///< `sha256:<hex>` of the manifest; for a bare .sqsh, which nobody wants to read
                      ///< through at every start: of its path, size, time of change and superblock
  std::string path;   ///< absolute path of the .sqsh
  bool site = false;  ///< lies in the site's store: root has mounted it when the job named it
  uint64_t bytes = 0;
  ImageConfig config;
  std::string created;     ///< RFC 3339
  std::string source;      ///< docker://..., oci:..., docker-archive:..., or built_from
  std::string file_digest; ///< `sha256:<hex>` of the .sqsh as it was made; empty for a bare .sqsh
  std::string converter;   ///< what made the file, with versions and options
};

/// The stores that are looked through, first hit wins: the user's, then the site's ("" where there is none).
struct Stores {
  std::string user, site;
  std::string architecture; ///< find() refuses an image for another machine; empty: any
};
/// $PODSTEP_STORE, else images/ in the state directory; the site's from the environment (wire_spec.h) or the
/// site's configuration.
Result<Stores> default_stores();

/// A whole squashfs of the recorded size is there; its contents are only read by verify(). By name
/// (`llama-server`, `docker.io/library/x:1`), by `sha256:` digest, or by the absolute path of a .sqsh.
/// Errors: not_found with a hint, invalid (no name; truncated; not a squashfs), unsupported (another
/// architecture).
Result<Image> find(const Stores& stores, const std::string& name);
/// The digest that a canonical name means in one store. Errors: not_found; invalid (a damaged entry).
Result<std::string> named_digest(const std::string& store, std::string_view canonical);
/// The digest that the name had in its registry when it was imported; empty when it came from elsewhere.
std::string tag_digest(const std::string& store, std::string_view canonical);
/// Every name of both stores, the user's first, by name; an image without a name has an empty one. Damaged
/// ones are listed too, with no bytes.
std::vector<Image> list(const Stores& stores);
/// Reads the whole file and compares its digest with the recorded one. Errors: invalid (it differs),
/// unsupported (a bare .sqsh has no recorded digest). `progress`: bytes read so far.
Result<void> verify(const Image& image, const std::function<void(uint64_t)>& progress);

} // namespace podstep::images

// Makes flat images: from a registry, an OCI layout or a docker archive, or from a directory; and removes
// them.
#pragma once
#include "nodeagent/images/work.h"

namespace podstep::images {

struct ImportOptions {
  std::string store;        ///< absolute
  std::string source;       ///< `docker://NAME`, `oci:DIR[:TAG]`, `docker-archive:FILE[:NAME]`
  std::string name;         ///< empty: the name in docker://
  std::string architecture; ///< as machine_architecture() says it
  bool insecure = false;    ///< a registry without TLS, or with a certificate nobody knows
  bool if_missing = false;  ///< an image of that name that is there and whole is enough
  bool again = false;       ///< make it anew, whatever is there
};
/// Converts once and publishes, under the lock of the name. Of a registry it is asked first what the name
/// means now: when that is what is there, nothing is fetched (but with `again`). Errors: invalid (source,
/// name), unsupported (architecture), exhausted (store full), failed (what the tool said); nothing is left in
/// the store's tmp/.
Result<Image> import_image(const ImportOptions& options, Watch watch);

struct BuildOptions {
  std::string store;
  std::string directory; ///< becomes the root file system; it is not changed
  std::string name;
  ImageConfig config; ///< architecture as ImportOptions
  std::string user;   ///< as an image's USER
};
Result<Image> build_image(const BuildOptions& options, Watch watch);

/// Takes the name out of the index, and the files too when no other name has them. A digest removes its
/// files, if no name has them. Errors: not_found; conflict, naming who still uses the digest.
Result<void> remove_image(const std::string& store, const std::string& name_or_digest, Watch watch);

/// mksquashfs of `directory` into flat_file(work): single owner, no devices, no sockets, no set-id bits, no
/// capabilities. Returns what made it, for the metadata. Error: as Work::run.
Result<std::string> flatten(const Work& work, const std::string& directory);

} // namespace podstep::images

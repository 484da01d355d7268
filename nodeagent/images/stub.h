// Stub images for containerd: a name and the real configuration, no layers; the root file system is put under
// the container by podstep-crun. Written over containerd's content and images services, without a pull.
#pragma once
#include "nodeagent/cri/client.h"
#include "nodeagent/images/store.h"

namespace podstep::images {

/// What a stub is made of: two blobs and their digests (OCI image specification, image manifest and config).
struct Stub {
  std::string config, config_digest;
  std::string manifest, manifest_digest;
};
/// Pure. The flat image's digest goes in as a label, so that two images with equal configuration stay two.
Stub make_stub(const ImageConfig& config, const std::string& digest);

/// The name that a container of the image with this digest gives as ContainerConfig::image:
/// `podstep.io/flat:<first 32 digits>`, independent of what the manifest called it (a path, a short name).
std::string reference(const std::string& digest);

/// Makes containerd know reference(digest) and returns once CRI finds it (ImageStatus). Registering the same
/// again is success.
loop::Task<Result<void>> register_stub(cri::Client& client, ImageConfig config, std::string digest);
/// The sandbox's image (cri::pause_image): a stub whose entrypoint podstep-crun binds into an empty root.
loop::Task<Result<void>> register_pause(cri::Client& client);

} // namespace podstep::images

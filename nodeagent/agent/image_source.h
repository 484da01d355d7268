// Where containers get their root from: an image's name made ready on this node. Real: StoreImages; tests
// bring their own.
#pragma once
#include "nodeagent/images/mount.h"
#include "nodeagent/images/store.h"
#include "nodeagent/images/stub.h"
#include <set>

namespace podstep::agent {

struct ReadyImage {
  std::string reference; ///< what CRI is given
  std::string digest;    ///< of the flat image, for the runtime wrapper
};

class ImageSource {
public:
  virtual ~ImageSource() = default;
  /// Looks the image up, mounts it, makes the runtime know it. Errors: not_found (with a hint), invalid,
  /// failed.
  virtual loop::Task<Result<ReadyImage>> ready(std::string name) = 0;
  /// Looks after the mount of an image that a worker before this one mounted; it may be broken already.
  virtual void adopt(const std::string& digest) = 0;
};

/// The flat images of the stores (design: images without a local disk).
class StoreImages : public ImageSource {
public:
  /// `lost`: an image's mount broke although it should not (fault F24).
  StoreImages(loop::Loop& loop, cri::Client& runtime, const std::string& run, images::Stores stores,
              std::function<void(std::string digest)> lost);
  loop::Task<Result<ReadyImage>> ready(std::string name) override;
  void adopt(const std::string& digest) override { mounts_.adopt(digest); }
  void unmount_all() { mounts_.unmount_all(); }

private:
  cri::Client& runtime_;
  images::Stores stores_;
  images::Mounts mounts_;
  std::set<std::string> busy_; ///< digests that are being made ready: containerd refuses a second writer
  std::set<std::string> registered_; ///< digests whose stubs containerd has; nobody takes them out of it
  loop::Signal idle_;
};

} // namespace podstep::agent

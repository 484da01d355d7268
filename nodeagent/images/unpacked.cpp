// Stopping bombs: see unpacked.h.
#include "nodeagent/images/unpacked.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/tool.h"
#include <algorithm>

namespace podstep::images {

namespace {
// The sum that du(1) prints. As master of the tree, for directories may be closed to their own owner; files
// that go meanwhile make it complain, and count no more.
Result<uint64_t> sum(const std::string& root, const std::string& what) {
  Tool tool;
  tool.argv = {"du", "-s", "-x", what, "--", root};
  tool.user_namespace = true;
  PODSTEP_TRY(ToolResult said, run_tool(tool));
  PODSTEP_TRY(int64_t number, parse_int(said.output.substr(0, said.output.find('\t')), 0, INT64_MAX));
  return uint64_t(number);
}
} // namespace

Result<void> check_unpacked(const Tree& tree, uint64_t layer_bytes) {
  constexpr const char* hint = "if this image is really meant: unpack it yourself, then podstep image build";
  if (tree.entries > limits::image_entries)
    return Error(Kind::exhausted,
                 cat("the image unpacks to more than ", limits::image_entries, " files and directories"),
                 hint);
  if (tree.bytes > limits::image_small_bytes && tree.bytes / limits::image_ratio > layer_bytes)
    return Error(Kind::exhausted,
                 cat("the image unpacks to more than ", limits::image_ratio, " times its layers' ",
                     layer_bytes, " bytes"),
                 hint);
  return {};
}

Result<void> UnpackGuard::measure() const {
  Tree tree;
  PODSTEP_TRY(tree.bytes, sum(root_, "--block-size=1"));
  PODSTEP_TRY(tree.entries, sum(root_, "--inodes"));
  return check_unpacked(tree, layer_bytes_);
}

Result<void> UnpackGuard::look() {
  const Instant begin = system_clock().now();
  if (begin < next_)
    return {};
  auto good = measure();
  if (!good && good.error().kind != Kind::exhausted)
    good = {}; // the tree is not there yet, or changes: measure() at the end is the one that must work
  const Instant end = system_clock().now();
  next_ = end + std::max<Duration>(std::chrono::seconds(1), 10 * (end - begin));
  return good;
}

} // namespace podstep::images

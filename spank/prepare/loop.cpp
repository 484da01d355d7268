// A loop device: see loop.h.
#include "spank/prepare/loop.h"
#include "common/path.h"
#include "common/text.h"
#include <cerrno>
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

namespace podstep::prepare {

namespace {
/// Others take loop devices too: between asking for a free one and taking it.
constexpr int attempts = 64;
} // namespace

Result<LoopDevice> attach_loop(int file) {
  auto dev = open_trusted("/dev", O_RDONLY | O_DIRECTORY);
  if (!dev)
    return std::move(dev).error();
  auto control = open_beneath(dev->get(), "loop-control", O_RDWR);
  if (!control)
    return LoopDevice{};
  for (int i = 0; i < attempts; ++i) {
    int number = ::ioctl(control->get(), LOOP_CTL_GET_FREE);
    if (number < 0)
      return LoopDevice{};
    std::string name = cat("loop", number);
    auto device = open_beneath(dev->get(), name, O_RDONLY);
    if (!device)
      return LoopDevice{};
    loop_config config{};
    config.fd = uint32_t(file);
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (::ioctl(device->get(), LOOP_CONFIGURE, &config) == 0)
      return LoopDevice{std::move(*device), cat("/dev/", name)};
    if (errno != EBUSY)
      return errno_error(cat("set up ", name));
  }
  return Error(Kind::exhausted, "no loop device is free");
}

} // namespace podstep::prepare

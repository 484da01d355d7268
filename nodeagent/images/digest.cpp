// SHA-256 by OpenSSL: see digest.h.
#include "nodeagent/images/digest.h"
#include "common/fd.h"
#include "common/text.h"
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <unistd.h>
#include <vector>

namespace podstep::images {
namespace {

class Sha256 {
public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void update(const void* data, size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
  std::string finish() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    static constexpr char digits[] = "0123456789abcdef";
    std::string text = "sha256:";
    for (unsigned int i = 0; i < size; ++i)
      text += {digits[bytes[i] >> 4], digits[bytes[i] & 15]};
    return text;
  }

private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

} // namespace

std::string sha256_text(std::string_view text) {
  Sha256 hash;
  hash.update(text.data(), text.size());
  return hash.finish();
}

Result<std::string> sha256_file(const std::string& path, const std::function<void(uint64_t)>& progress) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open ", printable(path)));
  Sha256 hash;
  std::vector<char> buffer(4 << 20); // a stripe of a parallel file system
  for (uint64_t total = 0;;) {
    ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno_error(cat("read ", printable(path)));
    if (got == 0)
      return hash.finish();
    hash.update(buffer.data(), static_cast<size_t>(got));
    progress(total += static_cast<uint64_t>(got));
  }
}

} // namespace podstep::images

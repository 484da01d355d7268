// SHA-256 of texts and of large files, as `sha256:<hex>`.
#pragma once
#include "common/result.h"
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace podstep::images {

std::string sha256_text(std::string_view text);
/// Reads the whole file once; `progress` is called now and then with the bytes read so far.
Result<std::string> sha256_file(const std::string& path, const std::function<void(uint64_t)>& progress);

} // namespace podstep::images

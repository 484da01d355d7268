// Replays a corpus through a fuzz target without a fuzzer: `replay-TARGET FILE|DIRECTORY...`, and mutations
// of each file, the same ones every time. With clang, link the targets with -fsanitize=fuzzer instead.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

/// Mutations per file; chosen so that one target takes seconds.
constexpr int rounds = 300;

void feed(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

/// One small change: a byte flipped, a piece removed, a piece doubled.
std::string mutate(std::string bytes, std::minstd_rand& random) {
  if (bytes.empty())
    return std::string(1, static_cast<char>(random()));
  size_t at = random() % bytes.size();
  size_t length = std::min<size_t>(1 + random() % 16, bytes.size() - at);
  switch (random() % 3) {
  case 0:
    bytes[at] = static_cast<char>(random());
    break;
  case 1:
    bytes.erase(at, length);
    break;
  default:
    bytes.insert(at, bytes.substr(at, length));
  }
  return bytes;
}

std::vector<fs::path> files_of(int count, char** names) {
  std::vector<fs::path> files;
  for (int i = 0; i < count; ++i) {
    if (!fs::is_directory(names[i])) {
      files.emplace_back(names[i]);
      continue;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(names[i]))
      if (entry.is_regular_file())
        files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> files = files_of(argc - 1, argv + 1);
  std::minstd_rand random(4459);
  for (const fs::path& path : files) {
    std::ifstream stream(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    feed(bytes);
    std::string changed = bytes;
    for (int i = 0; i < rounds; ++i) {
      changed = i % 10 == 0 ? mutate(bytes, random) : mutate(std::move(changed), random);
      feed(changed);
    }
  }
  std::printf("%zu files, %d mutations each\n", files.size(), rounds);
  return files.empty() ? 1 : 0;
}

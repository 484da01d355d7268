// Following what libraries need: see libraries.h.
#include "containerd-shim/libraries.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/path.h"
#include "common/text.h"
#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>

namespace podstep::shim {

namespace {

constexpr std::string_view directories[] = {"/lib/x86_64-linux-gnu",
                                            "/usr/lib/x86_64-linux-gnu",
                                            "/lib/aarch64-linux-gnu",
                                            "/usr/lib/aarch64-linux-gnu",
                                            "/lib64",
                                            "/usr/lib64",
                                            "/lib",
                                            "/usr/lib",
                                            "/usr/local/lib",
                                            "/usr/local/lib64",
                                            "/usr/local/cuda/lib64"};
constexpr std::string_view libc_name = "libc.so.6";

/// Files of the C library: they go together and with the loader, which is the image's.
bool is_glibc(std::string_view name) {
  constexpr std::string_view family[] = {"libc.so.",   "libm.so.",  "libmvec.so.",   "libpthread.so.",
                                         "libdl.so.",  "librt.so.", "libresolv.so.", "libutil.so.",
                                         "libanl.so.", "ld-linux"};
  return std::any_of(std::begin(family), std::end(family),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

Result<Elf> read_file_elf(Result<OwnedFd> file, const std::string& name) {
  if (!file)
    return std::move(file).error();
  struct stat st {};
  if (::fstat(file->get(), &st) != 0)
    return errno_error(cat("stat ", name));
  if (!S_ISREG(st.st_mode))
    return Error(Kind::invalid, cat(name, " is no regular file"));
  return read_elf(file->get(), name);
}

Result<Elf> on_node(const std::string& path) {
  OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid())
    return errno_error(cat("open ", path));
  return read_file_elf(std::move(file), path);
}

class Image {
public:
  static Result<Image> open(const std::string& path) {
    OwnedFd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root.valid())
      return errno_error(cat("open ", path));
    return Image(std::move(root));
  }
  /// The first readable library of that name and machine in the image's usual directories.
  std::optional<Elf> find(std::string_view name, uint16_t machine) const {
    for (std::string_view directory : directories) {
      std::string path = cat(directory, "/", name);
      auto elf = read_file_elf(open_in_root(root_.get(), path, O_RDONLY | O_NONBLOCK), path);
      if (elf && elf->machine == machine)
        return std::move(*elf);
    }
    return std::nullopt;
  }

private:
  explicit Image(OwnedFd root) : root_(std::move(root)) {}
  OwnedFd root_;
};

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}
std::string directory_name(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string expand_origin(std::string directory, const std::string& origin) {
  for (std::string_view token : {"$ORIGIN", "${ORIGIN}"})
    if (directory.starts_with(token))
      return origin + directory.substr(token.size());
  return directory;
}

/// Where the node has what `path` needs; as ld.so(8), but for its cache.
Result<std::string> find_beside(const std::string& path, const Elf& elf, const std::string& name) {
  std::vector<std::string> where{directory_name(path)};
  for (const std::string& directory : split(elf.search, ':'))
    where.push_back(expand_origin(directory, directory_name(path)));
  for (const std::string& directory : where)
    if (auto found = on_node(cat(directory, "/", name)); found && found->machine == elf.machine)
      return cat(directory, "/", name);
  return find_on_node(name);
}

/// Whether the image's file has every version that `elf` needs of it.
bool suffices(const Elf& found, const Elf& elf, const std::string& name) {
  return std::all_of(elf.needs.begin(), elf.needs.end(), [&](const VersionNeed& need) {
    return need.file != name ||
           std::find(found.defines.begin(), found.defines.end(), need.version) != found.defines.end();
  });
}

std::string text_of(Glibc version) {
  return cat(version.first, ".", version.second);
}

Glibc newest(const std::vector<std::string>& versions) {
  Glibc out{0, 0};
  for (const std::string& name : versions)
    out = std::max(out, glibc_version(name).value_or(Glibc{0, 0}));
  return out;
}

/// The work of collect_libraries(): one file after another, each name once.
class Collection {
public:
  explicit Collection(Image image) : image_(std::move(image)) {}

  Result<void> add(const std::string& path) {
    PODSTEP_TRY(Elf elf, on_node(path));
    PODSTEP_CHECK(check_libc(elf, path));
    place(base_name(path), path);
    if (!elf.soname.empty() && elf.soname.find('/') == elf.soname.npos)
      place(elf.soname, path);
    if (out_.files.size() > limits::fabric_files)
      return Error(Kind::exhausted,
                   cat(path, ": with what it needs these are more than ", limits::fabric_files, " files"));
    pending_.emplace_back(path, std::move(elf));
    return {};
  }

  Result<Libraries> finish() {
    while (!pending_.empty()) {
      auto [path, elf] = std::move(pending_.back());
      pending_.pop_back();
      for (const std::string& name : elf.needed)
        PODSTEP_CHECK(follow(path, elf, name));
    }
    return std::move(out_);
  }

private:
  void place(const std::string& name, const std::string& path) {
    if (names_.insert(name).second)
      out_.files.push_back({name, path});
  }

  Result<void> follow(const std::string& path, const Elf& elf, const std::string& name) {
    if (is_glibc(name) || names_.contains(name) || name.find('/') != name.npos)
      return {};
    auto inside = image_.find(name, elf.machine);
    if (inside && suffices(*inside, elf, name))
      return {};
    auto found = find_beside(path, elf, name);
    if (found)
      return add(*found);
    names_.insert(name);
    out_.missing.push_back(cat(printable(name), ", which ", path, " needs, is neither in the image ",
                               inside ? "in the version needed " : "", "nor on the node"));
    return {};
  }

  Result<void> check_libc(const Elf& elf, const std::string& path) {
    if (machine_ == 0) {
      machine_ = elf.machine;
      auto libc = image_.find(libc_name, machine_);
      if (!libc)
        return Error(Kind::invalid,
                     cat("the image has no glibc (", libc_name, " of this machine), which ", path, " needs"),
                     "build the image on a distribution with glibc; musl (Alpine) does not do");
      has_ = newest(libc->defines);
    }
    if (elf.machine != machine_)
      return Error(Kind::invalid, cat(path, " is for another machine than the libraries before it"));
    for (const VersionNeed& need : elf.needs)
      if (auto wants = glibc_version(need.version); wants && *wants > has_)
        return Error(Kind::invalid,
                     cat("the image has glibc ", text_of(has_), ", but ", path, " needs ", text_of(*wants)),
                     cat("build the image on a distribution with glibc ", text_of(*wants), " or newer"));
    return {};
  }

  Image image_;
  uint16_t machine_ = 0;
  Glibc has_{0, 0};
  std::set<std::string> names_;
  std::vector<std::pair<std::string, Elf>> pending_;
  Libraries out_;
};

} // namespace

std::optional<Glibc> glibc_version(std::string_view name) {
  constexpr std::string_view prefix = "GLIBC_";
  if (name == "GLIBC_ABI_DT_RELR")
    return Glibc{2, 36};
  if (!name.starts_with(prefix))
    return std::nullopt;
  std::vector<std::string> numbers = split(name.substr(prefix.size()), '.');
  if (numbers.size() < 2 || numbers.size() > 3)
    return std::nullopt;
  auto major = parse_int(numbers[0], 0, 1000), minor = parse_int(numbers[1], 0, 1000);
  if (!major || !minor)
    return std::nullopt;
  return Glibc{int(*major), int(*minor)};
}

Result<std::string> find_on_node(const std::string& name) {
  for (std::string_view directory : directories)
    if (std::string path = cat(directory, "/", name); on_node(path))
      return path;
  return Error(Kind::not_found, cat(printable(name), " is on this node in none of the usual directories"));
}

Result<Libraries> collect_libraries(const std::vector<std::string>& roots, const std::string& image) {
  PODSTEP_TRY(Image inside, Image::open(image));
  Collection collection(std::move(inside));
  for (const std::string& path : roots)
    PODSTEP_CHECK(collection.add(path));
  return collection.finish();
}

} // namespace podstep::shim

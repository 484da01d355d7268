// A flat image from a directory, and the mksquashfs line that all flat images share: see import.h.
#include "common/file.h"
#include "nodeagent/images/account.h"
#include "nodeagent/images/import.h"
#include "nodeagent/images/layout.h"
#include <algorithm>
#include <climits>
#include <cstdlib>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::images {
namespace {

/// The options are part of what made the file, and recorded with it. zstd: a tenth of gzip's time to read,
/// and every kernel since 4.14 has it; -exit-on-error because an unreadable file would else silently become
/// an empty one.
const std::vector<std::string> squash_options{"-noappend",
                                              "-no-progress",
                                              "-quiet",
                                              "-no-recovery",
                                              "-exit-on-error",
                                              "-one-file-system",
                                              "-all-root",
                                              "-no-xattrs",
                                              "-comp",
                                              "zstd",
                                              "-Xcompression-level",
                                              "3",
                                              "-mkfs-time",
                                              "0",
                                              "-action",
                                              "exclude@type(c)||type(b)||type(s)",
                                              "-action",
                                              "chmod(ug-s)@true"};

Result<std::string> absolute_directory(const std::string& path) {
  char resolved[PATH_MAX];
  struct stat st;
  if (!::realpath(path.c_str(), resolved) || ::stat(resolved, &st) != 0)
    return errno_error(cat("open ", printable(path)));
  if (!S_ISDIR(st.st_mode))
    return Error(Kind::invalid, cat(printable(path), " is not a directory"),
                 "`podstep image import` takes archives and registries");
  return std::string(resolved);
}

/// mksquashfs would take every processor and a quarter of the memory of the machine, also where the job has
/// less: so it gets the processors of its affinity, and this much for its buffers.
std::vector<std::string> bounds() {
  constexpr int most_processors = 64; // beyond that the reading thread is what it waits for
  cpu_set_t set;
  const bool known = ::sched_getaffinity(0, sizeof set, &set) == 0; // not where there are more than 1024
  return {"-mem", "512M", "-processors",
          cat(known ? std::min(CPU_COUNT(&set), most_processors) : most_processors)};
}

/// Whether `path` is `directory` or lies below it; both absolute and resolved.
bool within(const std::string& path, const std::string& directory) {
  return directory == "/" || path == directory || path.starts_with(directory + "/");
}

} // namespace

Result<std::string> flatten(const Work& work, const std::string& directory) {
  std::vector<std::string> argv{"mksquashfs", directory, flat_file(work)};
  for (const std::vector<std::string>& options : {squash_options, bounds()})
    argv.insert(argv.end(), options.begin(), options.end());
  auto made =
      work.run("making the flat file", std::move(argv), true, [&] { return bytes_at(flat_file(work)); });
  if (!made)
    return std::move(made).error();
  Tool version;
  version.argv = {"mksquashfs", "-version"};
  auto said = run_tool(version);
  std::string first = said ? said->output.substr(0, said->output.find('\n')) : "mksquashfs";
  return cat(first, "; ", join(squash_options, " "));
}

Result<Image> build_image(const BuildOptions& options, Watch watch) {
  PODSTEP_TRY(std::string name, normalised_name(options.name));
  PODSTEP_TRY(std::string directory, absolute_directory(options.directory));
  PODSTEP_TRY(Account account, account_in(directory, options.user));
  PODSTEP_TRY(Work work, Work::begin(options.store, name, std::move(watch)));
  PODSTEP_TRY(std::string store, absolute_directory(options.store));
  if (within(store, directory))
    return Error(Kind::invalid,
                 cat("the image store ", store, " lies inside ", directory, ", which is to be the image"),
                 "choose another store with --store DIR");
  Image image;
  image.config = options.config;
  image.config.os = "linux";
  image.config.uid = account.uid;
  image.config.gid = account.gid;
  image.source = cat(built_from, directory);
  PODSTEP_TRY(image.converter, flatten(work, directory));
  return work.publish(std::move(image));
}

namespace {

/// The names of one store that mean this digest.
std::vector<std::string> names_of(const std::string& store, const std::string& digest) {
  std::vector<std::string> names;
  for (const Image& image : list(Stores{store, "", ""}))
    if (image.digest == digest && !image.name.empty())
      names.push_back(image.name);
  return names;
}

Result<void> unlink_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_error(cat("remove ", path));
  return {};
}

} // namespace

Result<void> remove_image(const std::string& store, const std::string& name_or_digest, Watch watch) {
  std::string digest = name_or_digest;
  bool by_name = !wire::is_digest(name_or_digest);
  std::string name;
  if (by_name) {
    PODSTEP_TRY(name, normalised_name(name_or_digest));
    auto named = named_digest(store, name);
    if (!named && named.error().kind == Kind::not_found)
      return Error(Kind::not_found, cat("there is no image ", name, " in ", store),
                   "`podstep image ls` lists the images");
    digest = named.value_or(""); // a damaged entry has nothing behind it
  }
  PODSTEP_TRY(Work work, Work::begin(store, by_name ? name : digest, std::move(watch)));
  if (by_name)
    PODSTEP_CHECK(unlink_file(layout::index_entry(store, name)));
  if (digest.empty())
    return {};
  if (auto names = names_of(store, digest); !names.empty())
    return by_name ? Result<void>()
                   : Error(Kind::conflict, cat(digest, " is still called ", join(names, ", ")),
                           cat("podstep image rm ", join(names, " ")));
  if (!by_name && !exists(layout::metadata(store, digest)))
    return Error(Kind::not_found, cat("there is no image ", digest, " in ", store),
                 "`podstep image ls` lists the images");
  PODSTEP_CHECK(unlink_file(layout::metadata(store, digest)));
  return unlink_file(layout::file(store, digest));
}

} // namespace podstep::images

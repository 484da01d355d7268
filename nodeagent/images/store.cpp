// Looking images up: see store.h.
#include "nodeagent/images/store.h"
#include "common/file.h"
#include "common/install.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/images/layout.h"
#include "nodeagent/images/metadata.h"
#include "nodeagent/images/superblock.h"
#include "nodeagent/record/record.h"
#include <algorithm>
#include <cstdlib>
#include <dirent.h>
#include <memory>
#include <set>

namespace podstep::images {
namespace {

constexpr size_t index_entry_bytes = 256, site_entry_bytes = 4096;

/// The names in a directory; none when it cannot be read.
std::vector<std::string> entries(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  std::vector<std::string> names;
  while (struct dirent* entry = dir ? ::readdir(dir.get()) : nullptr)
    if (entry->d_name[0] != '.')
      names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

/// The image of a digest in one store, metadata only.
Result<Image> read_image(const std::string& store, const std::string& digest) {
  std::string path = layout::metadata(store, digest);
  PODSTEP_TRY(std::string text, read_file(path, metadata_bytes));
  auto image = decode_metadata(text);
  if (!image)
    return std::move(image).error().in(path);
  if (image->digest != digest)
    return Error(Kind::invalid, cat(path, " describes another image, ", image->digest),
                 "import the image again");
  image->path = layout::file(store, digest);
  return image;
}

Result<void> check_whole(const Image& image) {
  PODSTEP_TRY(FlatFile file, check_flat_file(image.path));
  if (file.bytes != image.bytes)
    return Error(Kind::invalid,
                 cat("the image ", image.path, " has ", file.bytes, " bytes; it was made with ", image.bytes),
                 "import it again");
  return {};
}

Result<void> check_architecture(const Image& image, const Stores& stores) {
  const std::string& made_for = image.config.architecture;
  if (stores.architecture.empty() || made_for.empty() || made_for == stores.architecture)
    return {};
  return Error(
      Kind::unsupported,
      cat("the image ", image.name, " is made for ", made_for, "; this node is ", stores.architecture),
      cat("podstep image import --arch ", stores.architecture, " docker://... ", image.name));
}

Result<Image> find_path(const std::string& path) {
  auto checked = check_flat_file(path);
  if (!checked) {
    Error error = std::move(checked).error();
    if (error.hint.empty())
      error.hint = "a path must lead to a .sqsh file that you can read, here and on the nodes";
    return error;
  }
  const FlatFile& file = *checked;
  std::string beside = path.ends_with(".sqsh") ? path.substr(0, path.size() - 5) + ".json" : "";
  if (!beside.empty() && exists(beside)) {
    PODSTEP_TRY(std::string text, read_file(beside, metadata_bytes));
    auto image = decode_metadata(text);
    if (!image)
      return std::move(image).error().in(beside);
    image->path = path;
    return image;
  }
  Image image;
  image.digest = file.identity;
  image.path = path;
  image.bytes = file.bytes;
  image.source = path;
  return image;
}

/// The digest that `name` means in one store. Error: not_found, or that the index is damaged.
Result<std::string> resolve(const std::string& store, const std::string& name) {
  if (wire::is_digest(name))
    return name;
  auto digest = named_digest(store, name);
  size_t at = name.find('@');
  if (!digest && digest.error().kind == Kind::not_found && at != name.npos)
    return name.substr(at + 1);
  return digest;
}

Error nowhere(const std::string& name, const Stores& stores) {
  std::string where = stores.user;
  if (!stores.site.empty())
    where += cat(where.empty() ? "" : " nor ", stores.site);
  bool digest = wire::is_digest(name);
  return Error(Kind::not_found, cat("there is no image ", name, " in ", where),
               digest ? "`podstep image ls` lists the images" : cat("podstep image import docker://", name));
}

} // namespace

Result<Stores> default_stores() {
  Stores stores;
  stores.architecture = machine_architecture();
  const char* own = ::getenv("PODSTEP_STORE");
  if (own && *own) {
    if (own[0] != '/')
      return Error(Kind::invalid, cat("PODSTEP_STORE is ", printable(own), ", not an absolute path"),
                   "export PODSTEP_STORE=/absolute/path");
    stores.user = own;
  } else {
    PODSTEP_TRY(std::string state, record::state_directory());
    stores.user = state + "/images";
  }
  const char* site = ::getenv(wire::env_store);
  if (site && site[0] == '/')
    stores.site = site;
  else if (auto configured = read_file(install::config("store"), site_entry_bytes))
    stores.site = std::string(trim(*configured));
  return stores;
}

Result<Image> find(const Stores& stores, const std::string& name) {
  Result<Image> image = Error();
  if (name.starts_with('/')) {
    image = find_path(name);
    if (!image)
      return image;
  } else {
    std::string canonical = name;
    if (!wire::is_digest(name)) {
      PODSTEP_TRY(canonical, normalised_name(name));
    }
    image = nowhere(canonical, stores);
    for (const std::string& store : {stores.user, stores.site}) {
      if (store.empty())
        continue;
      auto digest = resolve(store, canonical);
      auto found = digest ? read_image(store, *digest) : Result<Image>(digest.error());
      if (!found && found.error().kind == Kind::not_found)
        continue;
      if (!found)
        return found;
      found->site = store == stores.site;
      PODSTEP_CHECK(check_whole(*found));
      image = std::move(found);
      break;
    }
    if (!image)
      return image;
  }
  image->name = name;
  PODSTEP_CHECK(check_architecture(*image, stores));
  return image;
}

Result<std::string> named_digest(const std::string& store, std::string_view canonical) {
  PODSTEP_TRY(std::string text, read_file(layout::index_entry(store, canonical), index_entry_bytes));
  std::string digest = text.substr(0, text.find('\n'));
  if (!wire::is_digest(digest))
    return Error(Kind::invalid, cat("the index of ", store, " is damaged at ", printable(canonical)),
                 cat("podstep image rm ", canonical, " and import it again"));
  return digest;
}

std::string tag_digest(const std::string& store, std::string_view canonical) {
  auto text = read_file(layout::index_entry(store, canonical), index_entry_bytes);
  const size_t end = text ? text->find('\n') : std::string::npos;
  std::string digest(end == std::string::npos ? std::string_view()
                                              : trim(std::string_view(*text).substr(end)));
  return wire::is_digest(digest) ? digest : "";
}

std::vector<Image> list(const Stores& stores) {
  std::vector<Image> images;
  for (const std::string& store : {stores.user, stores.site}) {
    if (store.empty())
      continue;
    std::set<std::string> named;
    auto add = [&](const std::string& name, const std::string& digest) {
      auto found = read_image(store, digest);
      Image image = found && check_whole(*found) ? *found : Image{};
      image.name = name;
      image.digest = digest;
      image.path = layout::file(store, digest);
      image.site = store == stores.site;
      images.push_back(std::move(image));
    };
    for (const std::string& file : entries(layout::index(store)))
      if (auto name = index_name(file))
        if (auto digest = named_digest(store, *name)) {
          add(*name, *digest);
          named.insert(*digest);
        }
    for (const std::string& file : entries(layout::blobs(store))) {
      std::string digest = cat("sha256:", file.substr(0, file.find('.')));
      if (file.ends_with(".json") && wire::is_digest(digest) && !named.contains(digest))
        add("", digest);
    }
  }
  return images;
}

namespace {
/// The command that makes a corrupt image anew; an image that was built has the options of its configuration
/// too.
std::string how_to_mend(const Image& image) {
  const std::string name = wire::is_digest(image.name) ? "NAME" : image.name;
  if (image.source.starts_with(built_from))
    return cat("podstep image build ", image.source.substr(std::string_view(built_from).size()), " ", name,
               ", with the options it was built with");
  return cat("podstep image import --again ", image.source, " ", name);
}
} // namespace

Result<void> verify(const Image& image, const std::function<void(uint64_t)>& progress) {
  if (image.file_digest.empty())
    return Error(Kind::unsupported, cat(image.path, " has no recorded digest"),
                 "only images that `podstep image` made can be verified");
  PODSTEP_TRY(std::string digest, sha256_file(image.path, progress));
  if (digest != image.file_digest)
    return Error(Kind::invalid,
                 cat("the image ", image.path, " is corrupt: its digest is ", digest, ", recorded is ",
                     image.file_digest),
                 how_to_mend(image));
  return {};
}

} // namespace podstep::images

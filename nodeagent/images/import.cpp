// Import: skopeo brings the image into the store's scratch space, umoci unpacks it, mksquashfs makes it flat.
// See import.h.
#include "nodeagent/images/import.h"
#include "common/file.h"
#include "nodeagent/images/account.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/images/layout.h"
#include "nodeagent/images/metadata.h"
#include "nodeagent/images/unpacked.h"
#include "nodeagent/k8s/codec.h"
#include <boost/json.hpp>
#include <cstdlib>

namespace podstep::images {
namespace {

namespace json = boost::json;

/// The forms of a source that are understood; a directory or file of the caller's is made absolute by skopeo
/// itself.
Result<void> check_source(const std::string& source) {
  for (std::string_view form : {"docker://", "oci:", "docker-archive:"})
    if (source.starts_with(form) && source.size() > form.size())
      return {};
  return Error(Kind::invalid, cat("`", printable(source), "` is no source of an image"),
               "use docker://NAME, oci:DIRECTORY[:TAG] or docker-archive:FILE");
}

Result<std::string> name_for(const ImportOptions& options) {
  if (!options.name.empty())
    return normalised_name(options.name);
  if (options.source.starts_with(docker_scheme))
    return normalised_name(options.source);
  return Error(Kind::invalid, cat("the image from ", printable(options.source), " has no name"),
               cat("podstep image import ", printable(options.source), " NAME"));
}

std::string layout_directory(const Work& work) {
  return work.scratch() + "/oci";
}

/// The source as skopeo takes it: of a name with tag and digest, the digest decides, and skopeo refuses both.
std::string skopeo_source(const std::string& source) {
  const size_t at = source.find('@'), slash = source.rfind('/', at), tag = source.find(':', slash);
  if (!source.starts_with(docker_scheme) || at == source.npos || tag == source.npos || tag > at)
    return source;
  return source.substr(0, tag) + source.substr(at);
}

/// What goes wrong with a source, with what to do about it.
Error source_error(Error error, const ImportOptions& options) {
  if (error.message.find("no image found in manifest list") != error.message.npos)
    return Error(Kind::unsupported, cat(options.source, " has no image for ", options.architecture),
                 "choose another with --arch");
  if (error.hint.empty())
    error.hint = options.source.starts_with(docker_scheme)
                     ? "check the name; `skopeo login` for a private registry, --insecure for one without TLS"
                     : "check that the file or directory is a whole image";
  return error;
}

/// What a name in a registry means now.
struct Tag {
  std::string digest; ///< of the manifest, or of the list of manifests
  uint64_t bytes = 0; ///< of all layers, as they come; 0 for a list, which does not say
};

/// Asks the registry. A name with a digest means the same for ever: nobody is asked.
Result<Tag> ask_registry(const Work& work, const ImportOptions& options) {
  if (const size_t at = options.source.find('@'); at != options.source.npos)
    return Tag{options.source.substr(at + 1), 0};
  std::vector<std::string> argv{"skopeo", "--tmpdir", work.scratch(), "inspect", "--raw"};
  if (options.insecure)
    argv.push_back("--tls-verify=false");
  argv.push_back(options.source);
  auto manifest = work.run(cat("fetching ", options.source), std::move(argv), false, {});
  if (!manifest)
    return source_error(std::move(manifest).error(), options);
  Tag tag{sha256_text(*manifest), 0};
  auto parsed = k8s::parse_json(*manifest, metadata_bytes);
  const json::value* layers =
      parsed && parsed->is_object() ? parsed->get_object().if_contains("layers") : nullptr;
  if (layers && layers->is_array())
    for (const json::value& layer : layers->get_array())
      if (const json::value* size = layer.is_object() ? layer.get_object().if_contains("size") : nullptr;
          size && size->is_int64() && size->get_int64() > 0)
        tag.bytes += static_cast<uint64_t>(size->get_int64());
  return tag;
}

Result<void> copy_to_layout(const Work& work, const ImportOptions& options, uint64_t total) {
  std::vector<std::string> argv{
      "skopeo",        "--tmpdir", work.scratch(), "--override-arch", options.architecture,
      "--override-os", "linux"};
  // A site's signature policy is respected; without any, skopeo refuses to do anything.
  if (const char* home = ::getenv("HOME"); !exists("/etc/containers/policy.json") &&
                                           !(home && exists(cat(home, "/.config/containers/policy.json"))))
    argv.push_back("--insecure-policy");
  argv.insert(argv.end(), {"copy", "--quiet"});
  if (options.insecure)
    argv.push_back("--src-tls-verify=false");
  argv.insert(argv.end(), {skopeo_source(options.source), cat("oci:", layout_directory(work), ":image")});
  std::string blobs = layout_directory(work) + "/blobs/sha256";
  auto copied = work.run(
      cat("fetching ", options.source), std::move(argv), false, [&] { return bytes_at(blobs); }, total);
  return copied ? Result<void>() : source_error(std::move(copied).error(), options);
}

/// A blob of the layout, by the digest in a descriptor (OCI image specification, descriptor.md).
Result<std::string> read_blob(const Work& work, const json::value& descriptor) {
  const json::value* digest =
      descriptor.is_object() ? descriptor.get_object().if_contains("digest") : nullptr;
  if (!digest || !digest->is_string() || !wire::is_digest(std::string_view(digest->get_string())))
    return Error(Kind::invalid, "the image's manifest has no sha256 digest where one must be");
  std::string_view hex = wire::digest_hex(std::string_view(digest->get_string()));
  return read_file(cat(layout_directory(work), "/blobs/sha256/", hex), metadata_bytes);
}

Result<json::value> member(const json::value& object, std::string_view name) {
  const json::value* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  if (!found)
    return Error(Kind::invalid, cat("the image's manifest has no `", name, "`"));
  return *found;
}

struct Fetched {
  std::string digest; ///< of the manifest
  OciConfig config;
};

/// What skopeo put there: index.json, the one manifest, its configuration.
Result<Fetched> read_layout(const Work& work) {
  PODSTEP_TRY(std::string index_text, read_file(layout_directory(work) + "/index.json", metadata_bytes));
  PODSTEP_TRY(json::value index, k8s::parse_json(index_text, metadata_bytes));
  PODSTEP_TRY(json::value manifests, member(index, "manifests"));
  if (!manifests.is_array() || manifests.get_array().size() != 1)
    return Error(Kind::invalid, "the fetched image has not exactly one manifest");
  const json::value& descriptor = manifests.get_array()[0];
  PODSTEP_TRY(std::string manifest_text, read_blob(work, descriptor));
  PODSTEP_TRY(json::value manifest, k8s::parse_json(manifest_text, metadata_bytes));
  PODSTEP_TRY(json::value config_descriptor, member(manifest, "config"));
  PODSTEP_TRY(std::string config_text, read_blob(work, config_descriptor));
  Fetched fetched;
  fetched.digest = std::string(descriptor.at("digest").get_string());
  PODSTEP_TRY(fetched.config, decode_oci_config(config_text));
  return fetched;
}

Result<Image> convert(const Work& work, const ImportOptions& options, Fetched fetched) {
  std::string root = work.scratch() + "/rootfs";
  UnpackGuard guard(root, bytes_at(layout_directory(work) + "/blobs/sha256"));
  // Rootless: ids that the one-line map lacks are not set; all files end as one owner's anyway.
  auto unpacked = work.run(
      "unpacking",
      {"umoci", "raw", "unpack", "--rootless", "--image", cat(layout_directory(work), ":image"), root}, true,
      {}, 0, [&] { return guard.look(); });
  if (!unpacked)
    return std::move(unpacked).error();
  PODSTEP_CHECK(guard.measure());
  Image image;
  image.digest = fetched.digest;
  image.config = std::move(fetched.config.config);
  PODSTEP_TRY(Account account, account_in(root, fetched.config.user));
  image.config.uid = account.uid;
  image.config.gid = account.gid;
  image.source = options.source;
  PODSTEP_TRY(image.converter, flatten(work, root));
  return work.publish(std::move(image));
}

/// The image of that name in this store alone, whose file has its size; not found where it is to be made
/// anew.
Result<Image> find_here(const ImportOptions& options, const std::string& name) {
  if (options.again)
    return Error(Kind::not_found, name);
  return find(Stores{options.store, "", options.architecture}, name);
}

} // namespace

Result<Image> import_image(const ImportOptions& options, Watch watch) {
  PODSTEP_CHECK(check_source(options.source));
  PODSTEP_TRY(std::string name, name_for(options));
  // Before the lock too: then a job on many nodes need not be able to write the store.
  if (options.if_missing)
    if (auto there = find_here(options, name))
      return there;
  PODSTEP_TRY(Work work, Work::begin(options.store, name, std::move(watch)));
  if (options.if_missing)
    if (auto there = find_here(options, name))
      return there;
  uint64_t total = 0;
  if (options.source.starts_with(docker_scheme)) {
    PODSTEP_TRY(Tag tag, ask_registry(work, options));
    if (tag.digest == tag_digest(options.store, name))
      if (auto there = find_here(options, name))
        return there;
    work.set_tag(std::move(tag.digest));
    total = tag.bytes;
  }
  PODSTEP_CHECK(copy_to_layout(work, options, total));
  PODSTEP_TRY(Fetched fetched, read_layout(work));
  const std::string& made_for = fetched.config.config.architecture;
  if (made_for != options.architecture)
    return Error(
        Kind::unsupported,
        cat(options.source, " is made for ", printable(made_for), "; wanted is ", options.architecture),
        cat("choose an image for ", options.architecture, ", or --arch ", printable(made_for)));
  // The same contents under another name: nothing to convert.
  if (auto there = find_here(options, fetched.digest)) {
    PODSTEP_CHECK(work.point(fetched.digest));
    there->name = name;
    return there;
  }
  return convert(work, options, std::move(fetched));
}

} // namespace podstep::images

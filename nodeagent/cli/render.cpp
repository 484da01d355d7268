// `podstep render FILE`: see render.h.
#include "nodeagent/cli/render.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/spool.h"
#include "nodeagent/images/digest.h"
#include "nodeagent/k8s/codec.h"
#include "nodeagent/k8s/first_use.h"
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <set>

namespace podstep::cli {

namespace json = boost::json;

namespace {

/// One entry of `images`; what is in no store but importable has an empty digest: the job's first node
/// imports it.
struct Resolved {
  json::object entry;
  std::string site_digest;
};

/// Sources that only `podstep image import` takes: what they mean depends on the machine and the directory.
bool is_local_source(const std::string& name) {
  for (std::string_view form : {"oci:", "docker-archive:"})
    if (name.starts_with(form))
      return true;
  return false;
}

/// Why an image that is in no store cannot be imported by the job either, with what to do.
Error nowhere(Error error, const std::string& name, const std::string& policy) {
  if (policy == "Never" && k8s::is_importable(name)) {
    error.message += "; its imagePullPolicy is Never, so the job does not import it";
    error.hint += ", or write imagePullPolicy: IfNotPresent";
  } else if (!name.starts_with('/') && !wire::is_digest(name)) {
    error.hint += cat("; or write ", k8s::docker_scheme, printable(name),
                      ", and the job imports it from Docker Hub at its first use");
  }
  return error;
}

Result<Resolved> resolve(const std::string& name, const std::string& policy, const images::Stores& stores) {
  if (is_local_source(name))
    return Error(Kind::invalid, cat("`", printable(name), "` is no image but a source of one"),
                 cat("podstep image import ", printable(name), " NAME, and write image: NAME"));
  if (policy == "Always" && !k8s::is_importable(name))
    return Error(Kind::invalid,
                 cat("imagePullPolicy Always needs a registry to ask, and ", printable(name), " names none"),
                 cat("write imagePullPolicy: IfNotPresent; or ", k8s::docker_scheme, "NAME"));
  auto image = images::find(stores, name);
  if (!image && image.error().kind == Kind::not_found && policy != "Never" && k8s::is_importable(name))
    return Resolved{{{"name", name}, {"digest", ""}, {"path", ""}, {"site", false}}, {}};
  if (!image && image.error().kind == Kind::not_found)
    return nowhere(std::move(image).error(), name, policy);
  if (!image)
    return std::move(image).error();
  Resolved resolved;
  resolved.entry = {{"name", name}, {"digest", image->digest}, {"path", image->path}, {"site", image->site}};
  if (image->site)
    resolved.site_digest = image->digest;
  return resolved;
}

std::string write_spec(const std::string& file, const std::vector<k8s::Object>& objects,
                       json::array entries) {
  json::array list;
  for (const k8s::Object& object : objects)
    list.push_back(k8s::encode(object));
  json::object spec{{"version", wire::spec_version}, {"source", file}, {"objects", std::move(list)}};
  spec["images"] = std::move(entries);
  return json::serialize(spec) + "\n";
}

void print(const std::string& file, const std::vector<k8s::FileProblem>& problems) {
  bool unhinted = false;
  for (const k8s::FileProblem& problem : problems) {
    std::fprintf(stderr, "%s:%d:%d: %s\n", printable(file).c_str(), problem.at.line, problem.at.column,
                 problem.message.c_str());
    if (!problem.hint.empty())
      std::fprintf(stderr, "fix: %s\n", problem.hint.c_str());
    unhinted = unhinted || problem.hint.empty();
  }
  if (unhinted)
    std::fputs("fix: change these places; podstep-manifest(7) has every field, its type and its bounds\n",
               stderr);
}

int fail(const Error& error) {
  std::fprintf(stderr, "podstep: %s\n", error.message.c_str());
  if (!error.hint.empty())
    std::fprintf(stderr, "fix: %s\n", error.hint.c_str());
  return 1;
}

} // namespace

Rendered render(const std::string& text, const std::string& file, const images::Stores& stores) {
  k8s::Manifest manifest = k8s::read_manifest(text, file);
  Rendered rendered{{}, {}, std::move(manifest.problems)};
  json::array entries;
  std::set<std::string> site, named;
  for (const k8s::ImageUse& use : manifest.images) {
    auto resolved = resolve(use.name, use.policy, stores);
    if (!resolved) {
      rendered.problems.push_back(
          {use.at, cat(use.path, ": ", resolved.error().message), resolved.error().hint});
      continue;
    }
    if (named.insert(use.name).second)
      entries.push_back(std::move(resolved->entry));
    if (!resolved->site_digest.empty())
      site.insert(resolved->site_digest);
  }
  if (site.size() > limits::images_per_job)
    rendered.problems.push_back(
        {{}, cat("the manifest uses ", site.size(), " images; the limit is ", limits::images_per_job), ""});
  k8s::sort(rendered.problems);
  if (!rendered.problems.empty())
    return rendered;
  rendered.site_images.assign(site.begin(), site.end());
  rendered.spec = write_spec(file, manifest.objects, std::move(entries));
  if (rendered.spec.size() > limits::spec_bytes)
    rendered.problems.push_back(
        {{},
         cat("the rendered manifest has ", rendered.spec.size(), " bytes; the limit is ", limits::spec_bytes),
         ""});
  return rendered;
}

int render_file(const RenderOptions& options) {
  auto text = read_file(options.file, limits::manifest_bytes);
  if (!text) {
    Error error = std::move(text).error();
    if (error.hint.empty())
      error.hint = "give a readable manifest of at most 1 MiB";
    return fail(error);
  }
  auto stores = images::default_stores();
  if (!stores)
    return fail(stores.error());
  Rendered rendered = render(*text, options.file, *stores);
  if (!rendered.problems.empty()) {
    print(options.file, rendered.problems);
    return 1;
  }
  if (!options.spool)
    return std::fwrite(rendered.spec.data(), 1, rendered.spec.size(), stdout) == rendered.spec.size() &&
                   std::fflush(stdout) == 0
               ? 0
               : fail(errno_error("write the spec to stdout"));
  std::string digest = images::sha256_text(rendered.spec);
  auto kept = spool(rendered.spec, digest);
  if (!kept)
    return fail(kept.error());
  std::printf("%s %s\n%s %s\n", std::string(wire::render_spec).c_str(), digest.c_str(),
              std::string(wire::render_images).c_str(), join(rendered.site_images, ",").c_str());
  if (kept->added)
    std::printf("%s %s\n", std::string(wire::render_added).c_str(), kept->path.c_str());
  return std::fflush(stdout) == 0 ? 0 : fail(errno_error("write the spec's digest to stdout"));
}

} // namespace podstep::cli

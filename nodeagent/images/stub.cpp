// Writing stub images into containerd: see stub.h. Sources: OCI image specification (manifest, config),
// containerd's content and images services.
#include "nodeagent/images/stub.h"
#include "common/text.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/images/digest.h"
#include "proto/containerd.pb.h"
#include <boost/json.hpp>

namespace podstep::images {

namespace json = boost::json;

namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* digest_label = "io.podstep.flat";
/// Keeps a blob although nothing refers to it yet (containerd's garbage collection:
/// docs/garbage-collection.md).
constexpr const char* root_label = "containerd.io/gc.root";
constexpr Duration short_call = std::chrono::seconds(20);

/// What Go calls this machine (runtime.GOARCH): containerd finds no image of another architecture.
#if defined(__x86_64__)
constexpr const char* host_architecture = "amd64";
#elif defined(__aarch64__)
constexpr const char* host_architecture = "arm64";
#elif defined(__powerpc64__)
constexpr const char* host_architecture = "ppc64le";
#else
#error "name this machine's architecture as Go does"
#endif

json::array texts(const std::vector<std::string>& items) {
  json::array out;
  for (const std::string& item : items)
    out.emplace_back(item);
  return out;
}

loop::Task<Result<void>> write_blob(cri::Client& client, const std::string& data, const std::string& digest) {
  ::containerd::WriteContentRequest request;
  request.set_action(::containerd::COMMIT);
  request.set_ref(cat("podstep-", digest));
  request.set_total(int64_t(data.size()));
  request.set_expected(digest);
  request.set_data(data);
  (*request.mutable_labels())[root_label] = "1";
  ::containerd::WriteContentResponse reply;
  auto written = co_await client.channel().call("/containerd.services.content.v1.Content/Write", request,
                                                reply, short_call);
  if (!written && written.error().kind != Kind::exists)
    co_return written;
  co_return Result<void>();
}

loop::Task<Result<void>> name_image(cri::Client& client, const std::string& name, const Stub& stub) {
  ::containerd::CreateImageRequest request;
  request.mutable_image()->set_name(name);
  auto* target = request.mutable_image()->mutable_target();
  target->set_media_type(manifest_type);
  target->set_digest(stub.manifest_digest);
  target->set_size(int64_t(stub.manifest.size()));
  ::containerd::CreateImageResponse reply;
  auto created = co_await client.channel().call("/containerd.services.images.v1.Images/Create", request,
                                                reply, short_call);
  if (!created && created.error().kind != Kind::exists)
    co_return created;
  co_return Result<void>();
}

/// CRI learns of a new image by an event, a few milliseconds later.
loop::Task<Result<void>> wait_for_image(cri::Client& client, const std::string& name) {
  constexpr int tries = 500;
  for (int i = 0; i < tries; ++i) {
    PODSTEP_CO_TRY(bool there, co_await client.has_image(name));
    if (there)
      co_return Result<void>();
    co_await loop::sleep(std::chrono::milliseconds(i < 20 ? 1 : 10));
  }
  co_return Error(Kind::timeout, cat("containerd does not show the image ", name, " that was registered"));
}

loop::Task<Result<void>> register_as(cri::Client& client, std::string name, Stub stub) {
  PODSTEP_CO_TRY(bool there, co_await client.has_image(name));
  if (there)
    co_return Result<void>(); // the name is made of the digest, so it is the same image
  PODSTEP_CO_CHECK(co_await write_blob(client, stub.config, stub.config_digest));
  PODSTEP_CO_CHECK(co_await write_blob(client, stub.manifest, stub.manifest_digest));
  PODSTEP_CO_CHECK(co_await name_image(client, name, stub));
  co_return co_await wait_for_image(client, name);
}

} // namespace

Stub make_stub(const ImageConfig& config, const std::string& digest) {
  // Labels and volumes of the image stay out: the first could be read as orders, for the second CRI would lay
  // an empty directory over the path.
  json::object inner{{"Env", texts(config.env)},
                     {"Entrypoint", texts(config.entrypoint)},
                     {"Cmd", texts(config.cmd)},
                     {"WorkingDir", config.working_dir},
                     {"Labels", json::object{{digest_label, digest}}}};
  if (config.uid != 0 || config.gid != 0)
    inner["User"] = cat(config.uid, ":", config.gid);
  json::object outer{{"architecture", host_architecture},
                     {"os", "linux"},
                     {"config", std::move(inner)},
                     {"rootfs", json::object{{"type", "layers"}, {"diff_ids", json::array()}}}};
  Stub stub;
  stub.config = json::serialize(outer);
  stub.config_digest = sha256_text(stub.config);
  json::object reference{
      {"mediaType", config_type}, {"digest", stub.config_digest}, {"size", int64_t(stub.config.size())}};
  stub.manifest = json::serialize(json::object{{"schemaVersion", 2},
                                               {"mediaType", manifest_type},
                                               {"config", std::move(reference)},
                                               {"layers", json::array()}});
  stub.manifest_digest = sha256_text(stub.manifest);
  return stub;
}

std::string reference(const std::string& digest) {
  constexpr size_t enough = 32; // 128 bits name one image among all
  return cat("podstep.io/flat:", digest.substr(digest.find(':') + 1, enough));
}

loop::Task<Result<void>> register_stub(cri::Client& client, ImageConfig config, std::string digest) {
  if (!config.architecture.empty() && config.architecture != host_architecture)
    co_return Error(
        Kind::invalid,
        cat("the image is for ", printable(config.architecture), ", this node is ", host_architecture),
        cat("import the image's ", host_architecture, " variant"));
  auto done = co_await register_as(client, reference(digest), make_stub(config, digest));
  if (!done)
    co_return std::move(done).error().in(cat("register image ", digest));
  co_return done;
}

loop::Task<Result<void>> register_pause(cri::Client& client) {
  ImageConfig config;
  config.entrypoint = {"/pause"};
  auto done = co_await register_as(client, cri::pause_image, make_stub(config, cri::pause_image));
  if (!done)
    co_return std::move(done).error().in("register the sandbox's image");
  co_return done;
}

} // namespace podstep::images

// podstep image: make, list, show and remove flat images.
#include "common/clock.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/cli/image_config.h"
#include "nodeagent/cli/progress.h"
#include "nodeagent/cli/table.h"
#include "nodeagent/cli/word.h"
#include "nodeagent/images/import.h"
#include "nodeagent/images/metadata.h"
#include "nodeagent/images/name.h"
#include "nodeagent/images/report.h"
#include <CLI/CLI.hpp>
#include <climits>
#include <csignal>
#include <cstdlib>

namespace podstep::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;
extern "C" void on_interrupt(int) {
  interrupted = 1;
}

/// SIGINT, SIGTERM and SIGHUP give up in order, so that nothing is left in the store.
images::Watch watch(images::Progress progress) {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  for (int number : {SIGINT, SIGTERM, SIGHUP})
    ::sigaction(number, &action, nullptr);
  // Who listened to the progress may be gone before the store is cleaned up.
  ::signal(SIGPIPE, SIG_IGN);
  return {std::move(progress), &interrupted};
}

images::Progress for_people(ProgressPrinter& printer) {
  return [&printer](const std::string& phase, uint64_t bytes, uint64_t total) {
    printer.show(phase, bytes, total);
  };
}

/// A line for each change, at most one per second within a phase.
images::Progress for_programs() {
  return [last = images::Report(), told = Instant()](const std::string& phase, uint64_t bytes,
                                                     uint64_t total) mutable {
    const images::Report now{phase, bytes, total};
    const Instant at = system_clock().now();
    if (now == last || (now.phase == last.phase && at - told < std::chrono::seconds(1)))
      return;
    last = now;
    told = at;
    std::puts(images::to_line(now).c_str());
    std::fflush(stdout);
  };
}

struct Options {
  std::string store; ///< --store, or empty
  images::ImportOptions import;
  images::BuildOptions build;
  std::string architecture, entrypoint, cmd;
  std::vector<std::string> names;
  std::string output;
  bool verify = false, quiet = false, porcelain = false;
};

Result<std::string> absolute(const std::string& path) {
  if (path.empty() || path[0] == '/')
    return path;
  char here[PATH_MAX];
  if (!::getcwd(here, sizeof here))
    return errno_error("find the working directory");
  return cat(here, "/", path);
}

/// --store alone where it is given, else the user's and the site's.
Result<images::Stores> stores_of(const Options& options) {
  if (options.store.empty())
    return images::default_stores();
  images::Stores stores;
  PODSTEP_TRY(stores.user, absolute(options.store));
  return stores;
}

/// What `ls`, `inspect` and `rm` look at: images of every architecture are shown.
Result<images::Stores> all_stores(const Options& options) {
  PODSTEP_TRY(images::Stores stores, stores_of(options));
  stores.architecture.clear();
  return stores;
}

int report(const Result<images::Image>& image, Instant began) {
  if (!image)
    return fail(image.error());
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(system_clock().now() - began).count();
  std::fprintf(stderr, "%s is ready: %s, %s\n", image->name.c_str(), human_bytes(image->bytes).c_str(),
               human_seconds(seconds).c_str());
  std::printf("%s\n", image->digest.c_str());
  return 0;
}

std::string wanted_architecture(const Options& options) {
  return options.architecture.empty() ? images::machine_architecture() : options.architecture;
}

int run_import(Options& options) {
  auto stores = stores_of(options);
  if (!stores)
    return fail(stores.error());
  options.import.store = stores->user;
  options.import.architecture = wanted_architecture(options);
  Instant began = system_clock().now();
  auto image = [&] {
    ProgressPrinter printer(stderr, system_clock());
    return images::import_image(options.import,
                                watch(options.porcelain ? for_programs() : for_people(printer)));
  }();
  return report(image, began);
}

int run_build(Options& options) {
  auto stores = stores_of(options);
  if (!stores)
    return fail(stores.error());
  options.build.store = stores->user;
  options.build.config.architecture = wanted_architecture(options);
  if (auto set = set_commands(options.build.config, options.entrypoint, options.cmd); !set)
    return fail(set.error());
  Instant began = system_clock().now();
  auto image = [&] {
    ProgressPrinter printer(stderr, system_clock());
    return images::build_image(options.build, watch(for_people(printer)));
  }();
  return report(image, began);
}

int run_ls(const Options& options) {
  auto stores = all_stores(options);
  if (!stores)
    return fail(stores.error());
  Table table({"NAME", "DIGEST", "ARCH", "SIZE", "CREATED", "STORE"});
  for (const images::Image& image : images::list(*stores)) {
    if (options.quiet) {
      std::printf("%s\n", image.digest.c_str());
      continue;
    }
    table.add({image.name.empty() ? "-" : image.name, image.digest.substr(0, 19), image.config.architecture,
               image.bytes ? human_bytes(image.bytes) : "damaged", image.created,
               image.site ? "site" : "user"});
  }
  if (!options.quiet)
    std::fputs(table.text().c_str(), stdout);
  return 0;
}

int run_inspect(const Options& options) {
  auto stores = all_stores(options);
  if (!stores)
    return fail(stores.error());
  for (const std::string& name : options.names) {
    auto image = images::find(*stores, name);
    if (!image)
      return fail(image.error());
    if (options.verify) {
      ProgressPrinter printer(stderr, system_clock());
      auto show = [&](uint64_t bytes) { printer.show(cat("reading ", name), bytes); };
      if (auto verified = images::verify(*image, show); !verified)
        return fail(verified.error());
    }
    std::fputs(images::encode_inspection(*image).c_str(), stdout);
  }
  return 0;
}

int run_rm(const Options& options) {
  auto stores = all_stores(options);
  if (!stores)
    return fail(stores.error());
  ProgressPrinter printer(stderr, system_clock());
  for (const std::string& name : options.names)
    if (auto removed = images::remove_image(stores->user, name, watch(for_people(printer))); !removed)
      return fail(removed.error());
  return 0;
}

void add_import(CLI::App& app, Options& options) {
  CLI::App* word =
      app.add_subcommand("import", "make a flat image from a registry, an OCI layout or a docker archive");
  word->add_option("SOURCE", options.import.source,
                   "docker://NAME, oci:DIRECTORY[:TAG] or docker-archive:FILE")
      ->required();
  word->add_option("NAME", options.import.name, "what manifests call it (default: the name in docker://)");
  word->add_option("--store", options.store, "another store than your own");
  word->add_option("--arch", options.architecture, "amd64, arm64, ... (default: this machine's)");
  word->add_flag("--insecure", options.import.insecure,
                 "a registry without TLS or with an unknown certificate");
  CLI::Option* if_missing = word->add_flag("--if-missing", options.import.if_missing,
                                           "do nothing when an image of that name is there");
  word->add_flag("--again", options.import.again,
                 "make it anew even if it is there: what is there is corrupt")
      ->excludes(if_missing);
  word->add_flag("--porcelain", options.porcelain,
                 "for programs: progress as lines `progress BYTES TOTAL PHASE` on stdout");
  word->footer(
      "Examples:\n  podstep image import docker://debian:12-slim\n  podstep image import oci:./app:1.0 app\n"
      "  docker save app | gzip > app.tar.gz && podstep image import docker-archive:app.tar.gz app");
}

void add_build(CLI::App& app, Options& options) {
  CLI::App* word = app.add_subcommand("build", "make a flat image of a directory");
  word->add_option("DIR", options.build.directory, "becomes the root file system")->required();
  word->add_option("NAME", options.build.name, "what manifests call it")->required();
  word->add_option("--entrypoint", options.entrypoint, R"(JSON list, as in ["/usr/bin/server"])");
  word->add_option("--cmd", options.cmd, "JSON list: arguments of the entrypoint");
  word->add_option("--env", options.build.config.env, "NAME=VALUE; may be given several times")
      ->allow_extra_args(false);
  word->add_option("--workdir", options.build.config.working_dir, "where the entrypoint starts");
  word->add_option("--user", options.build.user,
                   "name or number, and :group, as the image's etc/passwd has it");
  word->add_option("--store", options.store, "another store than your own");
  word->add_option("--arch", options.architecture, "amd64, arm64, ... (default: this machine's)");
  word->footer(
      "Example:\n  podstep image build rootfs/ llama-server --entrypoint '[\"/usr/bin/llama-server\"]'");
}

void add_others(CLI::App& app, Options& options) {
  CLI::App* ls = app.add_subcommand("ls", "list the images of your store and the site's");
  ls->add_option("--store", options.store, "only this store");
  ls->add_flag("-q,--quiet", options.quiet, "digests only");
  CLI::App* inspect = app.add_subcommand("inspect", "show all that is known of an image, as JSON");
  inspect->add_option("NAME", options.names, "name, sha256: digest or path of a .sqsh")->required();
  inspect->add_option("--store", options.store, "only this store");
  inspect->add_flag("--verify", options.verify, "read the whole file and compare its digest");
  CLI::App* rm = app.add_subcommand("rm", "remove names, and the files that lost their last name");
  rm->add_option("NAME", options.names, "name or sha256: digest")->required();
  rm->add_option("--store", options.store, "another store than your own");
}

} // namespace

int image_main(int argc, char** argv) {
  Options options;
  CLI::App app("Flat images: one squashfs file per image in a store on the shared file system.",
               "podstep image");
  app.require_subcommand(1);
  app.footer("Your store is $PODSTEP_STORE, else images/ in ~/.local/state/podstep; names are looked up "
             "there first, then in "
             "the site's.\nSee podstep-images(7).");
  add_import(app, options);
  add_build(app, options);
  add_others(app, options);
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  const std::string word = app.get_subcommands().front()->get_name();
  if (word == "import")
    return run_import(options);
  if (word == "build")
    return run_build(options);
  if (word == "ls")
    return run_ls(options);
  return word == "inspect" ? run_inspect(options) : run_rm(options);
}

} // namespace podstep::cli

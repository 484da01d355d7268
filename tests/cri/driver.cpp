// cri-driver RUN: reads commands from stdin, one per line, and drives a private containerd with them as the
// agent would; answers each with `ok MILLISECONDS command: text` or `failed MILLISECONDS command: error`. For
// tests and benches; runs inside the namespaces that tests/cri/namespaces.sh makes.
//
//   up                                          prepare and start containerd, register the sandbox image
//   image NAME DIGEST FILE                      mount the flat image and register its stub
//   sandbox NAME [shared] [shm=BYTES]           run a sandbox; shared: one pid namespace
//   container NAME SANDBOX IMAGE [user=N] [group=N] [ro] [bytes=N] [mount=HOST:INSIDE] -- SHELL TEXT
//   start|status|wait|remove|log NAME           of a container; wait: until it has exited, by events
//   stop NAME SECONDS | exec NAME SECONDS -- SHELL TEXT
//   stop-sandbox NAME | remove-sandbox NAME | list | lost | host SHELL TEXT | kill-containerd | down
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/text.h"
#include "common/wire_runtime.h"
#include "nodeagent/cri/client.h"
#include "nodeagent/cri/containerd.h"
#include "nodeagent/images/mount.h"
#include "nodeagent/images/stub.h"
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace {

using namespace podstep;
using Answer = Result<std::string>;

/// A command line: the words before `--`, and the text after it.
struct Line {
  std::vector<std::string> words;
  std::string text;
  std::string option(const std::string& name) const {
    for (const std::string& word : words)
      if (word.starts_with(name + "="))
        return word.substr(name.size() + 1);
    return "";
  }
  bool has(const std::string& word) const {
    return std::find(words.begin(), words.end(), word) != words.end();
  }
  std::string at(size_t i) const { return i < words.size() ? words[i] : ""; }
};

Line parse(const std::string& text) {
  Line line;
  size_t dashes = text.find(" -- ");
  if (dashes != std::string::npos)
    line.text = text.substr(dashes + 4);
  std::istringstream words(text.substr(0, dashes));
  for (std::string word; words >> word;)
    line.words.push_back(word);
  return line;
}

Answer run_shell(const std::string& text) {
  Program program;
  program.argv = {"/bin/sh", "-c", text + " 2>&1"};
  program.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  PODSTEP_TRY(Finished done, run(program, system_clock(),
                                 Deadline::after(system_clock(), std::chrono::seconds(30)), 1 << 20));
  return done.output + (done.code ? cat("[exit ", done.code, "]") : "");
}

std::vector<std::string> shell(const std::string& text) {
  return {"/bin/sh", "-c", text};
}

class Driver {
public:
  Driver(loop::Loop& loop, const std::string& run)
      : layout_{run}, client_(loop, layout_.socket()),
        mounts_(loop, run, [this](std::string digest) { lost_ += digest + " "; }) {}
  ~Driver() {
    containerd_.signal(SIGKILL);
    if (containerd_.running())
      (void)containerd_.wait(system_clock(), Deadline::never());
  }

  loop::Task<Answer> act(const Line& line);

private:
  loop::Task<Answer> up();
  Result<void> start_containerd();
  loop::Task<Answer> image(const Line& line);
  loop::Task<Answer> sandbox(const Line& line);
  loop::Task<Answer> container(const Line& line);
  loop::Task<Answer> status(const std::string& name);
  loop::Task<Answer> wait(const std::string& name);
  loop::Task<Answer> list();
  loop::Task<Answer> exec(const Line& line);
  loop::Task<Answer> on_container(const std::string& verb, const Line& line);

  cri::Layout layout_;
  cri::Client client_;
  images::Mounts mounts_;
  OwnedPid containerd_;
  std::string lost_;
  std::map<std::string, std::string> digests_, sandboxes_, containers_;
  std::map<std::string, cri::SandboxConfig> configs_;
};

Answer said(Result<void> result, const std::string& text = "") {
  if (!result)
    return std::move(result).error();
  return text;
}

Result<void> Driver::start_containerd() {
  PODSTEP_TRY(cri::Programs programs, cri::find_programs());
  PODSTEP_TRY(cri::Command command, cri::prepare(layout_, programs));
  OwnedFd log(::open(command.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  Program program;
  program.argv = command.argv;
  program.environment = command.environment;
  program.out = program.err = log.get();
  program.directory = "/";
  program.death_signal = SIGKILL;
  PODSTEP_TRY(containerd_, spawn(program));
  return {};
}

loop::Task<Answer> Driver::up() {
  PODSTEP_CO_CHECK(start_containerd());
  PODSTEP_CO_TRY(std::string version, co_await client_.wait_ready(std::chrono::seconds(20)));
  PODSTEP_CO_CHECK(co_await images::register_pause(client_));
  co_return version;
}

loop::Task<Answer> Driver::image(const Line& line) {
  std::string digest = line.at(2);
  PODSTEP_CO_TRY(std::string at, co_await mounts_.ensure(digest, line.at(3)));
  images::ImageConfig config;
  config.env.assign(1, "PATH=/bin");
  config.env.emplace_back("FROM_IMAGE=yes");
  config.working_dir = "/";
  PODSTEP_CO_CHECK(co_await images::register_stub(client_, config, digest));
  digests_[line.at(1)] = digest;
  co_return at;
}

loop::Task<Answer> Driver::sandbox(const Line& line) {
  cri::SandboxConfig config;
  config.name = line.at(1);
  config.ns = "default";
  config.uid = cat("uid-", line.at(1));
  config.log_directory = cat(layout_.run, "/t/logs/", line.at(1));
  config.share_process_namespace = line.has("shared");
  if (std::string shm = line.option("shm"); !shm.empty())
    config.annotations[wire::annotation_shm_bytes] = shm;
  PODSTEP_CO_TRY(std::string id, co_await client_.run_sandbox(config));
  sandboxes_[line.at(1)] = id;
  configs_[line.at(1)] = config;
  co_return id;
}

loop::Task<Answer> Driver::container(const Line& line) {
  cri::ContainerConfig config;
  config.name = line.at(1);
  config.image = images::reference(digests_[line.at(3)]);
  config.command = shell(line.text);
  config.env.emplace_back("FROM_POD", "yes");
  config.log_path = line.at(1) + ".log";
  config.read_only_root = line.has("ro");
  config.annotations[wire::annotation_rootfs] = digests_[line.at(3)];
  if (std::string bytes = line.option("bytes"); !bytes.empty())
    config.annotations[wire::annotation_rootfs_bytes] = bytes;
  if (std::string user = line.option("user"); !user.empty())
    config.run_as_user = std::stol(user);
  if (std::string group = line.option("group"); !group.empty())
    config.run_as_group = std::stol(group);
  if (auto mount = split(line.option("mount"), ':'); mount.size() == 2)
    config.mounts.push_back({mount[1], mount[0], false});
  PODSTEP_CO_TRY(std::string id,
                 co_await client_.create_container(sandboxes_[line.at(2)], config, configs_[line.at(2)]));
  containers_[line.at(1)] = id;
  co_return id;
}

std::string describe(const cri::Container& container) {
  constexpr const char* states[] = {"created", "running", "exited", "unknown"};
  return cat(container.name, " ", states[int(container.state)], " code=", container.exit_code,
             " reason=", container.reason, " message=", container.message);
}

loop::Task<Answer> Driver::status(const std::string& name) {
  PODSTEP_CO_TRY(auto found, co_await client_.container_status(containers_[name]));
  co_return describe(found);
}

loop::Task<Answer> Driver::wait(const std::string& name) {
  const Instant end = system_clock().now() + std::chrono::seconds(20);
  while (system_clock().now() < end) {
    PODSTEP_CO_TRY(auto all, co_await client_.list_containers());
    for (const cri::Container& container : all)
      if (container.id == containers_[name] && container.state == cri::ContainerState::exited)
        co_return describe(container);
    co_await client_.wait_change(std::chrono::seconds(10));
  }
  co_return Error(Kind::timeout, "it has not exited");
}

loop::Task<Answer> Driver::list() {
  PODSTEP_CO_TRY(auto sandboxes, co_await client_.list_sandboxes());
  PODSTEP_CO_TRY(auto containers, co_await client_.list_containers());
  std::string out = cat(sandboxes.size(), " sandboxes, ", containers.size(), " containers");
  for (const cri::Container& container : containers)
    out += "; " + describe(container);
  co_return out;
}

loop::Task<Answer> Driver::exec(const Line& line) {
  std::vector<std::string> command = shell(line.text);
  Duration limit = std::chrono::seconds(std::stol(line.at(2)));
  PODSTEP_CO_TRY(auto done, co_await client_.exec_sync(containers_[line.at(1)], command, limit));
  co_return cat("code=", done.exit_code, " out=", done.out, " err=", done.err);
}

loop::Task<Answer> Driver::on_container(const std::string& verb, const Line& line) {
  const std::string id = containers_[line.at(1)];
  if (verb == "start")
    co_return said(co_await client_.start_container(id));
  if (verb == "stop")
    co_return said(co_await client_.stop_container(id, std::chrono::seconds(std::stol(line.at(2)))));
  if (verb == "remove")
    co_return said(co_await client_.remove_container(id));
  if (verb == "stop-sandbox")
    co_return said(co_await client_.stop_sandbox(sandboxes_[line.at(1)]));
  if (verb == "remove-sandbox")
    co_return said(co_await client_.remove_sandbox(sandboxes_[line.at(1)]));
  co_return Error(Kind::invalid, "unknown command");
}

loop::Task<Answer> Driver::act(const Line& line) {
  const std::string verb = line.at(0);
  if (verb == "up")
    co_return co_await up();
  if (verb == "image")
    co_return co_await image(line);
  if (verb == "sandbox")
    co_return co_await sandbox(line);
  if (verb == "container")
    co_return co_await container(line);
  if (verb == "status")
    co_return co_await status(line.at(1));
  if (verb == "wait")
    co_return co_await wait(line.at(1));
  if (verb == "list")
    co_return co_await list();
  if (verb == "exec")
    co_return co_await exec(line);
  if (verb == "lost")
    co_return lost_;
  if (verb == "log")
    co_return run_shell(cat("cat ", layout_.run, "/t/logs/*/", line.at(1), ".log"));
  if (verb == "host")
    co_return run_shell(line.text);
  if (verb == "kill-containerd") {
    containerd_.signal(SIGKILL);
    (void)containerd_.wait(system_clock(), Deadline::never());
    PODSTEP_CO_CHECK(start_containerd());
    co_return co_await client_.wait_ready(std::chrono::seconds(20));
  }
  if (verb == "down") {
    mounts_.unmount_all();
    containerd_.signal(SIGTERM);
    PODSTEP_CO_TRY(int code, containerd_.wait(system_clock(),
                                              Deadline::after(system_clock(), std::chrono::seconds(10))));
    co_return cat("containerd ended with ", code);
  }
  co_return co_await on_container(verb, line);
}

loop::Task<void> serve(loop::Loop& loop, std::string run) {
  Driver driver(loop, run);
  for (std::string text; std::getline(std::cin, text);) {
    if (text.empty())
      continue;
    Instant begin = system_clock().now();
    Answer answer = co_await driver.act(parse(text));
    auto spent = std::chrono::duration<double, std::milli>(system_clock().now() - begin).count();
    std::cout << (answer ? "ok " : "failed ") << spent << " " << text.substr(0, text.find(" -- ")) << ": "
              << (answer ? *answer : cat(answer.error().message, " | ", answer.error().hint)) << std::endl;
  }
  loop.stop(0);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cri-driver RUN-DIRECTORY < commands\n";
    return 2;
  }
  podstep::log::start("cri-driver", podstep::log::Level::debug);
  podstep::loop::Loop loop;
  loop.spawn("commands", serve(loop, argv[1]));
  return loop.run();
}

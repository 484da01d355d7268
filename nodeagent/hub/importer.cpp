// Brings images for the whole job: see importer.h.
#include "nodeagent/hub/importer.h"
#include "common/log.h"
#include "common/sentence.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/loop/program.h"
#include <algorithm>
#include <csignal>

namespace podstep::hub {

using control::Import;
using Stage = control::Import::Stage;

namespace {
using namespace std::chrono_literals;

/// An import unpacks and squashes with all processors that it gets: more at once only fill the scratch space.
constexpr size_t at_once = 2;
/// A registry that sends nothing for so long is given up and asked again later (K-CRI-2: a pull is bound by
/// its progress, not by time).
constexpr Duration stall = 5min, stall_period = 30s;
/// Ended by close() or with the job; this is only longer than any job.
constexpr Duration longest = std::chrono::hours(24 * 366);
/// Names in the record that are done with.
constexpr size_t brought_kept = 256;
/// A line of progress per second for a week.
constexpr size_t output_bytes = 64 << 20;
constexpr std::string_view fetching = "fetching";

std::string source_of(const std::string& name) {
  return name.starts_with(k8s::docker_scheme) ? name : cat(k8s::docker_scheme, name);
}

/// The digest that a finished import printed last.
Result<std::string> read_digest(const std::string& output) {
  const std::string_view text = trim(output);
  const size_t newline = text.rfind('\n');
  std::string last(newline == text.npos ? text : text.substr(newline + 1));
  if (!wire::is_digest(last))
    return Error(cat("podstep image import printed '", printable(last, 80), "' instead of a digest"));
  return last;
}
} // namespace

Error import_error(std::string_view errors, int code) {
  Error error(Kind::failed, cat("podstep image import ended with ", code));
  for (const std::string& line : split(errors, '\n')) {
    if (line.starts_with("podstep: "))
      error.message = printable(std::string_view(line).substr(9), 600);
    if (line.starts_with("fix: "))
      error.hint = printable(std::string_view(line).substr(5), 300);
  }
  return error;
}

Importer::Importer(loop::Loop& loop, const Clock& clock, Store& store, Place place,
                   std::function<void()> changed)
    : loop_(loop), clock_(clock), store_(store), place_(std::move(place)), changed_(std::move(changed)) {}

/// Why an image cannot be brought, where, and what to do.
std::string Importer::sentence_of(const std::string& name, const Error& cause) const {
  const std::string elsewhere = cat("on a login node: podstep image import ", source_of(name));
  return podstep::sentence(Error(cause.kind,
                                 cat("cannot import ", name, " on ", place_.node, ": ", cause.message),
                                 cause.hint.empty() ? elsewhere : cat(cause.hint, "; or ", elsewhere)));
}

std::optional<Duration> Importer::run() {
  std::vector<k8s::Pod> pods;
  for (const auto& object : store_.list(k8s::KindId::pod))
    pods.push_back(std::get<k8s::Pod>(*object));
  const auto awaited = control::awaited(pods);
  if (!closed_) {
    note(awaited);
    start_due();
  }
  give_up_stalled();
  tell(pods);
  forget(awaited);
  std::optional<Duration> again;
  if (!running_.empty())
    again = stall_period;
  for (const auto& [name, at] : next_)
    again = std::min(again.value_or(Duration::max()), std::max<Duration>(at - clock_.now(), 1ms));
  return closed_ ? std::nullopt : again;
}

/// New names: what is in a store need not be brought, unless the registry is to be asked.
void Importer::note(const std::map<std::string, bool>& awaited) {
  for (const auto& [name, ask] : awaited) {
    auto [entry, is_new] = imports_.try_emplace(name);
    Import& import = entry->second;
    // A wish to ask that comes while the image is fetched is met by that.
    import.ask = import.ask || ask;
    if (!is_new || ask)
      continue;
    if (auto found = images::find(place_.stores, name)) {
      import.stage = Stage::there;
      import.digest = found->digest;
    }
  }
}

void Importer::start_due() {
  for (auto& [name, import] : imports_) {
    if (running_.size() >= at_once)
      return;
    const bool due = import.stage == Stage::waiting ||
                     (import.stage == Stage::failed && next_.contains(name) && next_[name] <= clock_.now());
    if (!due)
      continue;
    next_.erase(name);
    import.stage = Stage::running;
    running_[name].moved = clock_.now();
    loop_.spawn("import", this->import(name, import.ask));
  }
}

void Importer::tell(const std::vector<k8s::Pod>& pods) {
  for (const k8s::Pod& pod : pods) {
    const std::string words = k8s::to_text(control::words_for(pod, imports_));
    const auto before = pod.metadata.annotations.find(k8s::annotation_images);
    if (words == (before == pod.metadata.annotations.end() ? "" : before->second))
      continue;
    k8s::Pod after = pod;
    after.metadata.annotations[k8s::annotation_images] = words;
    if (words.empty())
      after.metadata.annotations.erase(k8s::annotation_images);
    if (auto stored = store_.put(std::move(after)); !stored)
      log::warning(stored.error().message);
  }
}

/// Who waited has been told; a pod that comes later is looked after anew. Nobody waits for the others.
void Importer::forget(const std::map<std::string, bool>& awaited) {
  std::erase_if(imports_, [&](const auto& entry) {
    const auto& [name, import] = entry;
    const bool gone =
        import.stage == Stage::there || (!awaited.contains(name) && import.stage != Stage::running);
    if (gone)
      next_.erase(name);
    return gone;
  });
}

void Importer::give_up_stalled() {
  for (auto& [name, running] : running_)
    if (running.group > 0 && running.report.phase.starts_with(fetching) &&
        clock_.now() - running.moved > stall) {
      running.stalled = true;
      ::kill(-running.group, SIGTERM);
    }
}

void Importer::close() {
  closed_ = true;
  for (const auto& [name, running] : running_)
    if (running.group > 0)
      ::kill(-running.group, SIGTERM);
}

loop::Task<void> Importer::import(std::string name, bool ask) {
  loop::Run run;
  run.program.argv = {place_.program, "image", "import", "--porcelain"};
  if (!ask)
    run.program.argv.push_back("--if-missing");
  run.program.argv.insert(run.program.argv.end(), {"--", source_of(name)});
  run.program.environment = place_.environment;
  // Also when the hub is killed it cleans up after itself.
  run.program.death_signal = SIGTERM;
  run.time = longest;
  run.output_limit = output_bytes;
  run.on_start = [this, name](pid_t group) {
    running_[name].group = group;
    if (closed_)
      ::kill(-group, SIGTERM);
  };
  run.on_output = [this, name](std::string_view line) {
    if (auto report = images::parse_report(line)) {
      Running& running = running_[name];
      running.report = *std::move(report);
      running.moved = clock_.now();
      changed_();
    }
  };
  log::info(cat("importing ", name));
  auto finished = co_await loop::run_program(std::move(run));
  const Running how = running_[name];
  running_.erase(name);
  if (!finished)
    ended(name, how, finished.error());
  else if (finished->code != 0)
    ended(name, how, import_error(finished->errors, finished->code));
  else
    ended(name, how, read_digest(finished->output));
}

void Importer::ended(const std::string& name, const Running& how, Result<std::string> digest) {
  Import& import = imports_[name];
  if (digest) {
    log::info(cat("imported ", name, ": ", *digest));
    import.stage = Stage::there;
    import.digest = *digest;
    brought_[name] = *digest;
    if (brought_.size() > brought_kept)
      brought_.erase(brought_.begin());
  } else {
    const Instant now = clock_.now();
    import.stage = Stage::failed;
    ++import.tries;
    import.why = sentence_of(name, how.stalled ? Error("the registry has sent nothing for 5 minutes")
                                               : digest.error());
    backoff_.tried(name, now, now);
    next_[name] = backoff_.next_try(name, now);
    if (!closed_)
      log::warning(import.why);
  }
  changed_();
}

std::vector<ImageRow> Importer::rows() const {
  std::map<std::string, ImageRow> rows;
  for (const auto& [name, digest] : brought_)
    rows[name] = {name, "there", {}, 0, 0, digest, {}};
  for (const auto& [name, import] : imports_) {
    const auto running = running_.find(name);
    if (running != running_.end()) {
      const images::Report& report = running->second.report;
      rows[name] = {name, "importing", report.phase, report.bytes, report.total, {}, import.why};
    } else if (import.stage == Stage::waiting || import.stage == Stage::failed) {
      rows[name] = {name, import.stage == Stage::failed ? "failed" : "waiting", {}, 0, 0, {}, import.why};
    }
  }
  std::vector<ImageRow> list;
  for (auto& [name, row] : rows)
    list.push_back(std::move(row));
  return list;
}

std::string Importer::sentence() const {
  for (const auto& [name, import] : imports_)
    if (import.tries > 0)
      return import.why;
  std::vector<std::string> names;
  for (const auto& [name, import] : imports_)
    if (import.stage != Stage::there)
      names.push_back(name);
  return names.empty() ? "" : cat("importing ", join(names, ", "));
}

} // namespace podstep::hub

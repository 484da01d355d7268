// The hub's worker: the parts put together.
#include "nodeagent/hub/worker.h"
#include "common/log.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include "nodeagent/control/place.h"
#include "nodeagent/control/readiness.h"
#include "nodeagent/hub/boot_lines.h"
#include "nodeagent/hub/importer.h"
#include "nodeagent/hub/kept.h"
#include "nodeagent/hub/lead.h"
#include "nodeagent/hub/recorder.h"
#include "nodeagent/hub/setup.h"
#include "nodeagent/hub/silence.h"
#include "nodeagent/hub/slurm.h"
#include "nodeagent/record/record.h"
#include "nodeagent/supervise/supervise.h"
#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace podstep::hub {

namespace {
using namespace std::chrono_literals;
using control::Stage;

/// Below a third of the supervisor's watchdog (30 s).
constexpr Duration beat_period = 9s;
/// The end of the job is asked for this often, and more often when little is left: scontrol update may move
/// it (fault F12).
constexpr Duration end_period = 60s, least_end_period = 5s;
/// Silent agents are looked for this often.
constexpr Duration silence_period = silence_limit / 3;
/// Rewrites of the record, which lies on a shared file system, are this far apart at most often.
constexpr Duration publish_pause = 100ms;
/// Between two passes of the controllers: what they took times this, so that a storm of changes leaves most
/// of the loop to requests, while a single change is acted upon at once.
constexpr int pass_share = 4;
constexpr Duration least_pause = 1ms, most_pause = 100ms;
/// A node that has registered but is not ready holds up the first placement at most this long.
constexpr Duration ready_patience = 10s;
/// What is left of KillWait for the last words.
constexpr Duration end_margin = 5s;
/// Self-signed and pinned: it has to outlive the longest job.
constexpr Duration identity_life = std::chrono::hours(24 * 365);

/// 100 and up would be taken for a crash and tried again: what cannot work ends with this.
constexpr int refused = 70;

int say_failed(const Error& error) {
  log::error(error.message);
  BootLines(STDIN_FILENO, STDOUT_FILENO).say(wire::Word::failed, {cat("hub: ", error.message)});
  return refused;
}
class Worker {
public:
  Worker(Setup setup, supervise::Lifeline lifeline, Journal journal, std::string key)
      : setup_(std::move(setup)), lifeline_(std::move(lifeline)), journal_(std::move(journal)),
        store_([this](const Change& change) {
          journal_.append(change);
          return Result<void>();
        }),
        peers_(clock_), admission_(setup_.job), api_(loop_, clock_, store_, peers_, admission_, key),
        controllers_(clock_, store_, api_), recorder_(clock_, setup_.record, journal_, store_, controllers_),
        slurm_(setup_.scontrol, setup_.environment, setup_.job),
        server_(
            loop_, [this](http::ServerRequest request) { return api_.handle(std::move(request)); },
            [this](const http::Peer& peer) { return peers_.identify(peer).who != Identity::Who::nobody; }),
        lines_(STDIN_FILENO, STDOUT_FILENO),
        silence_(loop_, clock_, store_, peers_, api_, controllers_, slurm_,
                 [this](const std::string& node, const std::string& why) {
                   lines_.say(wire::Word::leaving, {node, why});
                 }),
        changed_(loop_), unpublished_(loop_),
        importer_(loop_, clock_, store_, std::move(setup_.importing), [this] { changed_.notify(); }) {
    service_.job = parse_int(setup_.job, 0, UINT32_MAX).value_or(0);
    service_.restart = setup_.restart;
    service_.key = std::move(key);
  }

  int run() {
    loop_.spawn("start", [](Worker& self) -> loop::Task<void> {
      if (auto started = co_await self.start(); !started)
        self.loop_.stop(say_failed(started.error()));
    }(*this));
    return loop_.run();
  }

private:
  loop::Task<Result<void>> start() {
    loop_.spawn("heartbeat", beat());
    PODSTEP_CO_TRY(manifest_, read_manifest(setup_.record));
    for (auto& object : manifest_)
      if (auto admitted = admission_.create(object, clock_.wall()); !admitted)
        co_return std::move(admitted).error().in("load the manifest");
    PODSTEP_CO_TRY(const bool loaded, journal_.replay(store_));
    PODSTEP_CO_CHECK(recall());
    if (auto site = co_await slurm_.site())
      site_ = *site;
    else
      log::warning(site.error().message);
    PODSTEP_CO_CHECK(listen());
    if (!loaded)
      for (const auto& object : manifest_)
        if (auto stored = store_.put(object); !stored)
          co_return std::move(stored).error().in("load the manifest");
    if (!loaded && !journal_.behind().empty())
      co_return Error(Kind::exhausted, journal_.behind());
    subscription_ = store_.subscribe([this] { changed_.notify(); });
    changed_.notify();
    go();
    co_return Result<void>();
  }

  void go() {
    loop_.spawn("control", control_loop());
    loop_.spawn("record", publish_loop());
    loop_.spawn("boot lines", lines_.read([this](const wire::Line& line) { take(line); }));
    loop_.spawn("silence", watch_nodes());
    loop_.spawn("walltime", watch_end());
    loop_.on_signal({SIGTERM, SIGINT}, [this](int) { end("the job is ending"); });
  }

  Result<void> recall() {
    if (!lifeline_.state().empty()) {
      PODSTEP_TRY(kept_, parse_kept(lifeline_.state()));
      for (const auto& [node, sha256] : kept_.pins)
        peers_.pin(node_name(node), sha256);
    } else {
      PODSTEP_TRY(kept_.identity, http::make_identity(cat("podstep-hub-", setup_.job), identity_life));
    }
    return {};
  }

  void keep() {
    if (auto saved = lifeline_.save(to_text(kept_)); !saved)
      log::warning(saved.error().message);
  }

  Result<void> listen() {
    PODSTEP_CHECK(server_.listen_unix(cat(setup_.run_directory, "/", wire::run_sock)));
    PODSTEP_TRY(const auto address, own_address(setup_.node));
    const auto range = site_.ports.value_or(std::pair<uint16_t, uint16_t>(0, 0));
    Result<uint16_t> port = Error("no port yet");
    if (kept_.port) // agents know this one
      port = server_.listen_tls(address, kept_.port, kept_.port, kept_.identity);
    const bool same = port.ok();
    if (!same)
      port = server_.listen_tls(address, range.first, range.second, kept_.identity);
    if (!port)
      return std::move(port).error();
    kept_.port = *port;
    keep();
    if (!same)
      lines_.say(wire::Word::hub, {address, std::to_string(*port), kept_.identity.sha256});
    return {};
  }

  void take(const wire::Line& line) {
    if (line.word == wire::Word::expect) {
      if (const auto count = parse_int(line.args[0], 1, INT32_MAX))
        kept_.expected = *count;
    } else if (line.word == wire::Word::agent) {
      kept_.pins[line.args[0]] = line.args[2];
      peers_.pin(node_name(line.args[0]), line.args[2]);
    } else {
      return log::warning("podstep-boot sent a line that only the hub may send");
    }
    keep();
    changed_.notify();
  }

  loop::Task<void> beat() {
    while (true) {
      if (auto alive = lifeline_.beat(); !alive)
        log::warning(alive.error().message);
      co_await loop::sleep(beat_period);
    }
  }

  /// Runs the controllers whenever something has changed, and tells boot how far the service is.
  loop::Task<void> control_loop() {
    while (true) {
      const Instant begin = clock_.now();
      const auto again = control::sooner(controllers_.run(), importer_.run());
      if (!ending_)
        judge();
      unpublished_.notify();
      if (auto compacted = journal_.compact_if_due(store_); !compacted)
        log::error(compacted.error().message);
      const Duration spent = clock_.now() - begin;
      co_await loop::sleep(std::clamp<Duration>(spent * pass_share, least_pause, most_pause));
      const auto next = placing_ ? again : control::sooner(again, ready_patience / 2);
      if (next)
        co_await changed_.wait_for(*next);
      else
        co_await changed_.wait();
    }
  }

  /// Writes the record: at once after a time of rest, else what has come together.
  loop::Task<void> publish_loop() {
    while (true) {
      if (service_.trouble.empty())
        co_await unpublished_.wait();
      else
        co_await unpublished_.wait_for(record_retry);
      recorder_.write(service_);
      co_await loop::sleep(publish_pause);
    }
  }

  void judge() {
    const auto nodes = nodes_now();
    if (!registered_ && kept_.expected > 0 && nodes.size() >= static_cast<size_t>(kept_.expected)) {
      registered_ = true;
      registered_at_ = clock_.now();
      lines_.say(wire::Word::registered);
    }
    // All nodes first: else the replicas of a service would crowd on the one that was ready a moment earlier.
    if (registered_ && !placing_ &&
        (control::all_ready(nodes) || clock_.now() - registered_at_ >= ready_patience)) {
      placing_ = true;
      controllers_.open_placement();
      changed_.notify();
    }
    // Only when every node has said what it has can be told what does not fit; once something ran it did fit.
    if (registered_ && !was_ready_ && !checked_fit_ && control::all_ready(nodes)) {
      checked_fit_ = true;
      if (const auto sentence = control::misfit(manifest_, nodes))
        return fail(*sentence);
    }
    const auto now = control::readiness(manifest_, store_.all());
    service_.phase = now.stage == Stage::ready ? "Ready" : was_ready_ ? "Degraded" : "Starting";
    service_.reason =
        cat(now.why, now.why.empty() || importer_.sentence().empty() ? "" : "; ", importer_.sentence());
    service_.images = importer_.rows();
    if (now.stage == Stage::ready && !was_ready_) {
      was_ready_ = true;
      lines_.say(wire::Word::ready);
    }
    if (now.stage == Stage::ended || now.stage == Stage::failed)
      finish(now);
  }

  std::vector<k8s::Node> nodes_now() const {
    std::vector<k8s::Node> nodes;
    for (const auto& object : store_.list(k8s::KindId::node))
      nodes.push_back(std::get<k8s::Node>(*object));
    return nodes;
  }

  void fail(const std::string& sentence) {
    service_.phase = "Ending";
    service_.reason = sentence;
    recorder_.end(service_, sentence, 125);
    lines_.say(wire::Word::failed, {sentence});
    end(sentence);
  }

  /// Every pod is terminal by its own rules: the service is over, the script hears of it through end.json.
  void finish(const control::Readiness& how) {
    const bool failed = how.stage == Stage::failed;
    service_.phase = "Ended";
    service_.withdrawn = true;
    if (finished_)
      return;
    finished_ = true;
    recorder_.end(service_, failed ? how.why : "every pod has succeeded", failed ? how.exit_code : 0);
    lines_.say(wire::Word::ended);
  }

  loop::Task<void> watch_nodes() {
    while (!ending_) {
      co_await loop::sleep(silence_period);
      if (!ending_)
        silence_.check(kept_.pins);
    }
  }

  // ------------------------------------------------------------- the end

  loop::Task<void> watch_end() {
    while (!ending_) {
      Duration next = end_period;
      const auto times = co_await slurm_.times();
      if (ending_)
        co_return;
      if (!times) {
        log::warning(times.error().message);
      } else if (times->end) {
        std::vector<int64_t> graces;
        for (const auto& object : store_.list(k8s::KindId::pod))
          graces.push_back(std::get<k8s::Pod>(*object).spec.termination_grace_period_seconds);
        const Duration left = *times->end - drain_lead(*times->end - times->start, graces) - clock_.wall();
        if (left <= Duration::zero())
          co_return end("the job's time limit is near");
        next = std::min({next, left, std::max<Duration>(left / 4, least_end_period)});
      }
      co_await loop::sleep(next);
    }
  }

  void end(const std::string& why) {
    if (std::exchange(ending_, true))
      return;
    log::info(cat("ending: ", why));
    controllers_.close();
    importer_.close();
    service_.withdrawn = true;
    service_.phase = "Ending";
    if (service_.reason.empty())
      service_.reason = why;
    recorder_.write(service_);
    loop_.spawn("drain", drain(why));
  }

  loop::Task<void> drain(std::string why) {
    for (auto kind : {k8s::KindId::deployment, k8s::KindId::replica_set, k8s::KindId::pod})
      for (const auto& object : store_.list(kind))
        if (auto removed = api_.remove(object, std::nullopt); !removed)
          log::warning(removed.error().message);
    const Deadline give_up = Deadline::after(clock_, std::max<Duration>(1s, site_.kill_wait - end_margin));
    const auto asked = co_await slurm_.preemption();
    if (!asked)
      log::warning(asked.error().message);
    const auto preemption = asked.value_or(Slurm::Preemption());
    if (preemption.under_way)
      service_.reason = why = "the job is preempted";
    while ((any_pod_left() || !importer_.idle()) && give_up.left(clock_) > Duration::zero())
      co_await loop::sleep(std::min<Duration>(200ms, give_up.left(clock_)));
    service_.phase = "Ended";
    // Only now: podstep hold ends with it, and Slurm would end the pods before their time.
    recorder_.end(service_, why, 0, preemption.may_requeue);
    lines_.say(wire::Word::ended);
    server_.close();
    loop_.stop(0);
  }

  bool any_pod_left() const {
    const auto pods = store_.list(k8s::KindId::pod);
    return std::any_of(pods.begin(), pods.end(), [](const ObjectPtr& object) {
      const auto& pod = std::get<k8s::Pod>(*object);
      return !pod.spec.node_name.empty() && !control::is_terminal(pod);
    });
  }

  Clock& clock_ = system_clock();
  Setup setup_;
  supervise::Lifeline lifeline_;
  Journal journal_;
  loop::Loop loop_;
  Store store_;
  Peers peers_;
  Admission admission_;
  Api api_;
  Controllers controllers_;
  Recorder recorder_;
  Slurm slurm_;
  http::Server server_;
  BootLines lines_;
  Silence silence_;
  loop::Signal changed_, unpublished_;
  Importer importer_;
  Service service_;
  Site site_;
  Kept kept_;
  std::vector<k8s::Object> manifest_;
  std::shared_ptr<void> subscription_;
  Instant registered_at_{};
  bool registered_ = false, placing_ = false, checked_fit_ = false, was_ready_ = false, finished_ = false,
       ending_ = false;
};

} // namespace

int run_worker() {
  auto lifeline = supervise::Lifeline::inherit();
  if (!lifeline)
    return say_failed(lifeline.error());
  auto setup = read_setup();
  if (!setup)
    return say_failed(setup.error());
  auto journal = Journal::open(cat(setup->record, "/", record::journal_file));
  if (!journal)
    return say_failed(journal.error());
  auto key = read_or_make_key(setup->record);
  if (!key)
    return say_failed(key.error());
  Worker worker(std::move(*setup), std::move(*lifeline), std::move(*journal), std::move(*key));
  const int code = worker.run();
  // Coroutines that still wait (watches of agents) refer to the worker's parts, so nothing is taken apart:
  // the process is. What is to stay is in the record by now.
  ::_exit(code);
}

} // namespace podstep::hub

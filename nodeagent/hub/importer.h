// Brings the images that pods name and no store has, once for the whole job: by `podstep image import` as a
// child process. Its words on them go to the pods, their progress to the record.
#pragma once
#include "nodeagent/control/imports.h"
#include "nodeagent/hub/publish.h"
#include "nodeagent/images/report.h"
#include "nodeagent/images/store.h"
#include "nodeagent/loop/task.h"
#include "nodeagent/pods/backoff.h"

namespace podstep::hub {

class Importer {
public:
  struct Place {
    std::string program, node;            ///< the absolute path of podstep; where it runs, for messages
    std::vector<std::string> environment; ///< it runs with: HOME, PATH, PODSTEP_STORE, ...
    images::Stores stores;
  };
  /// `changed`: progress, or an import has ended.
  Importer(loop::Loop& loop, const Clock& clock, Store& store, Place place, std::function<void()> changed);

  /// Looks at the pods, starts what is due, tells the pods. Returns when to look again although nothing
  /// changes, if at all.
  std::optional<Duration> run();
  /// The service is ending: nothing is started any more, and what runs is given up and cleans up.
  void close();
  bool idle() const { return running_.empty(); }
  /// For status.json: in the order of their names.
  std::vector<ImageRow> rows() const;
  /// What the service waits for, as a sentence; empty where it waits for no image.
  std::string sentence() const;

private:
  struct Running {
    pid_t group = -1;
    images::Report report;
    Instant moved{}; ///< when it last came on
    bool stalled = false;
  };
  void note(const std::map<std::string, bool>& awaited);
  void start_due();
  void tell(const std::vector<k8s::Pod>& pods);
  void forget(const std::map<std::string, bool>& awaited);
  void give_up_stalled();
  loop::Task<void> import(std::string name, bool ask);
  std::string sentence_of(const std::string& name, const Error& cause) const;
  void ended(const std::string& name, const Running& how, Result<std::string> digest);

  loop::Loop& loop_;
  const Clock& clock_;
  Store& store_;
  Place place_;
  std::function<void()> changed_;
  control::Imports imports_;
  std::map<std::string, Running> running_;
  std::map<std::string, Instant> next_;        ///< of those that failed
  std::map<std::string, std::string> brought_; ///< names that were imported, to their digests
  pods::Backoff backoff_;
  bool closed_ = false;
};

/// The sentence of a failed `podstep image import`, from what it wrote to stderr: `podstep: CAUSE`, `fix:
/// HINT`.
Error import_error(std::string_view errors, int code);

} // namespace podstep::hub

// The operations of one process group: collectives one after another in the order of their calls, messages
// between two beside them. Whoever waits does the work; a thread of the group's own does it while nobody
// waits.
#pragma once
#include "contrib/torch/mesh.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

namespace podstep::collective {

/// One operation, from its call until all of it has come and gone.
struct Operation {
  std::string name; ///< `all_reduce`
  Plan plan;        ///< of a collective
  std::vector<Block> memory;
  struct Message {
    int peer;
    bool sends;
    Block data;
    int tag;
  };
  std::optional<Message> message; ///< instead of a plan
  std::chrono::milliseconds timeout{0};
  std::function<void()> finish; ///< local work at the end: copying back, dividing
  std::function<void()> told;   ///< called once it is over, by whoever did the last of it, outside all locks

  std::atomic<bool> over{false};
  std::string error; ///< set before `over`; empty: all is well

private:
  friend class Group;
  std::chrono::steady_clock::time_point until;
  size_t moved = 0;    ///< bytes of the message that were posted
  bool posted = false; ///< all of it
  std::vector<std::pair<Wire::Ticket, size_t>> tickets;
};
using Pending = std::shared_ptr<Operation>;

class Group {
public:
  explicit Group(const Mesh::Options& options);
  /// Whatever is not over fails. Not on the group's own thread, which is waited for.
  ~Group();
  bool is_on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

  Here here() const { return mesh_.here(); }
  /// Begins it at once where nothing is before it. After a failure everything fails at once.
  void begin(const Pending& operation);
  /// False: not over within the time (negative: its own timeout alone counts).
  bool wait(Operation& operation, std::chrono::milliseconds timeout);
  /// Ends all that is not over with this sentence.
  void fail(const std::string& why);

private:
  using Time = std::chrono::steady_clock;

  bool drive();
  bool drive_messages();
  bool push(Operation& operation);
  void end(const Pending& operation, std::string error);
  void break_all(const std::string& why);
  void check_time();
  void tell();
  void watch();
  void doze(bool cold);
  void wake();
  bool busy() const { return !queue_.empty() || !messages_.empty(); }

  std::mutex mutex_; ///< of everything below but the atomics
  Mesh mesh_;
  Stage stage_;
  std::deque<Pending> queue_; ///< collectives; the first one runs
  std::optional<Run> run_;
  std::list<Pending> messages_;
  std::string broken_;
  std::vector<Pending> told_; ///< over, and not told yet
  unsigned turns_ = 0;

  std::atomic<int> waiters_{0}, outstanding_{0};
  std::atomic<bool> asleep_{false}, stop_{false};
  std::mutex sleep_mutex_;
  std::condition_variable wake_;
  std::thread thread_;
};

} // namespace podstep::collective

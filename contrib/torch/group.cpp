// Queue, waiting and the thread of a group: see group.h.
#include "contrib/torch/group.h"
#include <algorithm>
#include <sched.h>

namespace podstep::collective {

namespace {

/// The thread looks so often while there was work lately, and so often when there was none for `cold_after`:
/// for deaths, and for what the endpoint still owes its peers.
constexpr auto warm_tick = std::chrono::microseconds(200), cold_tick = std::chrono::microseconds(20000);
constexpr auto cold_after = std::chrono::milliseconds(100);
constexpr int burst = 32;
constexpr unsigned clock_every = 1024;
/// The transport takes 1 GiB at once.
constexpr size_t message_bytes = size_t(1) << 30;
constexpr size_t message_window = 16;

/// What to do after so many turns without any movement: at first nothing, for the peer is about to answer;
/// then the processor is left to others.
constexpr unsigned spinning = 2000, yielding = 6000;
void idle(unsigned turn) {
  if (turn < spinning)
    return;
  if (turn < yielding)
    sched_yield();
  else
    std::this_thread::sleep_for(std::chrono::microseconds(30));
}

} // namespace

Group::Group(const Mesh::Options& options) : mesh_(options), thread_([this] { watch(); }) {}

Group::~Group() {
  fail("the process group was destroyed");
  stop_ = true;
  wake();
  thread_.join();
  std::lock_guard lock(mutex_);
  stage_.clear(mesh_.collective());
}

void Group::begin(const Pending& operation) {
  {
    std::lock_guard lock(mutex_);
    ++outstanding_;
    operation->until = Time::now() + operation->timeout;
    if (!broken_.empty())
      end(operation, "the group is broken: " + broken_);
    else {
      if (operation->message)
        messages_.push_back(operation);
      else
        queue_.push_back(operation);
      drive();
    }
  }
  tell();
  wake();
}

bool Group::wait(Operation& operation, std::chrono::milliseconds timeout) {
  auto until = timeout.count() < 0 ? Time::time_point::max() : Time::now() + timeout;
  ++waiters_;
  for (unsigned still = 0; !operation.over; ++still) {
    {
      std::lock_guard lock(mutex_);
      for (int i = 0; i < burst && !operation.over; ++i)
        if (drive())
          still = 0;
    }
    tell();
    if (operation.over || (still % 16 == 0 && Time::now() > until))
      break;
    idle(still * burst);
  }
  --waiters_;
  return operation.over;
}

void Group::fail(const std::string& why) {
  {
    std::lock_guard lock(mutex_);
    break_all(why);
  }
  tell();
}

/// One turn of everything; true when something moved. Under the lock.
bool Group::drive() {
  if (!broken_.empty())
    return false;
  bool moved = false;
  try {
    if (!queue_.empty()) {
      if (!run_) {
        Operation& first = *queue_.front();
        run_.emplace(std::move(first.plan), std::move(first.memory), mesh_.collective(), stage_);
      }
      moved = run_->step();
      if (run_->done()) {
        run_.reset();
        Pending first = queue_.front();
        queue_.pop_front();
        end(first, "");
        moved = true;
      }
    }
    if (!messages_.empty())
      moved |= drive_messages();
    if (!busy())
      mesh_.progress();
    if (++turns_ % clock_every == 0)
      check_time();
  } catch (const Broken& broken) {
    std::string name = queue_.empty() ? messages_.empty() ? "" : messages_.front()->name + ": "
                                      : queue_.front()->name + ": ";
    break_all(name + broken.what());
  }
  return moved;
}

/// Posts what can be posted, each tag of each peer in order, and ends what is done.
bool Group::drive_messages() {
  bool moved = false;
  std::vector<std::pair<int, int>> blocked; // peer and tag of sends that must wait for those before them
  std::vector<int> full;                    // peers whose receives must
  for (auto at = messages_.begin(); at != messages_.end();) {
    Operation& operation = **at;
    const Operation::Message& m = *operation.message;
    Wire& wire = mesh_.direct();
    bool& posted = operation.posted;
    bool held = m.sends ? std::find(blocked.begin(), blocked.end(), std::pair(m.peer, m.tag)) != blocked.end()
                        : std::find(full.begin(), full.end(), m.peer) != full.end();
    if (!posted && !held) {
      posted = push(operation);
      moved |= posted;
    }
    if (!posted && m.sends)
      blocked.emplace_back(m.peer, m.tag);
    else if (!posted)
      full.push_back(m.peer);
    std::erase_if(operation.tickets, [&](const auto& ticket) {
      size_t bytes = ticket.second;
      if (!wire.done(m.peer, ticket.first, bytes))
        return false;
      if (!m.sends && bytes != ticket.second)
        throw Broken(mesh_.describe(m.peer) + " sent " + std::to_string(bytes) + " bytes, tag " +
                     std::to_string(m.tag) + ", for a receive of " + std::to_string(ticket.second));
      return moved = true;
    });
    if (!posted || !operation.tickets.empty()) {
      ++at;
      continue;
    }
    Pending over = *at;
    at = messages_.erase(at);
    end(over, "");
  }
  return moved;
}

/// Posts pieces of a message; true when all of it is.
bool Group::push(Operation& operation) {
  const Operation::Message& m = *operation.message;
  Wire& wire = mesh_.direct();
  do {
    if (operation.tickets.size() >= message_window)
      return false;
    unsigned char* at = m.data.data + operation.moved;
    size_t bytes = std::min(message_bytes, m.data.bytes - operation.moved);
    Wire::Ticket ticket =
        m.sends ? wire.send(m.peer, at, bytes, m.tag) : wire.receive(m.peer, at, bytes, m.tag);
    if (!ticket)
      return false;
    operation.tickets.emplace_back(ticket, bytes);
    operation.moved += bytes;
  } while (operation.moved < m.data.bytes);
  return true;
}

void Group::end(const Pending& operation, std::string error) {
  if (error.empty() && operation->finish)
    operation->finish();
  operation->error = std::move(error);
  told_.push_back(operation);
  --outstanding_;
  operation->over = true;
}

void Group::break_all(const std::string& why) {
  if (!broken_.empty())
    return;
  broken_ = why;
  // First nothing may write to the callers' memory any more, then they are told.
  mesh_.close();
  run_.reset();
  for (const Pending& operation : queue_)
    end(operation, why);
  for (const Pending& operation : messages_)
    end(operation, why);
  queue_.clear();
  messages_.clear();
}

void Group::check_time() {
  auto now = Time::now();
  auto late = [&](const Operation& o) { return o.timeout.count() > 0 && now > o.until; };
  std::string waiting;
  if (!queue_.empty() && run_ && late(*queue_.front())) {
    for (int peer : run_->waiting_for())
      waiting += (waiting.empty() ? "" : ", ") + mesh_.describe(peer);
    throw Broken("waited " + std::to_string(queue_.front()->timeout.count()) + " ms for " + waiting);
  }
  for (const Pending& operation : messages_)
    if (late(*operation))
      throw Broken((operation->message->sends ? "no receive of " : "nothing from ") +
                   mesh_.describe(operation->message->peer) + ", tag " +
                   std::to_string(operation->message->tag) + ", within " +
                   std::to_string(operation->timeout.count()) + " ms");
}

/// Tells whoever must know, without the lock: they may begin the next operation, or want Python's.
void Group::tell() {
  for (;;) {
    std::vector<Pending> now;
    {
      std::lock_guard lock(mutex_);
      now.swap(told_);
    }
    if (now.empty())
      return;
    for (const Pending& operation : now)
      if (operation->told)
        operation->told();
  }
}

void Group::watch() {
  auto worked = Time::now();
  unsigned still = 0;
  while (!stop_) {
    bool moved = false, work = false;
    // Never in the way of who waits: it has the lock nearly all the time.
    if (std::unique_lock lock(mutex_, std::defer_lock); waiters_ > 0)
      worked = Time::now();
    else if (lock.try_lock()) {
      work = busy();
      for (int i = 0; i < burst && (moved = drive()); ++i)
        ;
    }
    tell();
    if (work) {
      worked = Time::now();
      idle(spinning + (still = moved ? 0 : still + 200)); // it shares the processor with whoever computes
    } else {
      doze(Time::now() - worked > cold_after);
      still = 0;
    }
  }
}

void Group::doze(bool cold) {
  std::unique_lock lock(sleep_mutex_);
  asleep_ = cold;
  if (!stop_ && !(cold && outstanding_ > 0))
    wake_.wait_for(lock, cold ? cold_tick : warm_tick);
  asleep_ = false;
}

/// Only a thread that sleeps long is woken; one that looks often anyway needs no system call.
void Group::wake() {
  if (!asleep_)
    return;
  std::lock_guard lock(sleep_mutex_);
  wake_.notify_one();
}

} // namespace podstep::collective

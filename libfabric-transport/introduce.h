// How endpoints get to know each other: the side channel's listener and links, and which communicator belongs
// to whom. Never waits; not on the data path. The deaths of peers are noticed here.
#pragma once
#include "common/fd.h"
#include "libfabric-transport/comms.h"
#include "libfabric-transport/device.h"
#include "libfabric-transport/link.h"
#include "libfabric-transport/message.h"
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace podstep::fabric {

/// A receiver that waits for its sender.
struct Listener {
  uint32_t id = 0;
  uint64_t nonce = 0;
  struct Waiting {
    Link* link;
    uint32_t sender;
  };
  std::deque<Waiting> waiting;
  std::optional<Duration> since; ///< active time of the first accept()
};

/// Used inside the endpoint's gate.
class Introducer {
public:
  static Result<std::unique_ptr<Introducer>> open(Endpoint& endpoint, const Device& device);
  ~Introducer();

  Listener* listen(uint8_t* handle);
  void close(Listener* listener);
  /// nullptr: call again. Progress is kept in the caller's copy of the handle.
  Result<SendComm*> connect(uint8_t* handle);
  Result<RecvComm*> accept(Listener& listener);
  void close(SendComm* comm);
  void close(RecvComm* comm);

  /// Reads what the side channel has; never waits.
  void poll();
  Link* link(uint32_t id) const { return id < links_.size() ? links_[id].get() : nullptr; }
  bool connecting() const { return !attempts_.empty(); }
  size_t links() const { return links_.size() - free_links_.size(); }
  /// Other endpoints that are introduced. Two that have connected to each other have a link each way: they
  /// are one peer.
  size_t peers() const { return peers_.size(); }
  template<class F> void each_link(F f) const {
    for (const auto& link : links_)
      if (link && link->introduced)
        f(*link);
  }
  void say(Link& link, const Message& message);

private:
  struct Attempt {
    Handle handle;
    Link* link = nullptr;
    std::unique_ptr<SendComm> comm;
    Duration begun{0};
  };

  explicit Introducer(Endpoint& endpoint) : endpoint_(endpoint) {}
  Result<Link*> link_to(const Handle& handle);
  Result<SendComm*> advance(Attempt& attempt);
  Error late(const Attempt& attempt) const;
  Error other_network(const std::string& who, const std::string& network) const;
  Link& add(OwnedFd socket, bool initiator, const Key& key);
  void read(Link& link);
  Result<void> take(Link& link, const Message& message);
  Result<void> challenged(Link& link, const Challenge& challenge);
  Result<void> greeted(Link& link, const Hello& hello);
  void asked(Link& link, const Connect& connect);
  Hello hello_for(Link& link) const;
  void lost(Link& link, Error error);
  void bury();
  void retire(Link& link);

  Endpoint& endpoint_;
  OwnedFd epoll_, socket_;
  SocketAddress address_;
  Key secret_{}, key_{}; ///< the handle's, and that which the job's key makes of it
  uint64_t instance_ = 0;
  std::string host_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<uint32_t> free_links_;
  std::unordered_map<uint64_t, uint32_t> peers_; ///< by instance: introduced links with it
  std::map<uint32_t, std::unique_ptr<Listener>> listeners_;
  uint32_t next_listener_ = 1;
  std::map<uint64_t, Attempt> attempts_;
  std::vector<std::unique_ptr<RecvComm>> leaving_; ///< closed, but their sender may still send
  std::map<uint32_t, uint64_t> nonces_;            ///< that strangers were challenged with
  uint32_t strangers_ = 0;
};

} // namespace podstep::fabric

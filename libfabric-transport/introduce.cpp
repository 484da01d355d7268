// Connecting, accepting and closing communicators: see introduce.h.
#include "libfabric-transport/introduce.h"
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/random.h"
#include <sys/epoll.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {
/// Connections that did not say who they are yet; a job of 8,192 ranks may come all at once.
constexpr uint32_t most_strangers = 8192;
constexpr Duration stranger_time = std::chrono::seconds(10);
/// What a dead peer sent before may still be in our sockets: so long without anything new.
constexpr Duration grace = std::chrono::milliseconds(500);

std::string side_interface(const Settings& settings, const Device& device) {
  if (!settings.interface.empty())
    return settings.interface;
  if (device.provider == "shm")
    return "lo";
  if (device.provider == "cxi")
    return cat("hsn", device.name.substr(3));
  return device.name;
}
} // namespace

Result<std::unique_ptr<Introducer>> Introducer::open(Endpoint& endpoint, const Device& device) {
  std::unique_ptr<Introducer> out(new Introducer(endpoint));
  const Settings& settings = endpoint.settings();
  auto address = address_of_interface(side_interface(settings, device));
  if (!address && settings.interface.empty())
    address = address_of_interface("");
  if (!address)
    return std::move(address).error();
  PODSTEP_TRY(ListeningSocket listening, listen_on(*address));
  out->socket_ = std::move(listening.socket);
  out->address_ = listening.address;
  PODSTEP_TRY(out->secret_[0], random_number());
  PODSTEP_TRY(out->secret_[1], random_number());
  PODSTEP_TRY(out->instance_, random_number());
  out->key_ = derive(endpoint.job_key(), out->secret_);
  char host[64] = "?";
  gethostname(host, sizeof host - 1);
  out->host_ = host;
  out->epoll_ = OwnedFd(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{EPOLLIN, {nullptr}};
  if (!out->epoll_.valid() || epoll_ctl(out->epoll_.get(), EPOLL_CTL_ADD, out->socket_.get(), &event) != 0)
    return errno_error("epoll");
  return out;
}

Introducer::~Introducer() {
  attempts_.clear();
  leaving_.clear();
}

Listener* Introducer::listen(uint8_t* handle) {
  auto listener = std::make_unique<Listener>();
  listener->id = next_listener_++;
  listener->nonce = random_number().value_or(listener->id);
  Handle out;
  out.instance = instance_;
  out.nonce = listener->nonce;
  out.listener = listener->id;
  out.job = endpoint_.settings().job;
  out.secret = secret_;
  out.side_channel = address_;
  out.network = endpoint_.network().substr(0, 15);
  out.host = host_.substr(0, 17);
  out.pid = uint32_t(getpid());
  auto bytes = encode(out, endpoint_.job_key());
  std::copy(bytes.begin(), bytes.end(), handle);
  return (listeners_[listener->id] = std::move(listener)).get();
}

void Introducer::close(Listener* listener) {
  for (const Listener::Waiting& one : listener->waiting) {
    say(*one.link, Refused{one.sender, "the receiver stopped listening"});
    --one.link->comms;
  }
  listeners_.erase(listener->id);
}

Result<SendComm*> Introducer::connect(uint8_t* handle) {
  endpoint_.progress();
  poll();
  uint64_t ticket = ticket_of(handle);
  if (ticket == 0) {
    PODSTEP_TRY(Handle decoded, decode_handle(handle, endpoint_.job_key(), endpoint_.settings().job));
    if (decoded.network != endpoint_.network().substr(0, 15))
      return other_network(
          cat(printable(decoded.host), " pid ", decoded.pid, " at ", to_string(decoded.side_channel)),
          decoded.network);
    PODSTEP_TRY(Link * link, link_to(decoded));
    PODSTEP_TRY(ticket, random_number());
    attempts_[ticket] = {decoded, link, nullptr, endpoint_.active()};
    ++link->comms;
    set_ticket(handle, ticket);
  }
  auto at = attempts_.find(ticket);
  if (at == attempts_.end())
    return Error(Kind::invalid, "the handle is of a connection that has failed or was made already");
  auto comm = advance(at->second);
  if (!comm || *comm) {
    --at->second.link->comms;
    attempts_.erase(at);
  }
  return comm;
}

Result<SendComm*> Introducer::advance(Attempt& attempt) {
  Link& link = *attempt.link;
  if (link.fault)
    return Error(*link.fault);
  if (!attempt.comm && link.introduced && link.proven) {
    attempt.comm = std::make_unique<SendComm>(endpoint_, link);
    if (attempt.comm->id() == UINT32_MAX)
      return Error(Kind::exhausted, "65,536 communicators are open");
    say(link, Connect{attempt.comm->id(), attempt.handle.listener, attempt.handle.nonce});
  }
  if (attempt.comm && attempt.comm->accepted) {
    ++endpoint_.counters().connections;
    return attempt.comm.release();
  }
  if (attempt.comm)
    if (const Error* fault = attempt.comm->fault())
      return Error(*fault);
  if (endpoint_.active() - attempt.begun > endpoint_.settings().connect_timeout)
    return late(attempt);
  return static_cast<SendComm*>(nullptr);
}

Error Introducer::late(const Attempt& attempt) const {
  const Link& link = *attempt.link;
  std::string what = !link.introduced ? "its side channel does not answer"
                     : !link.proven   ? "no packet comes back from its endpoint"
                                      : "it does not accept";
  return Error(Kind::timeout,
               cat("connect to ", link.peer, ": ", what, " within ",
                   endpoint_.settings().connect_timeout / std::chrono::seconds(1), " s"),
               "PODSTEP_FABRIC_CONNECT_TIMEOUT sets the limit");
}

Error Introducer::other_network(const std::string& who, const std::string& network) const {
  if (network.starts_with("shm/") && endpoint_.network().starts_with("shm/"))
    return Error(
        Kind::unsupported,
        cat(who, " has another /dev/shm or PID namespace than this process: shm does not reach it"),
        "shm is for one container, or those of a pod with shareProcessNamespace: true; between others "
        "PODSTEP_FABRIC_PROVIDER=tcp (libfabric 1.17: net), or cxi");
  bool vni = network.starts_with("cxi/") && endpoint_.network().starts_with("cxi/");
  return Error(Kind::unsupported,
               cat(who, " uses ", vni ? "VNI " : "provider ", printable(network.substr(vni ? 4 : 0)),
                   ", this process ", endpoint_.network().substr(vni ? 4 : 0)),
               vni ? "set PODSTEP_FABRIC_VNI=job on every rank where their steps differ, and start them with "
                     "srun --network=job_vni"
                   : "set the same PODSTEP_FABRIC_PROVIDER on every rank");
}

Result<Link*> Introducer::link_to(const Handle& handle) {
  for (const auto& link : links_)
    if (link && link->instance == handle.instance && !link->fault && link->dying_since == Duration::max() &&
        (link->initiator || handle.instance != instance_))
      return link.get();
  PODSTEP_TRY(OwnedFd socket, begin_connect(handle.side_channel));
  Link& link = add(std::move(socket), true, derive(endpoint_.job_key(), handle.secret));
  link.instance = handle.instance;
  link.peer = cat(printable(handle.host), " pid ", handle.pid, " at ", to_string(handle.side_channel));
  return &link;
}

Result<RecvComm*> Introducer::accept(Listener& listener) {
  endpoint_.progress();
  poll();
  if (listener.waiting.empty()) {
    Duration now = endpoint_.active();
    if (!listener.since)
      listener.since = now;
    if (now - *listener.since > endpoint_.settings().connect_timeout)
      return Error(Kind::timeout,
                   cat("accept: no sender has connected to listener ", listener.id, " at ",
                       to_string(address_), " within ",
                       endpoint_.settings().connect_timeout / std::chrono::seconds(1), " s"),
                   "PODSTEP_FABRIC_CONNECT_TIMEOUT sets the limit");
    return static_cast<RecvComm*>(nullptr);
  }
  auto [link, sender] = listener.waiting.front();
  listener.waiting.pop_front();
  --link->comms;
  if (link->fault)
    return Error(*link->fault);
  auto comm = std::make_unique<RecvComm>(endpoint_, *link);
  if (comm->id() == UINT32_MAX)
    return Error(Kind::exhausted, "65,536 communicators are open");
  comm->peer_comm = sender;
  say(*link, Accepted{sender, comm->id()});
  ++endpoint_.counters().connections;
  return comm.release();
}

void Introducer::close(SendComm* raw) {
  std::unique_ptr<SendComm> comm(raw);
  Link& link = comm->link();
  bool empty = comm->drain();
  if (!link.fault)
    say(link, SenderClosed{comm->peer_id, comm->granted_sent});
  if (!empty)
    endpoint_.adopt(std::move(comm));
}

void Introducer::close(RecvComm* raw) {
  std::unique_ptr<RecvComm> comm(raw);
  Link& link = comm->link();
  bool empty = comm->withdraw();
  if (!link.fault)
    say(link, ReceiverClosed{comm->peer_comm});
  if (!empty)
    endpoint_.adopt(std::move(comm));
  else if (comm->expecting())
    leaving_.push_back(std::move(comm));
}

void Introducer::bury() {
  for (size_t i = 0; i < leaving_.size();) {
    RecvComm& comm = *leaving_[i];
    if (comm.has_everything() || comm.link().fault)
      comm.stop_expecting();
    if (comm.expecting())
      ++i;
    else {
      std::swap(leaving_[i], leaving_.back());
      leaving_.pop_back();
    }
  }
  Duration now = endpoint_.active();
  for (const auto& link : links_) {
    if (!link)
      continue;
    if (!link->introduced && !link->initiator && now - link->begun > stranger_time)
      lost(*link, Error(Kind::timeout, "it did not say who it is"));
    if (link->dying_since != Duration::max() && !link->fault && now - link->dying_since > grace)
      endpoint_.fail(*link, Error(Kind::unavailable, cat(link->peer, ": ", link->end)));
    if (link->early && !link->fault && now - link->early_since > endpoint_.settings().timeout)
      endpoint_.fail(*link, Error(Kind::unavailable, cat(link->peer, ": packet ", link->heard, " was lost")));
    bool ended = link->dying_since != Duration::max();
    // What it sent before its end is read first, while its address is known: shm of libfabric 1.17 crashes on
    // the first message of a process that is gone (smr_progress_connreq).
    if ((ended ? now > link->dying_since : link->fault.has_value()) && link->comms == 0)
      retire(*link);
  }
}

Link& Introducer::add(OwnedFd socket, bool initiator, const Key& key) {
  uint32_t id = uint32_t(links_.size());
  if (free_links_.empty())
    links_.emplace_back();
  else {
    id = free_links_.back();
    free_links_.pop_back();
  }
  Link& link = *(links_[id] = std::make_unique<Link>(endpoint_));
  link.id = id;
  link.initiator = initiator;
  link.begun = endpoint_.active();
  link.side = SideChannel(std::move(socket), key);
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {&link}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, link.side.fd(), &event) != 0)
    endpoint_.fail(link, errno_error("epoll_ctl"));
  strangers_ += !initiator;
  return link;
}

void Introducer::poll() {
  epoll_event events[64];
  int n = epoll_wait(epoll_.get(), events, 64, 0);
  for (int i = 0; i < n; ++i) {
    if (events[i].data.ptr) {
      read(*static_cast<Link*>(events[i].data.ptr));
      continue;
    }
    while (strangers_ < most_strangers) {
      auto socket = accept_from(socket_.get());
      if (!socket || !socket->valid())
        break;
      Link& link = add(std::move(*socket), false, key_);
      link.peer = "a stranger";
      uint64_t nonce = random_number().value_or(0);
      nonces_[link.id] = nonce;
      say(link, Challenge{nonce});
      link.side.set_key(derive(key_, {nonce, 1}));
      read(link); // edge-triggered: what came before it was watched
    }
  }
  bury();
}

void Introducer::say(Link& link, const Message& message) {
  if (!link.side.open())
    return;
  if (auto sent = link.side.send(message); !sent)
    lost(link, std::move(sent).error());
}

void Introducer::lost(Link& link, Error error) {
  if (!link.side.open())
    return;
  link.side.close();
  if (!link.introduced) {
    strangers_ -= !link.initiator;
    nonces_.erase(link.id);
    endpoint_.fail(link, Error(error.kind, cat(link.peer, ": ", error.message), error.hint));
  }
  link.dying_since = endpoint_.active();
}

void Introducer::retire(Link& link) {
  link.side.close();
  while (Talker* talker = link.first_talker)
    endpoint_.unqueue(link, *talker);
  endpoint_.forget(link);
  if (auto peer = peers_.find(link.instance); link.introduced && --peer->second == 0)
    peers_.erase(peer);
  uint32_t id = link.id;
  links_[id].reset();
  free_links_.push_back(id);
}

} // namespace podstep::fabric

// What the side channel's messages do: who is let in, and on which terms. See introduce.h.
#include "common/text.h"
#include "libfabric-transport/endpoint.h"
#include "libfabric-transport/introduce.h"
#include "libfabric-transport/random.h"
#include <unistd.h>

namespace podstep::fabric {

namespace {
/// Connections that wait for an accept() of one listener; there are no more communicators than that.
constexpr size_t most_waiting = 65536;
} // namespace

void Introducer::read(Link& link) {
  if (!link.side.open())
    return;
  if (auto flushed = link.side.flush(); !flushed)
    return lost(link, std::move(flushed).error());
  while (link.side.open()) {
    auto message = link.side.receive();
    if (!message)
      return lost(link, std::move(message).error());
    if (!*message)
      return;
    if (auto taken = take(link, **message); !taken) {
      Error error = std::move(taken).error().in(link.peer);
      if (link.introduced)
        endpoint_.fail(link, error);
      return lost(link, std::move(error));
    }
  }
}

Result<void> Introducer::take(Link& link, const Message& message) {
  if (const auto* challenge = std::get_if<Challenge>(&message))
    return challenged(link, *challenge);
  if (const auto* hello = std::get_if<Hello>(&message))
    return greeted(link, *hello);
  if (!link.introduced)
    return Error(Kind::invalid, "it speaks before it is introduced");
  auto sender = [&](uint32_t id) {
    SendComm* comm = endpoint_.senders().find(id);
    return comm && &comm->link() == &link ? comm : nullptr;
  };
  auto receiver = [&](uint32_t id) {
    RecvComm* comm = endpoint_.receivers().find(id);
    return comm && &comm->link() == &link ? comm : nullptr;
  };
  if (const auto* connect = std::get_if<Connect>(&message))
    asked(link, *connect);
  else if (const auto* accepted = std::get_if<Accepted>(&message)) {
    SendComm* comm = sender(accepted->sender);
    if (comm && !comm->accepted) {
      comm->peer_id = accepted->receiver;
      comm->accepted = true;
    } else if (!comm)
      say(link, SenderClosed{accepted->receiver, 0});
  } else if (const auto* refused = std::get_if<Refused>(&message)) {
    if (SendComm* comm = sender(refused->sender))
      comm->fail(Error(Kind::unavailable, cat("connect to ", link.peer, ": ", printable(refused->why))));
  } else if (const auto* gone = std::get_if<SenderClosed>(&message)) {
    if (RecvComm* comm = receiver(gone->id))
      comm->sender_closed(gone->sent);
  } else if (const auto* left = std::get_if<ReceiverClosed>(&message)) {
    if (SendComm* comm = sender(left->id))
      comm->receiver_closed();
  } else if (const auto* drained = std::get_if<Drained>(&message)) {
    if (RecvComm* comm = receiver(drained->id))
      comm->sender_closed(drained->sent);
  }
  return {};
}

Hello Introducer::hello_for(Link& link) const {
  Hello out;
  out.instance = instance_;
  out.target = link.instance;
  out.cookie = link.cookie;
  out.link = link.id;
  out.pid = uint32_t(getpid());
  out.packets = link.room.posted;
  out.packet_bytes = uint16_t(endpoint_.packet_bytes());
  out.network = endpoint_.network();
  out.host = host_;
  out.address = endpoint_.address();
  out.packets_address = endpoint_.packets_address();
  return out;
}

Result<void> Introducer::challenged(Link& link, const Challenge& challenge) {
  if (!link.initiator || link.introduced || link.cookie != 0)
    return Error(Kind::invalid, "a challenge out of turn");
  PODSTEP_TRY(link.cookie, random_number());
  link.cookie |= 1;
  PODSTEP_CHECK(endpoint_.post_packets(link));
  Key base = link.side.key();
  Hello hello = hello_for(link);
  PODSTEP_TRY(hello.nonce, random_number());
  link.side.set_key(derive(base, {challenge.nonce, 1}));
  PODSTEP_CHECK(link.side.send(hello));
  link.side.set_key(derive(base, {challenge.nonce, hello.nonce | 2}));
  return {};
}

Result<void> Introducer::greeted(Link& link, const Hello& hello) {
  if (link.introduced || (link.initiator && link.cookie == 0))
    return Error(Kind::invalid, "a greeting out of turn");
  if (hello.target != instance_)
    return Error(Kind::conflict, "it means another endpoint: that one ended, and this process got its port");
  if (link.initiator && hello.instance != link.instance)
    return Error(Kind::conflict, "the endpoint of the handle has ended, and another one got its port");
  if (hello.network != endpoint_.network())
    return other_network("it", hello.network);
  if (hello.packet_bytes != endpoint_.packet_bytes() || hello.packets < fewest_packets ||
      hello.packets > 4096 || hello.address.empty())
    return Error(Kind::unsupported, "it speaks another version of the protocol");
  link.instance = hello.instance;
  link.peer_cookie = hello.cookie;
  link.peer_id = hello.link;
  link.limit = hello.packets;
  link.peer = cat(printable(hello.host, 63), " pid ", hello.pid);
  PODSTEP_CHECK(endpoint_.resolve(link, hello.address, hello.packets_address));
  if (!link.initiator) {
    PODSTEP_TRY(link.cookie, random_number());
    link.cookie |= 1;
    PODSTEP_CHECK(endpoint_.post_packets(link));
    link.side.set_key(derive(key_, {nonces_[link.id], hello.nonce | 2}));
    PODSTEP_CHECK(link.side.send(hello_for(link)));
    nonces_.erase(link.id);
    --strangers_;
  }
  link.introduced = true;
  ++peers_[link.instance];
  if (link.initiator)
    endpoint_.say(link, link.answer);
  return {};
}

void Introducer::asked(Link& link, const Connect& connect) {
  auto found = listeners_.find(connect.listener);
  if (found == listeners_.end() || found->second->nonce != connect.nonce) {
    say(link, Refused{connect.sender, "nobody listens there any more"});
    return;
  }
  auto& waiting = found->second->waiting;
  if (waiting.size() == most_waiting) {
    say(link, Refused{connect.sender, "too many others wait there to be accepted"});
    return;
  }
  waiting.push_back({&link, connect.sender});
  ++link.comms;
}

} // namespace podstep::fabric

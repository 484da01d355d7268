// F-CT-21: handles and connections that are rubbish, or another job's. An error or nothing is right; a crash,
// a comm or a plugin that no longer works is not.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/identity.h"
#include "tests/fabric/host/selfpair.h"
#include <arpa/inet.h>
#include <cstdlib>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>

namespace cases {
using namespace harness;

namespace {

/// A handle made from a good one: all alike, random, or with a few bits turned.
Handle spoil(const Handle& good, int how, std::mt19937& random) {
  Handle bad = good;
  if (how == 0)
    bad.fill(0);
  else if (how == 1)
    bad.fill(char(0xff));
  else if (how % 3 == 0)
    for (char& byte : bad)
      byte = char(random());
  else
    for (int turns = 1 + how % 5; turns > 0; turns--)
      bad[random() % (how % 3 == 1 ? 64 : bad.size())] ^= char(1 << random() % 8);
  return bad;
}

} // namespace

void hostile_handle(Rank& rank) {
  Session session(*rank.options);
  std::mt19937 random(11);
  int count = rank.options->pick(100, 300, 3000), errors = 0;
  for (int i = 0; i < count; i++) {
    void* listener = nullptr;
    Handle handle{};
    must(session.net->listen(session.context, 0, handle.data(), &listener), "listen");
    Handle bad = spoil(handle, i, random);
    void *send = nullptr, *recv = nullptr;
    Instant begin = now();
    for (int turn = 0; turn < 6 && !send; turn++) {
      if (try_connect(*session.net, session.context, bad.data(), &send) != ncclabi::success) {
        errors++;
        break;
      }
      must(session.net->accept(listener, &recv, no_offload()), "accept");
    }
    expect(now() - begin < std::chrono::seconds(5), "a bad handle held connect and accept up");
    if (send)
      must(session.net->close_send(send), "closeSend");
    if (recv)
      must(session.net->close_recv(recv), "closeRecv");
    must(session.net->close_listen(listener), "closeListen");
  }
  rank.note(text("handles=", count, " refused=", errors));
  expect(errors > 0, "no bad handle at all was refused");
  SelfPair pair = self_connect(*session.net, session.context);
  self_message(*session.net, pair, 5000);
  pair.close(*session.net);
  session.end();
}

void other_job(Rank& rank) {
  const std::string& variable = rank.options->job;
  if (variable.empty())
    throw Skipped("no --job NAME says how this plugin knows its job");
  // Long enough for a key, too: some know their job by a secret alone.
  setenv(variable.c_str(), rank.rank == 0 ? "job-number-4459-of-two" : "job-number-4460-of-two", 1);
  Session session(*rank.options);
  if (rank.rank == 1) {
    Listener listener = session.listen();
    rank.to.at(0).put_value(listener.handle);
    session.accept_nobody(listener, rank.to.at(0), "a sender of another job was accepted");
    session.close_listen(listener);
    session.end();
    return;
  }
  Handle handle = rank.to.at(1).take_value<Handle>();
  void* comm = nullptr;
  size_t mark = log_size();
  int result = ncclabi::success;
  session.service.run([&] {
    for (Instant until = in_seconds(3); result == ncclabi::success && !comm && now() < until;
         std::this_thread::yield())
      result = try_connect(*session.net, session.context, handle.data(), &comm);
  });
  expect(!comm, "it connected to a listener of another job");
  expect(result != ncclabi::success, "a handle of another job is not refused within 3 s");
  bool said = false;
  for (const Line& line : log_since(mark))
    said = said || (line.level == ncclabi::log_warn && line.text.find("job") != std::string::npos);
  expect(said, "connect answers ", result_name(result), ", but no warning says that it is another job's",
         LastWords{mark});
  rank.note("says=" + last_words(mark));
  rank.to.at(1).put("done");
  session.end();
}

namespace {

/// A connection that sends rubbish and stays open until dropped.
podstep::OwnedFd rubbish(uint16_t port, size_t bytes, std::mt19937& random) {
  podstep::OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
    return {};
  std::string noise(bytes, '\0');
  for (char& byte : noise)
    byte = char(random());
  if (send(fd.get(), noise.data(), noise.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    return {};
  return fd;
}

} // namespace

void hostile_wire(Rank& rank) {
  Session session(*rank.options);
  void *listener = nullptr, *recv = nullptr;
  Handle handle{};
  must(session.net->listen(session.context, 0, handle.data(), &listener), "listen");
  std::set<uint16_t> ports = own_ports(true);
  if (ports.empty())
    throw Skipped("it has no listening TCP socket to send rubbish to");
  std::mt19937 random(12);
  std::vector<podstep::OwnedFd> kept;
  for (uint16_t port : ports)
    for (size_t bytes : {1, 7, 8, 24, 64, 333, 5000, 70000})
      for (bool stays : {true, false}) {
        podstep::OwnedFd fd = rubbish(port, bytes, random);
        for (int i = 0; i < 5; i++) {
          must(session.net->accept(listener, &recv, no_offload()), "accept");
          expect(!recv, "accept took a connection that sent ", bytes, " random bytes");
        }
        if (stays)
          kept.push_back(std::move(fd));
      }
  rank.note(text("ports=", ports.size(), " connections=", ports.size() * 16));
  SelfPair pair = self_connect(*session.net, session.context, Order::connect_first, false, listener, &handle);
  self_message(*session.net, pair, 5000);
  pair.close(*session.net);
  session.end();
}

} // namespace cases

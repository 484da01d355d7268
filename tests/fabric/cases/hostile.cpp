// F-CT-21: handles and connections that are rubbish. An error or nothing is right; a crash, a comm or a
// plugin that no longer works is not.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/selfpair.h"
#include <arpa/inet.h>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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
      if (session.net->connect(session.context, 0, bad.data(), &send, no_offload()) != ncclabi::success) {
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

namespace {

/// Ports on which this process listens: its sockets among the listening ones of /proc/self/net/tcp.
std::set<uint16_t> listening_ports() {
  std::set<uint64_t> own;
  for (int fd = 0; fd < 4096; fd++)
    if (struct stat info; fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode))
      own.insert(info.st_ino);
  std::set<uint16_t> ports;
  std::ifstream table("/proc/self/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    unsigned port = 0, state = 0;
    unsigned long inode = 0;
    if (sscanf(line.c_str(), " %*d: %*x:%x %*x:%*x %x %*s %*s %*s %*s %*s %lu", &port, &state, &inode) == 3 &&
        state == 10 && own.contains(inode))
      ports.insert(static_cast<uint16_t>(port));
  }
  return ports;
}

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
  std::set<uint16_t> ports = listening_ports();
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

// The reference plugin's data path: credits from receiver to sender, messages back, both moved only inside
// isend, irecv and test.
#include "tests/fabric/reference/plugin.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace reference {
namespace {

enum class Kind { send, receive };

struct Request {
  Kind kind;
  Comm* comm = nullptr;
  bool used = false, done = false;
  void* event[group_limit] = {};
  ~Request() { profile_end(); }
  void profile_end() {
    for (void*& one : event)
      if (void* open = std::exchange(one, nullptr))
        comm->context->profile(&open, profile_stop, nullptr, 0, nullptr);
  }
};

/// Told in isend or irecv, and again when the request is done, has failed, or goes with its comm. A stop
/// needs what start gave, or there is none.
void profile_begin(Request& r, int entry, void* phandle) {
  static uint64_t data[4] = {};
  if (r.comm->context->profile && phandle)
    r.comm->context->profile(&r.event[entry], profile_start, phandle, int64_t{0x7e57} << 16 | 1, data);
}

} // namespace

struct SendRequest : Request {
  Header header;
  const char* data;
  size_t sent; ///< of header and data together
};

struct ReceiveRequest : Request {
  Credit credit;
  char* data[group_limit];
  size_t got[group_limit];
  bool full[group_limit];
  int left;
};

namespace {

/// What a comm's requests have in common: `Limit` of them, and a queue of those that the socket has not taken
/// yet.
template<class R, int Limit> struct Queue {
  R all[Limit];
  R* waiting[Limit];
  int first = 0, count = 0;

  R* free_request() {
    for (R& r : all)
      if (!r.used)
        return &r;
    return nullptr;
  }
  void push(R* r) { waiting[(first + count++) % Limit] = r; }
  R* front() { return count ? waiting[first] : nullptr; }
  void pop() {
    first = (first + 1) % Limit;
    count--;
  }
  int outstanding() const {
    int n = 0;
    for (const R& r : all)
      n += r.used;
    return n;
  }
};

struct SendComm : Comm {
  Queue<SendRequest, max_requests * group_limit> queue;
  Credit credits[max_requests]; ///< announced groups, oldest first
  uint8_t taken[max_requests];  ///< bit per entry
  int first = 0, count = 0;
  Credit arriving;
  size_t have = 0;
};

struct RecvComm : Comm {
  Queue<ReceiveRequest, max_requests> queue;
  uint32_t next_group = 0;
  size_t credit_sent = 0;
  Header header;
  size_t have = 0; ///< of the header
  size_t body = 0; ///< of its payload
};

/// Reads up to `size` bytes: how many, 0 for none now; -1 after an error, which is remembered.
ssize_t take(Comm& comm, void* into, size_t size) {
  ssize_t n = recv(comm.fd, into, size, 0);
  if (n > 0)
    return n;
  if (n < 0 && errno == EAGAIN)
    return 0;
  comm.fail(remote_error, n == 0 ? "it closed the connection" : strerror(errno));
  return -1;
}
ssize_t give(Comm& comm, const void* from, size_t size) {
  ssize_t n = send(comm.fd, from, size, MSG_NOSIGNAL);
  if (n >= 0)
    return n;
  if (errno == EAGAIN)
    return 0;
  comm.fail(remote_error, strerror(errno));
  return -1;
}

void read_credits(SendComm& comm) {
  while (comm.count < max_requests) {
    ssize_t n = take(comm, reinterpret_cast<char*>(&comm.arriving) + comm.have, sizeof(Credit) - comm.have);
    if (n <= 0)
      return;
    comm.have += size_t(n);
    if (comm.have < sizeof(Credit))
      continue;
    comm.have = 0;
    if (comm.arriving.count == 0 || comm.arriving.count > group_limit) {
      comm.fail(remote_error, "its credit is malformed");
      return;
    }
    int at = (comm.first + comm.count++) % max_requests;
    comm.credits[at] = comm.arriving;
    comm.taken[at] = 0;
  }
}

void write_messages(SendComm& comm) {
  while (SendRequest* r = comm.queue.front()) {
    while (r->sent < sizeof(Header)) {
      ssize_t n = give(comm, reinterpret_cast<char*>(&r->header) + r->sent, sizeof(Header) - r->sent);
      if (n <= 0)
        return;
      r->sent += size_t(n);
    }
    size_t body = r->header.refused ? 0 : r->header.size;
    while (r->sent < sizeof(Header) + body) {
      size_t at = r->sent - sizeof(Header);
      ssize_t n = give(comm, r->data + at, body - at);
      if (n <= 0)
        return;
      r->sent += size_t(n);
    }
    r->done = true;
    comm.queue.pop();
  }
}

void write_credits(RecvComm& comm) {
  while (ReceiveRequest* r = comm.queue.front()) {
    ssize_t n =
        give(comm, reinterpret_cast<char*>(&r->credit) + comm.credit_sent, sizeof(Credit) - comm.credit_sent);
    if (n <= 0)
      return;
    comm.credit_sent += size_t(n);
    if (comm.credit_sent < sizeof(Credit))
      continue;
    comm.credit_sent = 0;
    comm.queue.pop();
  }
}

/// The receive that the header means; null when there is none such, or it does not fit.
ReceiveRequest* meant(RecvComm& comm) {
  for (ReceiveRequest& r : comm.queue.all)
    if (r.used && !r.done && r.credit.group == comm.header.group)
      if (comm.header.entry < r.credit.count && !r.full[comm.header.entry])
        return &r;
  return nullptr;
}

/// Reads what has come, at most about 4 MiB, so that one test does bounded work.
void read_messages(RecvComm& comm) {
  for (size_t budget = 4 << 20; budget > 0;) {
    if (comm.have < sizeof(Header)) {
      ssize_t n = take(comm, reinterpret_cast<char*>(&comm.header) + comm.have, sizeof(Header) - comm.have);
      if (n <= 0)
        return;
      comm.have += size_t(n);
      comm.body = 0;
      if (comm.have < sizeof(Header))
        continue;
    }
    ReceiveRequest* r = meant(comm);
    if (!r) {
      comm.fail(remote_error, "its message names no posted receive");
      return;
    }
    uint32_t entry = comm.header.entry;
    if (comm.header.size > r->credit.entries[entry].size) {
      char why[128];
      snprintf(why, sizeof why, "it sends %llu bytes into a receive of %llu bytes",
               static_cast<unsigned long long>(comm.header.size),
               static_cast<unsigned long long>(r->credit.entries[entry].size));
      comm.fail(invalid_usage, why);
      return;
    }
    if (comm.body < comm.header.size) {
      size_t want = comm.header.size - comm.body;
      ssize_t n = take(comm, r->data[entry] + comm.body, want < budget ? want : budget);
      if (n <= 0)
        return;
      comm.body += size_t(n);
      budget -= size_t(n);
    }
    if (comm.body < comm.header.size)
      continue;
    r->got[entry] = comm.header.size;
    r->full[entry] = true;
    r->done = --r->left == 0;
    comm.have = 0;
  }
}

void progress(SendComm& comm) {
  if (comm.error == success)
    read_credits(comm);
  if (comm.error == success)
    write_messages(comm);
}
void progress(RecvComm& comm) {
  if (comm.error == success)
    write_credits(comm);
  if (comm.error == success)
    read_messages(comm);
}

/// The entry of the oldest announced group that takes this tag; -1: none now.
int match(SendComm& comm, int tag) {
  if (comm.count == 0)
    return -1;
  const Credit& oldest = comm.credits[comm.first];
  for (uint32_t i = 0; i < oldest.count; i++)
    if (!(comm.taken[comm.first] & 1 << i) && oldest.entries[i].tag == tag)
      return int(i);
  return -1;
}

void use_credit(SendComm& comm, int entry) {
  uint8_t& taken = comm.taken[comm.first];
  taken = static_cast<uint8_t>(taken | 1 << entry);
  if (taken != (1 << comm.credits[comm.first].count) - 1)
    return;
  comm.first = (comm.first + 1) % max_requests;
  comm.count--;
}

} // namespace

int Comm::fail(int code, const char* why) {
  if (error != success)
    return error;
  error = code;
  say(*context, log_warn, "reference: peer %s: %s", peer.c_str(), why);
  return code;
}

int isend(void* comm, void* data, size_t size, int tag, void* handle, void* phandle, void** request) {
  auto& to = *static_cast<SendComm*>(comm);
  *request = nullptr;
  progress(to);
  if (to.error != success)
    return to.error;
  int entry = match(to, tag);
  SendRequest* r = entry < 0 ? nullptr : to.queue.free_request();
  if (!r)
    return success;
  const Credit& oldest = to.credits[to.first];
  size_t room = oldest.entries[entry].size;
  size = cuts() ? std::min(size, room) : size;
  bool refused = size > room;
  r->kind = Kind::send;
  r->comm = &to;
  r->used = true, r->done = false;
  r->data = sent_from(handle, data);
  r->sent = 0;
  r->header = {oldest.group, uint32_t(entry), size, refused, 0};
  char why[128];
  snprintf(why, sizeof why, "a send of %zu bytes meets its receive of %zu bytes", size, room);
  profile_begin(*r, 0, phandle);
  use_credit(to, entry);
  to.queue.push(r);
  progress(to);
  if (refused) {
    r->profile_end();
    return to.fail(invalid_usage, why);
  }
  *request = static_cast<Request*>(r);
  return success;
}

int irecv(void* comm, int n, void** data, size_t* sizes, int* tags, void** handles, void** phandles,
          void** request) {
  auto& from = *static_cast<RecvComm*>(comm);
  *request = nullptr;
  if (n < 1 || n > group_limit)
    return internal_error;
  progress(from);
  if (from.error != success)
    return from.error;
  ReceiveRequest* r = from.queue.free_request();
  if (!r)
    return success;
  r->kind = Kind::receive;
  r->comm = &from;
  r->used = true;
  r->done = false;
  r->left = n;
  r->credit = {from.next_group++, uint32_t(n), {}};
  for (int i = 0; i < n; i++) {
    r->credit.entries[i] = {tags[i], 0, sizes[i]};
    r->data[i] = received_at(handles[i], data[i]);
    r->got[i] = 0;
    r->full[i] = false;
    profile_begin(*r, i, phandles ? phandles[i] : nullptr);
  }
  from.queue.push(r);
  progress(from);
  *request = static_cast<Request*>(r);
  return success;
}

int test(void* request, int* done, int* sizes) {
  auto& r = *static_cast<Request*>(request);
  *done = 0;
  if (!r.done)
    r.kind == Kind::send ? progress(static_cast<SendComm&>(*r.comm))
                         : progress(static_cast<RecvComm&>(*r.comm));
  if (!r.done) {
    if (r.comm->error != success)
      r.profile_end();
    return r.comm->error;
  }
  if (r.kind == Kind::send) {
    if (sizes)
      sizes[0] = int(static_cast<SendRequest&>(r).header.size);
  } else {
    auto& receive = static_cast<ReceiveRequest&>(r);
    for (int i = 0; sizes && i < int(receive.credit.count); i++)
      sizes[i] = int(receive.got[i]);
  }
  r.profile_end();
  r.used = false;
  *done = 1;
  return success;
}

template<class C> int open_comm(Context* context, int fd, std::string peer, void** comm) {
  auto* made = new (std::nothrow) C;
  if (!made) {
    close(fd);
    return system_error;
  }
  made->context = context;
  made->fd = fd;
  made->peer = std::move(peer);
  *comm = made;
  return success;
}
int open_send_comm(Context* context, int fd, std::string peer, void** comm) {
  return open_comm<SendComm>(context, fd, std::move(peer), comm);
}
int open_recv_comm(Context* context, int fd, std::string peer, void** comm) {
  return open_comm<RecvComm>(context, fd, std::move(peer), comm);
}

/// Unread credits would turn the close into a reset, which could overtake what was sent.
int close_send(void* comm) {
  auto* closed = static_cast<SendComm*>(comm);
  shutdown(closed->fd, SHUT_WR);
  for (char rest[4096]; recv(closed->fd, rest, sizeof rest, 0) > 0;) {
  }
  close(closed->fd);
  delete closed;
  return success;
}
int close_recv(void* comm) {
  auto* closed = static_cast<RecvComm*>(comm);
  close(closed->fd);
  delete closed;
  return success;
}

} // namespace reference

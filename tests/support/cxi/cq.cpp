// The completion queue of the fake cxi: shm's completions and its own; reading it is what makes the NIC go
// on.
#include "tests/support/cxi/cxi.h"
#include <algorithm>
#include <cstdio>
#include <cstring>

namespace fakecxi {

namespace {

constexpr size_t batch = 64;

Queue& queue_of(fid* f) {
  return *static_cast<Queue*>(reinterpret_cast<fid_cq*>(f));
}

int close_cq(fid* f) {
  Queue& queue = queue_of(f);
  if (!queue.endpoints.empty())
    return breaks("F-CXI-10", "a queue is closed before its endpoints", -FI_EBUSY);
  fi_close(&queue.lower->fid);
  --queue.domain->children;
  delete &queue;
  return 0;
}

/// A completion of shm's becomes the user's; nothing for an operation of the fake's own.
void take(Queue& queue, const fi_cq_tagged_entry& entry) {
  auto* op = static_cast<Op*>(entry.op_context);
  if (!op)
    return;
  if (op->target)
    receive_to_gpu(*op, entry.len);
  Done done{op->user, op->flags, entry.len, entry.tag, 0, Reason::none};
  // One to five reads later: after some of what was matched behind it, and before other.
  if ((op->flags & FI_RECV) != 0 && entry.len > queue.rendezvous)
    queue.fetched.push_back({done, queue.reads + 1 + queue.reads * 7 % 5});
  else
    queue.add(done);
  give_op(op);
}

/// What has been fetched by now.
void fetch(Queue& queue) {
  std::erase_if(queue.fetched, [&](const Fetched& one) {
    bool complete = queue.reads >= one.complete_at;
    if (complete)
      queue.add(one.done);
    return complete;
  });
}

void take_error(Queue& queue) {
  fi_cq_err_entry entry{};
  if (fi_cq_readerr(queue.lower, &entry, 0) < 0 || !entry.op_context)
    return;
  auto* op = static_cast<Op*>(entry.op_context);
  Reason reason = entry.err == FI_ECANCELED ? Reason::canceled
                  : entry.err == FI_ETRUNC  ? Reason::truncated
                                            : Reason::lower;
  queue.failed.push_back({op->user, op->flags, entry.len, entry.tag, error_of(reason), reason});
  give_op(op);
}

/// One entry in the layout that the user asked for.
size_t put(fi_cq_format format, void* at, const Done& done) {
  fi_cq_tagged_entry full{done.context, done.flags, done.bytes, nullptr, 0, done.tag};
  size_t size = format == FI_CQ_FORMAT_CONTEXT ? sizeof(fi_cq_entry)
                : format == FI_CQ_FORMAT_MSG   ? sizeof(fi_cq_msg_entry)
                : format == FI_CQ_FORMAT_DATA  ? sizeof(fi_cq_data_entry)
                                               : sizeof(fi_cq_tagged_entry);
  memcpy(at, &full, size);
  return size;
}

void progress(Queue& queue) {
  for (Endpoint* ep : queue.endpoints) {
    ep->full = false;
    settle(*ep, false);
    land(*ep, false);
  }
  fi_cq_tagged_entry entries[batch];
  ++queue.reads;
  fetch(queue);
  size_t used = queue.end - queue.first + queue.fetched.size();
  size_t room = std::min(queue.done.size() - used, batch);
  ssize_t n = room > 0 ? fi_cq_read(queue.lower, entries, room) : 0;
  for (ssize_t i = 0; i < n; ++i)
    take(queue, entries[i]);
  if (n == -FI_EAVAIL)
    take_error(queue);
}

ssize_t read(fid_cq* f, void* out, size_t count) {
  Queue& queue = *static_cast<Queue*>(f);
  Entry entry(*queue.domain);
  if (int rc = entry.check())
    return rc;
  progress(queue);
  size_t n = 0;
  auto* at = static_cast<char*>(out);
  for (; n < count && queue.first != queue.end; ++n, ++queue.first)
    at += put(queue.format, at, queue.done[queue.first % queue.done.size()]);
  if (n > 0)
    return ssize_t(n);
  return queue.failed.empty() ? -FI_EAGAIN : -FI_EAVAIL;
}

ssize_t read_error(fid_cq* f, fi_cq_err_entry* out, uint64_t) {
  Queue& queue = *static_cast<Queue*>(f);
  Entry entry(*queue.domain);
  if (int rc = entry.check())
    return rc;
  if (queue.failed.empty())
    return -FI_EAGAIN;
  const Done& one = queue.failed.front();
  out->op_context = one.context;
  out->flags = one.flags;
  out->len = one.bytes;
  out->tag = one.tag;
  out->err = one.error;
  out->prov_errno = int(one.reason);
  queue.failed.pop_front();
  return 1;
}

const char* describe(fid_cq*, int reason, const void*, char* text, size_t length) {
  const char* name = name_of(Reason(reason));
  if (text && length > 0)
    snprintf(text, length, "%s", name);
  return name;
}

fi_ops fid_ops = {sizeof(fi_ops),
                  close_cq,
                  none<decltype(fi_ops::bind)>,
                  none<decltype(fi_ops::control)>,
                  none<decltype(fi_ops::ops_open)>,
                  nullptr,
                  nullptr};
fi_ops_cq cq_ops = {sizeof(fi_ops_cq),
                    read,
                    none<decltype(fi_ops_cq::readfrom)>,
                    read_error,
                    none<decltype(fi_ops_cq::sread)>,
                    none<decltype(fi_ops_cq::sreadfrom)>,
                    none<decltype(fi_ops_cq::signal)>,
                    describe};

} // namespace

void fail(Queue& queue, void* context, uint64_t flags, size_t bytes, Reason reason) {
  queue.failed.push_back({context, flags, bytes, 0, error_of(reason), reason});
}

int open_cq(fid_domain* d, fi_cq_attr* attr, fid_cq** out, void* context) {
  auto* domain = static_cast<Domain*>(d);
  if (attr->wait_obj != FI_WAIT_NONE)
    return -FI_ENOSYS;
  auto* queue = new Queue;
  fi_cq_attr lower = *attr;
  lower.format = FI_CQ_FORMAT_TAGGED;
  if (int rc = fi_cq_open(domain->lower, &lower, &queue->lower, nullptr)) {
    delete queue;
    return rc;
  }
  queue->domain = domain;
  queue->format = attr->format == FI_CQ_FORMAT_UNSPEC ? FI_CQ_FORMAT_CONTEXT : attr->format;
  queue->done.resize(std::max<size_t>(attr->size, 4 * depth));
  queue->fetched.reserve(depth); // a caller that counts allocations sees its own only
  if (std::string bytes = setting("FAKE_CXI_RENDEZVOUS", "2048"); bytes != "none")
    queue->rendezvous = size_t(atoi(bytes.c_str()));
  queue->fid = {FI_CLASS_CQ, context, &fid_ops};
  queue->ops = &cq_ops;
  ++domain->children;
  *out = queue;
  return 0;
}

} // namespace fakecxi

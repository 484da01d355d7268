// The fake NCCL's communicator: see mesh.h. Which plugin it is NCCL's own variables say; in place of NCCL's
// sockets FAKE_NCCL_SOCKET names one.
#include "tests/support/nccl/mesh.h"
#include "common/file.h"
#include "common/text.h"
#include "tests/fabric/host/session.h"
#include <cstdarg>
#include <cstring>
#include <unistd.h>

namespace fakenccl {

using harness::expect;
using harness::in_seconds;
using harness::must;
using harness::now;

namespace {

constexpr double patience = 60;

std::string variable(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

/// The file that NCCL_DEBUG_FILE names, if any.
void log_line(const std::string& line) {
  if (FILE* file = fopen(variable("NCCL_DEBUG_FILE").c_str(), "a")) {
    fprintf(file, "fake NCCL INFO %s\n", line.c_str());
    fclose(file);
  }
}

void log_of_plugin(int, unsigned long, const char*, int, const char* format, ...) {
  char text[1000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  log_line(text);
}

harness::Library open_library() {
  std::string path = variable("NCCL_NET_PLUGIN");
  auto library = harness::Library::open(path == "none" ? variable("FAKE_NCCL_SOCKET") : path);
  if (!library)
    harness::fail(library.error().message);
  return std::move(*library);
}

std::string file_of(const std::string& directory, int receiver, int sender) {
  return podstep::cat(directory, "/", receiver, "-from-", sender);
}

/// One part on its way.
struct Moving {
  Part part;
  bool send;
  void* handle = nullptr;
  void* request = nullptr;
  int done = 0;
};

} // namespace

Mesh::Mesh(const std::string& directory, int all, int mine)
    : ranks(all), rank(mine), library_(open_library()), to_(size_t(all)), from_(size_t(all)) {
  auto net = library_.net();
  if (!net)
    harness::fail(net.error().message);
  net_ = std::move(*net);
  must(net_->init(&context_, 1, -1, log_of_plugin, nullptr), "init");
  connect(directory);
  for (int peer = 0; peer < ranks; ++peer)
    if (peer != rank)
      log_line(podstep::cat("Channel 00/0 : ", rank, "[0] -> ", peer, "[0] [send] via ",
                            variable("FAKE_NCCL") == "shm" ? "SHM/direct" : "NET/" + variable("NCCL_NET"),
                            "/0"));
}

/// Every rank shows each other one a handle; all connections are then made in turn.
void Mesh::connect(const std::string& directory) {
  std::vector<void*> listeners(to_.size());
  std::vector<std::string> handles(to_.size());
  for (int peer = 0; peer < ranks; ++peer) {
    if (peer == rank)
      continue;
    harness::Handle handle{};
    must(net_->listen(context_, 0, handle.data(), &listeners[size_t(peer)]), "listen");
    expect(
        podstep::write_file_atomic(file_of(directory, rank, peer), {handle.data(), handle.size()}, 0600).ok(),
        directory, ": cannot be written");
  }
  auto until = in_seconds(patience);
  for (int left = 2 * (ranks - 1); left > 0; usleep(100)) {
    expect(now() < until, "the ranks do not meet in ", patience, " s");
    for (size_t peer = 0; peer < size_t(ranks); ++peer) {
      if (int(peer) == rank)
        continue;
      if (handles[peer].empty())
        if (auto read = podstep::read_file(file_of(directory, int(peer), rank), ncclabi::handle_bytes))
          handles[peer] = *read;
      if (!to_[peer] && !handles[peer].empty()) {
        must(net_->connect(context_, 0, handles[peer].data(), &to_[peer], harness::no_offload()), "connect");
        left -= to_[peer] != nullptr;
      }
      if (!from_[peer]) {
        must(net_->accept(listeners[peer], &from_[peer], harness::no_offload()), "accept");
        left -= from_[peer] != nullptr;
      }
    }
  }
  for (void* listener : listeners)
    if (listener)
      must(net_->close_listen(listener), "closeListen");
}

Mesh::~Mesh() {
  for (void* comm : to_)
    if (comm)
      net_->close_send(comm);
  for (void* comm : from_)
    if (comm)
      net_->close_recv(comm);
  net_->finalize(context_);
}

void Mesh::exchange(const std::vector<Part>& sends, const std::vector<Part>& receives) {
  constexpr int tag = 1;
  std::vector<Moving> all;
  std::vector<const Part*> own;
  for (const Part& part : sends)
    part.peer == rank ? own.push_back(&part) : all.push_back({part, true});
  size_t copied = 0;
  for (const Part& part : receives)
    if (part.peer == rank)
      std::memcpy(part.data, own.at(copied++)->data, part.bytes);
    else
      all.push_back({part, false});
  auto comm = [&](const Moving& m) { return (m.send ? to_ : from_)[size_t(m.part.peer)]; };
  for (Moving& m : all)
    must(net_->reg_mr(comm(m), m.part.data, std::max(m.part.bytes, size_t(1)), ncclabi::ptr_host, &m.handle),
         "regMr");
  auto until = in_seconds(patience);
  for (size_t left = all.size(); left > 0;) {
    expect(now() < until, "an exchange is not over after ", patience, " s");
    for (Moving& m : all) {
      void *data = m.part.data, *phandle = nullptr;
      size_t bytes = m.part.bytes;
      int its_tag = tag, size = 0;
      if (!m.request)
        must(m.send ? net_->isend(comm(m), data, bytes, tag, m.handle, nullptr, &m.request)
                    : net_->irecv(comm(m), 1, &data, &bytes, &its_tag, &m.handle, &phandle, &m.request),
             "isend or irecv");
      if (m.request && !m.done) {
        must(net_->test(m.request, &m.done, &size), "test");
        left -= size_t(m.done != 0);
      }
    }
  }
  for (Moving& m : all)
    must(net_->dereg_mr(comm(m), m.handle), "deregMr");
}

} // namespace fakenccl

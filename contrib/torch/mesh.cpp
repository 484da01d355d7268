// Meeting, connecting and moving: see mesh.h.
#include "contrib/torch/mesh.h"
#include <algorithm>
#include <cstring>
#include <sched.h>
#include <utility>

namespace podstep::collective {

namespace {
using Time = std::chrono::steady_clock;
constexpr size_t address = PODSTEP_FABRIC_ADDRESS_BYTES;

std::string rank_text(int rank) {
  return "rank " + std::to_string(rank);
}
} // namespace

Mesh::Mesh(const Options& options) : here_(options.here) {
  for (FabricWire& wire : wires_) {
    wire.mesh = this;
    wire.peers.resize(size_t(here_.ranks));
  }
  podstep_fabric_options endpoint{};
  endpoint.size = sizeof endpoint;
  endpoint.provider = options.provider;
  endpoint.device = options.device;
  endpoint.label = options.name.c_str();
  char error[512];
  if (podstep_fabric_open(&endpoint, &fabric_, error, sizeof error) != PODSTEP_FABRIC_OK)
    throw Broken(error);
  registers_ = options.registers || podstep_fabric_demands_memory(fabric_);
  try {
    std::vector<unsigned char> addresses;
    meet(options, addresses);
    connect(options, addresses);
  } catch (...) {
    close();
    throw;
  }
}

Mesh::~Mesh() {
  close();
}

/// Listens for every peer on both wires, and learns where every peer listens for us.
void Mesh::meet(const Options& options, std::vector<unsigned char>& addresses) {
  auto ranks = size_t(here_.ranks);
  std::vector<unsigned char> mine(ranks * 2 * address);
  listeners_.resize(ranks * 2);
  for (size_t i = 0; i < listeners_.size(); ++i)
    if (i / 2 != size_t(here_.rank) &&
        podstep_fabric_listen(fabric_, mine.data() + i * address, &listeners_[i]) != PODSTEP_FABRIC_OK)
      throw Broken(podstep_fabric_error(fabric_));

  podstep_fabric_rendezvous_options meeting{};
  meeting.size = sizeof meeting;
  if (options.meeting)
    meeting = *options.meeting;
  meeting.rank = here_.rank;
  meeting.ranks = here_.ranks;
  meeting.timeout_ms = uint32_t(std::clamp<int64_t>(options.timeout.count(), 1, INT32_MAX));
  podstep_fabric_rendezvous* rendezvous = nullptr;
  char error[512];
  if (podstep_fabric_rendezvous_open(&meeting, &rendezvous, error, sizeof error) != PODSTEP_FABRIC_OK)
    throw Broken(error);
  std::unique_ptr<podstep_fabric_rendezvous, void (*)(podstep_fabric_rendezvous*)> owner(
      rendezvous, podstep_fabric_rendezvous_close);
  std::vector<unsigned char> theirs(mine.size());
  addresses.resize(mine.size());
  if (podstep_fabric_rendezvous_put(rendezvous, mine.data(), mine.size()) != PODSTEP_FABRIC_OK ||
      podstep_fabric_rendezvous_fence(rendezvous) != PODSTEP_FABRIC_OK)
    throw Broken(podstep_fabric_rendezvous_error(rendezvous));
  for (size_t of = 0; of < ranks; ++of) {
    size_t bytes = 0;
    if (podstep_fabric_rendezvous_get(rendezvous, int(of), theirs.data(), theirs.size(), &bytes) !=
        PODSTEP_FABRIC_OK)
      throw Broken(podstep_fabric_rendezvous_error(rendezvous));
    if (bytes != theirs.size())
      throw Broken(rank_text(int(of)) + " shows " + std::to_string(bytes) + " bytes of addresses, not " +
                   std::to_string(theirs.size()));
    std::memcpy(addresses.data() + of * 2 * address, theirs.data() + size_t(here_.rank) * 2 * address,
                2 * address);
  }
}

void Mesh::connect(const Options& options, std::vector<unsigned char>& addresses) {
  Time::time_point end = Time::now() + options.timeout;
  for (bool all = false; !all; sched_yield()) {
    all = true;
    for (size_t i = 0; i < listeners_.size(); ++i) {
      int rank = int(i / 2);
      Peer& peer = wires_[i % 2].peers[size_t(rank)];
      if (rank == here_.rank || (peer.sender && peer.receiver))
        continue;
      if ((!peer.sender &&
           podstep_fabric_connect(fabric_, addresses.data() + i * address, &peer.sender) < 0) ||
          (!peer.receiver && podstep_fabric_accept(listeners_[i], &peer.receiver) < 0))
        throw Broken(rank_text(rank) + ": " + podstep_fabric_error(fabric_));
      if (peer.receiver && listeners_[i]) {
        podstep_fabric_close_listener(listeners_[i]);
        listeners_[i] = nullptr;
      }
      all = all && peer.sender && peer.receiver;
      if (!all && Time::now() > end)
        throw Broken(rank_text(rank) + " does not connect within " + std::to_string(options.timeout.count()) +
                     " ms");
    }
  }
}

void Mesh::close() {
  if (!fabric_)
    return;
  for (FabricWire& wire : wires_)
    for (Peer& peer : wire.peers) {
      if (peer.receiver)
        podstep_fabric_close_receiver(peer.receiver);
      if (peer.sender)
        podstep_fabric_close_sender(peer.sender);
      peer = {};
    }
  for (podstep_fabric_listener* listener : listeners_)
    if (listener)
      podstep_fabric_close_listener(listener);
  listeners_.clear();
  for (auto& region : regions_)
    podstep_fabric_deregister(fabric_, std::exchange(region->memory, nullptr));
  podstep_fabric_close(fabric_);
  fabric_ = nullptr;
}

bool Mesh::progress() {
  return fabric_ && podstep_fabric_progress(fabric_) == 1;
}

std::string Mesh::describe(int peer) const {
  const Peer& p = wires_[0].peers[size_t(peer)];
  const char* name = p.sender     ? podstep_fabric_sender_peer(p.sender)
                     : p.receiver ? podstep_fabric_receiver_peer(p.receiver)
                                  : "";
  return rank_text(peer) + (*name ? " (" + std::string(name) + ")" : "");
}

void Mesh::broken(int peer, const char* doing) const {
  std::string who = rank_text(peer);
  throw Broken(std::string(doing) + " " + who + ": " +
               (fabric_ ? podstep_fabric_error(fabric_) : "the group is closed"));
}

podstep_fabric_memory* Mesh::memory_of(const void* data) const {
  auto at = static_cast<const unsigned char*>(data);
  for (const auto& region : regions_)
    if (at >= region->data && at < region->data + region->bytes)
      return region->memory;
  return nullptr;
}

Wire::Ticket Mesh::FabricWire::send(int peer, const void* data, size_t bytes, int tag) {
  podstep_fabric_request* request = nullptr;
  Peer& p = peers[size_t(peer)];
  if (!p.sender || podstep_fabric_send(p.sender, data, bytes, tag, mesh->memory_of(data), &request) < 0)
    mesh->broken(peer, "send to");
  return request;
}

Wire::Ticket Mesh::FabricWire::receive(int peer, void* data, size_t bytes, int tag) {
  podstep_fabric_request* request = nullptr;
  Peer& p = peers[size_t(peer)];
  podstep_fabric_buffer buffer{data, bytes, tag, mesh->memory_of(data)};
  if (!p.receiver || podstep_fabric_receive(p.receiver, 1, &buffer, &request) < 0)
    mesh->broken(peer, "receive from");
  return request;
}

bool Mesh::FabricWire::done(int peer, Ticket ticket, size_t& bytes) {
  int done = 0;
  if (podstep_fabric_test(static_cast<podstep_fabric_request*>(ticket), &done, &bytes) < 0)
    mesh->broken(peer, "transfer with");
  return done;
}

void* Mesh::FabricWire::enter(void* data, size_t bytes) {
  if (!mesh->registers_)
    return nullptr;
  auto region = std::make_unique<Region>(Region{static_cast<unsigned char*>(data), bytes, nullptr});
  if (podstep_fabric_register(mesh->fabric_, data, bytes, &region->memory) != PODSTEP_FABRIC_OK)
    throw Broken(podstep_fabric_error(mesh->fabric_));
  mesh->regions_.push_back(std::move(region));
  return mesh->regions_.back().get();
}

void Mesh::FabricWire::leave(void* entered) {
  auto* region = static_cast<Region*>(entered);
  if (mesh->fabric_)
    podstep_fabric_deregister(mesh->fabric_, region->memory);
  std::erase_if(mesh->regions_, [&](const auto& one) { return one.get() == region; });
}

} // namespace podstep::collective

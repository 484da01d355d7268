// A plan's steps: see run.h.
#include "contrib/torch/run.h"
#include <algorithm>
#include <cstring>

namespace podstep::collective {

namespace {
/// Sends of one lane that may be under way.
constexpr size_t send_window = 16;
} // namespace

unsigned char* Stage::room(Wire& wire, size_t bytes) {
  if (bytes > bytes_) {
    clear(wire);
    data_ = std::make_unique_for_overwrite<unsigned char[]>(bytes);
    bytes_ = bytes;
    entered_ = wire.enter(data_.get(), bytes);
  }
  return data_.get();
}

void Stage::clear(Wire& wire) {
  if (entered_)
    wire.leave(entered_);
  entered_ = nullptr;
  data_.reset();
  bytes_ = 0;
}

Run::Lane& Run::lane_of(std::vector<Lane>& lanes, std::vector<int>& index, int peer) {
  if (size_t(peer) >= index.size())
    index.resize(size_t(peer) + 1, -1);
  if (index[size_t(peer)] < 0) {
    index[size_t(peer)] = int(lanes.size());
    lanes.push_back({});
    lanes.back().peer = peer;
  }
  return lanes[size_t(index[size_t(peer)])];
}

Run::Run(Plan plan, std::vector<Block> memory, Wire& wire, Stage& stage)
    : plan_(std::move(plan)), wire_(wire) {
  for (const Copy& copy : plan_.copies)
    if (copy.bytes > 0)
      std::memmove(copy.to, copy.from, copy.bytes);
  std::vector<int> index;
  for (size_t i = 0; i < plan_.sends.size(); ++i)
    lane_of(out_, index, plan_.sends[i].peer).items.push_back(int(i));
  index.clear();
  size_t staged = 0;
  for (size_t i = 0; i < plan_.arrivals.size(); ++i) {
    const Arrival& arrival = plan_.arrivals[i];
    Lane& lane = lane_of(in_, index, arrival.peer);
    lane.items.push_back(int(i));
    if (arrival.left) {
      lane.slot = std::max(lane.slot, (arrival.bytes + 63) / 64 * 64);
      lane.window = staged_window;
    }
  }
  for (Lane& lane : out_)
    lane.tickets.resize(send_window);
  for (Lane& lane : in_) {
    lane.tickets.resize(lane.window);
    staged += lane.slot * std::min(lane.window, lane.items.size());
  }
  unsigned char* at = staged > 0 ? stage.room(wire_, staged) : nullptr;
  for (Lane& lane : in_) {
    lane.stage = at;
    at += lane.slot * std::min(lane.window, lane.items.size());
  }
  here_.resize(plan_.arrivals.size());
  memory.insert(memory.end(), plan_.scratch_blocks.begin(), plan_.scratch_blocks.end());
  for (const Block& block : memory)
    if (void* entered = block.bytes > 0 ? wire_.enter(block.data, block.bytes) : nullptr)
      entered_.push_back(entered);
}

Run::~Run() {
  for (void* entered : entered_)
    wire_.leave(entered);
}

bool Run::step() {
  bool moved = false;
  for (Lane& lane : in_)
    moved |= post_receives(lane);
  for (Lane& lane : in_)
    moved |= take(lane);
  for (Lane& lane : out_)
    moved |= push(lane);
  return moved;
}

bool Run::post_receives(Lane& lane) {
  bool moved = false;
  while (lane.posted < lane.items.size() && lane.posted - lane.finished < lane.window) {
    const Arrival& arrival = plan_.arrivals[size_t(lane.items[lane.posted])];
    size_t place = lane.posted % lane.window;
    unsigned char* to = arrival.left ? lane.stage + lane.slot * place : arrival.out;
    Wire::Ticket ticket = wire_.receive(lane.peer, to, arrival.bytes, 0);
    if (!ticket)
      break;
    lane.tickets[place] = ticket;
    ++lane.posted;
    moved = true;
  }
  return moved;
}

bool Run::take(Lane& lane) {
  bool moved = false;
  while (lane.finished < lane.posted) {
    size_t place = lane.finished % lane.window, bytes = 0;
    int item = lane.items[lane.finished];
    const Arrival& arrival = plan_.arrivals[size_t(item)];
    if (!lane.landed) {
      if (!wire_.done(lane.peer, lane.tickets[place], bytes))
        break;
      if (bytes != arrival.bytes)
        throw Broken("rank " + std::to_string(lane.peer) + " sent " + std::to_string(bytes) +
                     " bytes where " + std::to_string(arrival.bytes) +
                     " were expected: the ranks do not call the same operation");
      lane.landed = moved = true;
    }
    if (arrival.after >= 0 && !here_[size_t(arrival.after)])
      break;
    if (arrival.left)
      combine(plan_.type, plan_.op, arrival.out, arrival.left, lane.stage + lane.slot * place,
              arrival.bytes / bytes_of(plan_.type));
    here_[size_t(item)] = true;
    lane.landed = false;
    ++lane.finished, ++finished_;
    // The slot is free: the next one comes while this one's neighbour is combined.
    post_receives(lane);
  }
  return moved;
}

bool Run::push(Lane& lane) {
  bool moved = false;
  size_t bytes = 0;
  while (lane.finished < lane.posted &&
         wire_.done(lane.peer, lane.tickets[lane.finished % send_window], bytes))
    ++lane.finished, ++sent_, moved = true;
  while (lane.posted < lane.items.size() && lane.posted - lane.finished < send_window) {
    const Send& send = plan_.sends[size_t(lane.items[lane.posted])];
    if (send.after >= 0 && !here_[size_t(send.after)])
      break;
    Wire::Ticket ticket = wire_.send(lane.peer, send.data, send.bytes, 0);
    if (!ticket)
      break;
    lane.tickets[lane.posted++ % send_window] = ticket;
    moved = true;
  }
  return moved;
}

std::vector<int> Run::waiting_for() const {
  std::vector<int> out;
  for (const auto* lanes : {&in_, &out_})
    for (const Lane& lane : *lanes)
      if (lane.finished < lane.items.size() && std::find(out.begin(), out.end(), lane.peer) == out.end())
        out.push_back(lane.peer);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace podstep::collective

// One other endpoint: how to reach it, what it may still be sent, and whether it lives.
#pragma once
#include "common/clock.h"
#include "libfabric-transport/op.h"
#include "libfabric-transport/packet.h"
#include "libfabric-transport/promise.h"
#include "libfabric-transport/side_channel.h"
#include <memory>
#include <optional>
#include <rdma/fi_domain.h>
#include <string>

namespace podstep::fabric {

class Endpoint;
struct SendRequest;
struct Link;

/// A posted buffer for one packet.
struct PacketSlot : Op {
  Link* from;       ///< whose packet was in it, while it waits to be posted again
  PacketSlot* next; ///< another that came before its turn
  void* descriptor; ///< of its memory, where the provider needs one
  uint8_t* bytes;   ///< as many as the endpoint's packets may have
};
/// The buffers that one peer may fill.
struct PacketSlots {
  std::unique_ptr<uint8_t[]> memory; ///< touched only where a packet comes
  std::unique_ptr<PacketSlot[]> slots;
  uint16_t posted = 0; ///< how many of them the peer may fill
};
/// A packet on its way out.
struct PacketOut : Op {
  PacketOut* next;
  uint32_t link; ///< ours, and its cookie: whose fault it is when the packet is not delivered
  uint64_t cookie;
  SendRequest* lent; ///< whose memory goes with it, until it is sent; nullptr: it holds a copy
  uint8_t* bytes;
};

/// Whoever has control packets to send that did not go at once; a link keeps them in a queue.
class Talker {
public:
  virtual ~Talker() = default;
  /// Sends what it can. True: nothing is left to say.
  virtual bool speak() = 0;
  Talker* next_talker = nullptr;
  bool queued = false;
};

/// Returns credits for small messages in whatever packet leaves next.
struct Creditor {
  uint32_t peer_comm = 0;
  uint16_t owed = 0;
};

/// Says what a link itself has to say: its first packet, or acknowledgements alone.
class Answer : public Talker {
public:
  Answer(Endpoint& endpoint, Link& link) : endpoint_(endpoint), link_(link) {}
  bool speak() override;

private:
  Endpoint& endpoint_;
  Link& link_;
};

struct Link {
  explicit Link(Endpoint& endpoint) : answer(endpoint, *this) {}

  Answer answer;
  uint32_t id = 0;          ///< ours, in every packet to us
  uint64_t cookie = 0;      ///< likewise
  uint32_t peer_id = 0;     ///< the peer's, in every packet to it
  uint64_t peer_cookie = 0; ///< likewise
  uint64_t instance = 0;    ///< the peer endpoint's
  bool initiator = false;
  bool introduced = false; ///< both Hellos were said
  bool proven = false;     ///< a packet came through: the data path works
  fi_addr_t address = FI_ADDR_NOTAVAIL, packets_address = FI_ADDR_NOTAVAIL; ///< of its data, of its packets
  std::string peer;                                                         ///< `nid001101 pid 4459`
  SideChannel side;
  Duration begun{0}; ///< active time when the side channel was opened

  PacketSlots room;
  uint16_t limit = 0;                  ///< how many packets the peer takes
  uint16_t sent = 0, acknowledged = 0; ///< packets to the peer; modulo 65536
  uint16_t taken = 0, told = 0; ///< packets from the peer whose buffers lie ready again; as the peer knows it
  uint16_t heard = 0;           ///< packets from the peer that had their turn: the number of the next
  bool owner_wanted = false;    ///< the next packet is one whose fate is told
  PacketSlot* early = nullptr;  ///< packets that came before their turn, in no order
  Duration early_since{};       ///< active time since when the next in turn is missing
  Talker *first_talker = nullptr, *last_talker = nullptr;
  Creditor* creditor = nullptr;

  /// Active time of the first EAGAIN of a row, for data and for packets: each may have its own way there.
  Duration data_stalled_since = Duration::max(), packets_stalled_since = Duration::max();
  Duration dying_since =
      Duration::max(); ///< active time when the side channel ended, or the last sign of life after it
  std::string end = "its process has ended, or left"; ///< why it is dying
  std::optional<Error> fault;
  uint64_t bytes_in = 0, bytes_out = 0, messages_in = 0, messages_out = 0;
  uint32_t comms = 0;    ///< communicators that use it
  uint32_t receives = 0; ///< posted for its data, and not complete
  uint32_t data_in = 0;  ///< that came, modulo 2^32
  Promise::Peer promises;
  enum Way : uint8_t { by_packets = 1, by_data = 2 };
  uint8_t ways = 0;    ///< by which messages were sent: the provider's connection for it stands
  uint8_t unpaced = 0; ///< those that were looked after

  uint16_t in_flight() const { return uint16_t(sent - acknowledged); }
};

} // namespace podstep::fabric

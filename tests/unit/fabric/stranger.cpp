// A stranger at the endpoint itself: whoever knows its address can send it packets by libfabric, and without
// the link's cookie they are nobody's.
#include "libfabric-transport/fids.h"
#include "libfabric-transport/packet.h"
#include "tests/fabric/host/identity.h"
#include "tests/unit/fabric/fake.h"
#include "tests/unit/fabric/pair.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <random>
#include <rdma/fi_cm.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_tagged.h>

using namespace podstep::fabric;
using pair::Side;

static const bool loaded = fake::load();

namespace {

/// An endpoint of libfabric's own calls on the wire's provider, on the loop-back interface.
struct Raw {
  Info info;
  FabricFid fabric;
  DomainFid domain;
  AddressesFid addresses;
  QueueFid queue;
  EndpointFid ep;

  explicit Raw(const Side& side) {
    for (const char* provider : {"net", "tcp"})
      if (!info)
        ask(provider);
    side.must(bool(info), "the stranger finds a provider");
    fid_fabric* f = nullptr;
    side.must(fi_fabric(info->fabric_attr, &f, nullptr) == 0, "fi_fabric");
    fabric.reset(f);
    fid_domain* d = nullptr;
    side.must(fi_domain(f, info.get(), &d, nullptr) == 0, "fi_domain");
    domain.reset(d);
    fi_av_attr av{};
    av.type = FI_AV_TABLE;
    fid_av* a = nullptr;
    side.must(fi_av_open(d, &av, &a, nullptr) == 0, "fi_av_open");
    addresses.reset(a);
    fi_cq_attr cq{};
    cq.format = FI_CQ_FORMAT_MSG;
    cq.wait_obj = FI_WAIT_NONE;
    fid_cq* q = nullptr;
    side.must(fi_cq_open(d, &cq, &q, nullptr) == 0, "fi_cq_open");
    queue.reset(q);
    fid_ep* e = nullptr;
    side.must(fi_endpoint(d, info.get(), &e, nullptr) == 0, "fi_endpoint");
    ep.reset(e);
    side.must(fi_ep_bind(e, &q->fid, FI_TRANSMIT | FI_RECV) == 0 && fi_ep_bind(e, &a->fid, 0) == 0 &&
                  fi_enable(e) == 0,
              "fi_enable");
  }
  void ask(const char* provider) {
    Info hints(fi_allocinfo());
    hints->caps = FI_MSG | FI_TAGGED;
    hints->ep_attr->type = FI_EP_RDM;
    hints->addr_format = FI_SOCKADDR_IN;
    hints->domain_attr->mr_mode = FI_MR_LOCAL;
    hints->fabric_attr->prov_name = strdup(provider);
    fi_info* found = nullptr;
    if (fi_getinfo(FI_VERSION(1, 17), "127.0.0.1", nullptr, FI_SOURCE, hints.get(), &found) == 0)
      info.reset(found);
  }
  fi_addr_t know(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fi_addr_t out = FI_ADDR_NOTAVAIL;
    return fi_av_insert(addresses.get(), &address, 1, &out, 0, nullptr) == 1 ? out : FI_ADDR_NOTAVAIL;
  }
  /// How many of these were sent whole; what cannot be sent within a moment is left.
  int send(fi_addr_t to, const std::vector<std::string>& packets) {
    int done = 0;
    auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    for (size_t posted = 0; std::chrono::steady_clock::now() < until && done < int(packets.size());) {
      const std::string& packet = packets[std::min(posted, packets.size() - 1)];
      if (posted < packets.size() &&
          fi_send(ep.get(), packet.data(), packet.size(), nullptr, to, nullptr) == 0)
        ++posted;
      fi_cq_msg_entry entry;
      ssize_t n = fi_cq_read(queue.get(), &entry, 1);
      if (n == -FI_EAVAIL) {
        fi_cq_err_entry failed{};
        fi_cq_readerr(queue.get(), &failed, 0);
        return done;
      }
      done += n == 1;
    }
    return done;
  }
};

/// Random bytes of all lengths, and headers that are sound but for the cookie.
std::vector<std::string> forged() {
  std::minstd_rand random(5);
  std::vector<std::string> out;
  for (size_t bytes : {0, 1, 39, 40, 41, 127, 128, 1000, int(packet_bytes)}) {
    std::string noise(bytes, '\0');
    for (char& c : noise)
      c = char(random());
    out.push_back(noise);
  }
  for (uint8_t type = 0; type <= uint8_t(PacketType::notify) + 1; ++type)
    for (uint32_t link = 0; link < 3; ++link) {
      PacketHeader header;
      header.type = type;
      header.link = link;
      header.cookie = random();
      header.acknowledged = uint16_t(random());
      header.credits = uint16_t(random());
      header.count = 1, header.starts = 1;
      header.bytes = type == uint8_t(PacketType::grant) || type >= uint8_t(PacketType::too_large) ? 8 : 0;
      std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
      out.push_back(packet + std::string(header.bytes, '\x7f'));
    }
  return out;
}

constexpr int rounds = 40;
constexpr size_t bytes = 20000;

void receives(Side& side) {
  side.open("net");
  auto ports = harness::own_ports(true);
  auto count = uint32_t(ports.size());
  side.put(&count, sizeof count);
  for (uint16_t port : ports)
    side.put(&port, sizeof port);
  auto* r = side.accept();
  for (int i = 0; i < rounds; ++i) {
    std::vector<char> into(bytes, 0);
    size_t got = 0;
    side.wait(side.receive(r, {{into.data(), bytes, 3, nullptr}}), &got);
    side.must(got == bytes && into == std::vector<char>(bytes, char(i)), "the message is as it was sent");
  }
  side.meet();
  podstep_fabric_close_receiver(r);
}

void sends(Side& side) {
  uint32_t count = 0;
  side.take(&count, sizeof count);
  std::vector<uint16_t> ports(count);
  for (uint16_t& port : ports)
    side.take(&port, sizeof port);
  Raw raw(side);
  auto packets = forged();
  auto attack = [&] {
    int sent = 0;
    for (uint16_t port : ports)
      if (fi_addr_t to = raw.know(port); to != FI_ADDR_NOTAVAIL)
        sent += raw.send(to, packets);
    return sent;
  };
  side.open("net");
  attack(); // before anybody is connected, and so nothing is posted that could take them
  auto* s = side.connect();
  for (int i = 0; i < rounds; ++i) {
    std::vector<char> from(bytes, char(i));
    side.wait(side.send(s, from.data(), bytes, 3));
    if (i == rounds / 2) // and beside messages
      side.must(attack() >= int(packets.size()), "the stranger's packets arrive");
  }
  side.meet();
  podstep_fabric_close_sender(s);
}

} // namespace

TEST_CASE("A stranger's packets to the endpoint itself, forged or cut short, change nothing") {
  CHECK(pair::run(receives, sends) == 0);
}

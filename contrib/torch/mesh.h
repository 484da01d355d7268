// All ranks of a group connected with each other over libpodstep-fabric: for each peer two pairs of streams,
// one for collectives and one for messages between two.
#pragma once
#include "contrib/torch/run.h"
#include <chrono>
#include <podstep/fabric.h>

namespace podstep::collective {

class Mesh {
public:
  struct Options {
    Here here;
    std::string name; ///< of the group, for errors and the statistics page
    std::chrono::milliseconds timeout{60000};
    const char* provider = nullptr; ///< nullptr: as the environment says
    const char* device = nullptr;
    bool registers = false; ///< also where the provider does not demand it
    const podstep_fabric_rendezvous_options* meeting =
        nullptr; ///< rank, ranks and timeout are filled in here
  };
  /// Meets and connects. Throws Broken, naming who is missing.
  explicit Mesh(const Options& options);
  ~Mesh();
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  Here here() const { return here_; }
  Wire& collective() { return wires_[0]; }
  Wire& direct() { return wires_[1]; }
  /// Lets the endpoint move; true when something did.
  bool progress();
  /// Withdraws all that is posted; the peers see this rank leave.
  void close();
  /// `rank 1 (n2 pid 4459)`.
  std::string describe(int peer) const;

private:
  struct Peer {
    podstep_fabric_sender* sender = nullptr;
    podstep_fabric_receiver* receiver = nullptr;
  };
  class FabricWire : public Wire {
  public:
    Ticket send(int peer, const void* data, size_t bytes, int tag) override;
    Ticket receive(int peer, void* data, size_t bytes, int tag) override;
    bool done(int peer, Ticket ticket, size_t& bytes) override;
    void* enter(void* data, size_t bytes) override;
    void leave(void* entered) override;

    Mesh* mesh = nullptr;
    std::vector<Peer> peers;
  };
  struct Region {
    unsigned char* data;
    size_t bytes;
    podstep_fabric_memory* memory;
  };

  void meet(const Options& options, std::vector<unsigned char>& addresses);
  void connect(const Options& options, std::vector<unsigned char>& addresses);
  podstep_fabric_memory* memory_of(const void* data) const;
  [[noreturn]] void broken(int peer, const char* doing) const;

  Here here_;
  podstep_fabric* fabric_ = nullptr;
  bool registers_ = false;
  std::vector<podstep_fabric_listener*> listeners_;
  std::vector<std::unique_ptr<Region>> regions_;
  FabricWire wires_[2];
};

} // namespace podstep::collective

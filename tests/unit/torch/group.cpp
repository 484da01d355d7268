// Groups of real processes over each provider of this machine: many operations at once, messages between two,
// and what becomes of them when a rank dies, is late, or calls something else.
#include "contrib/torch/group.h"
#include "tests/unit/catch.h"
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

using namespace podstep::collective;
using namespace std::chrono_literals;

namespace {

const char* const providers[] = {"net", "shm"};

/// A fork for each rank but 0, which is this process; all meet in a directory. What a rank throws ends it
/// with status 1.
struct Ranks {
  std::string folder;
  std::vector<pid_t> children;
  bool registers = false;

  Ranks() {
    char name[] = "/tmp/podstep-group.XXXXXX";
    folder = mkdtemp(name);
  }
  ~Ranks() { std::filesystem::remove_all(folder); }

  std::unique_ptr<Group> join(Here here, const char* provider) const {
    std::string where = "file:" + folder;
    podstep_fabric_rendezvous_options meeting{};
    meeting.size = sizeof meeting;
    meeting.where = where.c_str();
    const char* device = strcmp(provider, "shm") == 0 ? nullptr : "lo";
    return std::make_unique<Group>(Mesh::Options{here, "test", 20s, provider, device, registers, &meeting});
  }

  /// Runs f(group, rank) in all ranks. `dies`: the rank whose death is part of the test.
  template<class F> void run(int ranks, const char* provider, F f, int dies = -1) {
    for (int rank = 1; rank < ranks; ++rank) {
      fflush(nullptr);
      pid_t child = fork();
      if (child == 0) {
        alarm(100);
        try {
          auto group = join({rank, ranks}, provider);
          f(*group, rank);
          group.reset();
          _exit(0);
        } catch (const std::exception& e) {
          fprintf(stderr, "# rank %d: %s\n", rank, e.what());
          _exit(1);
        }
      }
      children.push_back(child);
    }
    std::string failure;
    try {
      auto group = join({0, ranks}, provider);
      f(*group, 0);
    } catch (const std::exception& e) {
      failure = e.what();
      for (pid_t child : children)
        kill(child, SIGKILL);
    }
    INFO(provider << " " << failure);
    CHECK(failure.empty());
    for (size_t i = 0; i < children.size(); ++i) {
      int status = 0;
      waitpid(children[i], &status, 0);
      INFO("rank " << i + 1);
      CHECK((int(i) + 1 == dies ? WIFSIGNALED(status) : status == 0));
    }
  }
};

void must(bool good, const std::string& what) {
  if (!good)
    throw std::runtime_error(what);
}

Pending operation(const char* name, Plan plan, std::chrono::milliseconds timeout = 20s) {
  auto out = std::make_shared<Operation>();
  out->name = name;
  out->plan = std::move(plan);
  out->timeout = timeout;
  return out;
}
Pending message(bool sends, int peer, void* data, size_t bytes, int tag,
                std::chrono::milliseconds timeout = 20s) {
  auto out = operation(sends ? "send" : "recv", {}, timeout);
  out->message = Operation::Message{peer, sends, {static_cast<unsigned char*>(data), bytes}, tag};
  return out;
}
void finish(Group& group, const Pending& o) {
  must(group.wait(*o, -1ms), "it is over");
  must(o->error.empty(), o->error);
}
/// The sentence of an operation that must fail.
std::string failure(Group& group, const Pending& o) {
  group.begin(o);
  must(group.wait(*o, -1ms), "it is over");
  must(!o->error.empty(), "it fails");
  return o->error;
}

} // namespace

TEST_CASE("Reductions of every size give the sum, begun ahead of each other and waited for in any order") {
  for (const char* provider : providers)
    for (int ranks : {2, 3})
      Ranks().run(ranks, provider, [&](Group& group, int rank) {
        std::vector<size_t> counts = {1, 3, 1000, 8191, 8192, 8193, 100001, 1 << 20, 17, 0, 300000};
        std::vector<std::vector<float>> data;
        std::vector<Pending> begun;
        for (size_t count : counts) {
          data.emplace_back(count);
          for (size_t i = 0; i < count; ++i)
            data.back()[i] = float(i % 1000) + float(rank);
        }
        for (auto& d : data) {
          begun.push_back(
              operation("all_reduce", all_reduce(group.here(), Type::float32, Op::sum, d.data(), d.size())));
          group.begin(begun.back());
        }
        for (size_t i = begun.size(); i-- > 0;)
          finish(group, begun[i]);
        float ranks_sum = float(ranks * (ranks - 1) / 2);
        for (auto& d : data)
          for (size_t i = 0; i < d.size(); ++i)
            must(d[i] == float(i % 1000) * float(ranks) + ranks_sum, "element " + std::to_string(i));
      });
}

TEST_CASE("Memory is registered for as long as it is used, where the provider demands it") {
  for (const char* provider : providers) {
    Ranks three;
    three.registers = true;
    three.run(3, provider, [&](Group& group, int rank) {
      for (size_t count : {size_t(5), size_t(20000), size_t(900000)}) {
        std::vector<double> data(count, rank);
        auto o =
            operation("all_reduce", all_reduce(group.here(), Type::float64, Op::sum, data.data(), count));
        o->memory.push_back({reinterpret_cast<unsigned char*>(data.data()), count * 8});
        group.begin(o);
        finish(group, o);
        must(data == std::vector<double>(count, 3), "the sum of " + std::to_string(count));
      }
    });
  }
}

TEST_CASE("What nobody waits for comes to its end all the same, and tells so") {
  for (const char* provider : providers)
    Ranks().run(2, provider, [&](Group& group, int rank) {
      std::vector<int64_t> data(500000, rank + 1);
      std::atomic<int> told{0};
      auto o =
          operation("all_reduce", all_reduce(group.here(), Type::int64, Op::sum, data.data(), data.size()));
      o->finish = [&] { divide(Type::int64, data.data(), data.size(), 3); };
      o->told = [&] { ++told; };
      group.begin(o);
      for (int i = 0; i < 20000 && !told; ++i)
        usleep(1000);
      must(o->over && told == 1, "it is over, and told once");
      must(o->error.empty(), o->error);
      for (int64_t x : data)
        must(x == 1, "the sum, divided");
      auto last = operation("barrier", barrier(group.here()));
      group.begin(last);
      finish(group, last);
    });
}

TEST_CASE("Messages between two find each other by their tags, in whatever order, beside collectives") {
  for (const char* provider : providers)
    Ranks().run(2, provider, [&](Group& group, int rank) {
      int peer = 1 - rank;
      std::vector<size_t> sizes = {0, 4, 100, 5000, 300000, 4, 2000000};
      std::vector<std::vector<unsigned char>> out, in;
      for (size_t i = 0; i < sizes.size(); ++i) {
        out.emplace_back(sizes[i], static_cast<unsigned char>(i + 10 * size_t(rank)));
        in.emplace_back(sizes[i]);
      }
      std::vector<Pending> begun;
      std::vector<float> sum(100, 1);
      begun.push_back(
          operation("all_reduce", all_reduce(group.here(), Type::float32, Op::sum, sum.data(), sum.size())));
      for (size_t i = 0; i < sizes.size(); ++i)
        begun.push_back(message(true, peer, out[i].data(), sizes[i], int(i)));
      for (size_t i = sizes.size(); i-- > 0;) // the other way round
        begun.push_back(message(false, peer, in[i].data(), sizes[i], int(i)));
      for (const Pending& o : begun)
        group.begin(o);
      for (const Pending& o : begun)
        finish(group, o);
      for (size_t i = 0; i < sizes.size(); ++i)
        must(in[i] == std::vector<unsigned char>(sizes[i], static_cast<unsigned char>(i + 10 * size_t(peer))),
             "message " + std::to_string(i));
      must(sum == std::vector<float>(100, 2), "the sum beside them");
    });
}

TEST_CASE("A rank that dies ends what waits for it, by its name and soon, and everything after that") {
  for (const char* provider : providers) {
    auto begin = std::chrono::steady_clock::now();
    Ranks().run(
        3, provider,
        [&](Group& group, int rank) {
          // Over shm a process that is killed inside the provider leaves a lock behind that others spin on
          // (podstep-fabric(3)): there it dies where it is outside, told by its own thread of an operation.
          if (strcmp(provider, "shm") == 0) {
            auto together = operation("barrier", barrier(group.here()));
            if (rank == 1)
              together->told = [] { raise(SIGKILL); };
            group.begin(together);
            if (rank == 1)
              for (;;)
                pause();
            (void)group.wait(*together, -1ms);
          }
          std::vector<float> data(3000000, 1);
          auto first = operation("all_reduce",
                                 all_reduce(group.here(), Type::float32, Op::sum, data.data(), data.size()));
          group.begin(first);
          if (rank == 1) {
            usleep(2000);
            raise(SIGKILL);
          }
          must(group.wait(*first, -1ms), "it is over");
          // It may have been over before the death: then the next one is not.
          std::string said = !first->error.empty()
                                 ? first->error
                                 : failure(group, operation("barrier", barrier(group.here())));
          // Its neighbours in the ring name it; or whoever left for that reason.
          must(said.find("rank 1: ") != said.npos || said.find("rank 0: ") != said.npos ||
                   said.find("rank 2: ") != said.npos,
               "it names a rank: " + said);
          must(said.find("pid ") != said.npos, "by host and process: " + said);
          must(failure(group, operation("barrier", barrier(group.here()))).find("the group is broken: ") == 0,
               "the next one too");
        },
        1);
    CHECK(std::chrono::steady_clock::now() - begin < 25s);
  }
}

TEST_CASE("Of two ranks the one that is left names the other, whoever sends") {
  for (const char* provider : providers)
    for (bool sends : {true, false})
      Ranks().run(
          2, provider,
          [&](Group& group, int rank) {
            if (rank == 1)
              raise(SIGKILL);
            std::vector<unsigned char> data(1 << 20);
            std::string said = failure(group, message(sends, 1, data.data(), data.size(), 0));
            must(said.find("rank 1: ") != said.npos && said.find("pid ") != said.npos, said);
          },
          1);
}

TEST_CASE("A rank that does not call in time is named, in collectives and in messages") {
  for (const char* provider : providers)
    for (bool collective : {true, false})
      Ranks().run(2, provider, [&](Group& group, int rank) {
        unsigned char byte = 0;
        if (rank == 0) {
          std::string said = failure(group, collective ? operation("barrier", barrier(group.here()), 300ms)
                                                       : message(false, 1, &byte, 1, 7, 300ms));
          must(said.find("rank 1 (") != said.npos, said);
          must(said.find(collective ? "barrier: waited 300 ms for" : "recv: nothing from") != said.npos,
               said);
        } else
          sleep(1);
      });
}

TEST_CASE("Ranks that call different operations, or messages of different sizes, fail instead of waiting") {
  for (const char* provider : providers) {
    Ranks().run(2, provider, [&](Group& group, int rank) {
      std::vector<float> data(size_t(100 + 50 * rank), 1);
      failure(group, operation("all_reduce",
                               all_reduce(group.here(), Type::float32, Op::sum, data.data(), data.size())));
    });
    Ranks().run(2, provider, [&](Group& group, int rank) {
      unsigned char data[80] = {};
      auto o = message(rank == 0, 1 - rank, data, rank == 0 ? 40 : 80, 0);
      group.begin(o);
      must(group.wait(*o, -1ms), "it is over");
      must(rank == 0 || o->error.find("sent 40 bytes, tag 0, for a receive of 80") != o->error.npos,
           o->error);
    });
  }
}

TEST_CASE("Waiting may end before the operation does, and be taken up again") {
  Ranks().run(2, "net", [&](Group& group, int rank) {
    unsigned char byte = 0, go = 0;
    auto o = message(rank == 1, 1 - rank, &byte, 1, 0), word = message(rank == 0, 1 - rank, &go, 1, 1);
    if (rank == 0) { // the other sends only at our word
      group.begin(o);
      must(!group.wait(*o, 50ms), "not yet");
    }
    group.begin(word);
    finish(group, word);
    if (rank == 1)
      group.begin(o);
    finish(group, o);
  });
}

TEST_CASE("A group that is destroyed with something open ends it, and keeps nobody") {
  Ranks().run(2, "net", [&](Group& group, int rank) {
    unsigned char byte = 0;
    if (rank == 0) {
      auto o = message(false, 1, &byte, 1, 0);
      group.begin(o);
      group.fail("told to stop");
      must(o->over && o->error == "told to stop", "it is over: " + o->error);
    }
  });
}

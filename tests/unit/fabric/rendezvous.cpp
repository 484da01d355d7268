// Ranks meet in a directory, at a socket and in a store of the caller's; who is missing, late, hostile or
// stale is named.
#include "libfabric-transport/rendezvous/rendezvous.h"
#include "common/text.h"
#include "tests/unit/catch.h"
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace podstep;
using namespace podstep::fabric;
namespace fs = std::filesystem;

namespace {

/// An empty directory, mode 700, gone at the end.
struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/podstep-meet.XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  size_t files() const {
    return size_t(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
  }
};

/// A port that nobody listens on now.
int free_port() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof in;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&in), length) == 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&in), &length);
  close(fd);
  return ntohs(in.sin_port);
}

/// A store that all ranks of a test share.
struct Store {
  std::mutex mutex;
  std::map<std::string, std::string> values;
  Carrier carrier() {
    return {[this](const std::string& key, const std::string& value) {
              std::lock_guard lock(mutex);
              values[key] = value;
              return 0;
            },
            [this](const std::string& key, std::string& value, uint32_t timeout_ms) {
              for (uint32_t waited = 0; waited <= timeout_ms; ++waited, usleep(1000)) {
                std::lock_guard lock(mutex);
                if (auto found = values.find(key); found != values.end())
                  return value = found->second, 0;
              }
              return 1;
            }};
  }
};

Rendezvous::Options at(const std::string& where, uint32_t rank, uint32_t ranks) {
  Rendezvous::Options out;
  out.where = where;
  out.name = "test";
  out.who = Who{rank, ranks};
  out.timeout = std::chrono::seconds(20);
  out.key = {11, 12};
  out.job = 7;
  return out;
}

std::string blob(uint32_t rank, int round) {
  return cat("rank ", rank, " round ", round) + std::string(rank * 40000, 'x');
}

/// One rank's rounds; the sentence of what failed.
std::string meet(Rendezvous::Options options, int rounds) {
  auto made = Rendezvous::open(options, system_clock());
  if (!made)
    return made.error().message;
  Rendezvous& r = **made;
  for (int round = 0; round < rounds; ++round) {
    if (auto put = r.put(blob(r.rank(), round)); !put)
      return put.error().message;
    if (auto fence = r.fence(); !fence)
      return fence.error().message;
    for (uint32_t of = 0; of < r.ranks(); ++of)
      if (auto got = r.get(of); !got || *got != blob(of, round))
        return cat("round ", round, ": not what rank ", of, " had put");
  }
  return "";
}

/// All ranks at once, each in a thread; what each had to say.
std::vector<std::string> all_meet(std::vector<Rendezvous::Options> options, int rounds) {
  std::vector<std::string> out(options.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.size(); ++i)
    threads.emplace_back([&, i] { out[i] = meet(options[i], rounds); });
  for (std::thread& t : threads)
    t.join();
  return out;
}

std::vector<Rendezvous::Options> ranks_at(const std::string& where, uint32_t ranks) {
  std::vector<Rendezvous::Options> out;
  for (uint32_t rank = 0; rank < ranks; ++rank)
    out.push_back(at(where, rank, ranks));
  return out;
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("Ranks meet in a directory, several rounds, and nothing of it stays") {
  for (uint32_t ranks : {1u, 2u, 7u}) {
    Folder folder;
    CHECK(all_meet(ranks_at("file:" + folder.path, ranks), 3) == std::vector<std::string>(ranks));
    CHECK(folder.files() == 0);
  }
}

TEST_CASE("Ranks meet at a socket, several rounds") {
  for (uint32_t ranks : {1u, 2u, 7u})
    CHECK(all_meet(ranks_at(cat("tcp:127.0.0.1:", free_port()), ranks), 3) ==
          std::vector<std::string>(ranks));
}

TEST_CASE("Ranks meet in the caller's store, several rounds") {
  Store store;
  auto options = ranks_at("", 5);
  for (auto& o : options)
    o.carrier = store.carrier();
  CHECK(all_meet(options, 3) == std::vector<std::string>(5));
}

TEST_CASE("Two meetings at one place by different names do not disturb each other") {
  Folder folder;
  auto first = ranks_at("file:" + folder.path, 2), second = first;
  for (auto& o : second)
    o.name = "other";
  first.insert(first.end(), second.begin(), second.end());
  CHECK(all_meet(first, 2) == std::vector<std::string>(4));
}

TEST_CASE("A rank that does not come is named after the time, by everybody, at every place") {
  Folder folder;
  Store store;
  for (const std::string& where :
       {"file:" + folder.path, cat("tcp:127.0.0.1:", free_port()), std::string()}) {
    auto options = ranks_at(where, 4);
    options.erase(options.begin() + 2);
    // At the socket rank 0 tells the others, once all that come have had the time for it on a busy machine.
    bool socket = where.starts_with("tcp:");
    for (auto& o : options) {
      o.timeout = std::chrono::milliseconds(socket ? 30000 : 1000);
      if (where.empty())
        o.carrier = store.carrier();
    }
    if (socket)
      options[0].timeout = std::chrono::milliseconds(3000);
    for (const std::string& said : all_meet(options, 1))
      has(said, "rank 2 is missing after ");
  }
  CHECK(folder.files() < 3);
}

TEST_CASE("Without rank 0 at its socket the others say so") {
  auto options = at(cat("tcp:127.0.0.1:", free_port()), 1, 2);
  options.timeout = std::chrono::milliseconds(300);
  has(meet(options, 1), "rank 0 is missing");
}

TEST_CASE("A rank with another key is not let in, and whoever waits for it names it") {
  Folder folder;
  auto options = ranks_at("file:" + folder.path, 2);
  options[1].key = {11, 13};
  auto said = all_meet(options, 1);
  has(said[0], "rank 1: the card's seal is wrong");
  has(said[1], "rank 0: the card's seal is wrong");
  options = ranks_at(cat("tcp:127.0.0.1:", free_port()), 2);
  options[1].key = {11, 13};
  options[0].timeout = std::chrono::milliseconds(6000);
  options[1].timeout = std::chrono::milliseconds(3000); // it gives up while rank 0 still listens
  said = all_meet(options, 1);
  has(said[0], "rank 1 is missing");
  has(said[1], "has another key");
}

TEST_CASE("A rank whose time is up in the midst of an attempt says why those before it failed") {
  int port = free_port(), listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(uint16_t(port));
  REQUIRE(bind(listening, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0);
  REQUIRE(listen(listening, 8) == 0);
  auto options = at(cat("tcp:127.0.0.1:", port), 1, 2);
  options.timeout = std::chrono::milliseconds(500);
  // The first one is hung up on, the next one waits for a word.
  std::thread server([&] { close(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)); });
  has(meet(options, 1), "has another key");
  server.join();
  close(listening);
}

TEST_CASE("A socket without a key, a name or a place that is none is refused with the cause") {
  auto options = at("tcp:127.0.0.1:4000", 0, 2);
  options.key = {};
  has(meet(options, 1), "a socket needs the job's key");
  for (const char* where : {"tcp:4000", "tcp:host:", "tcp:host:0", "tcp:host:70000", "tcp::1"})
    has(meet(at(where, 0, 2), 1), "not HOST:PORT");
  has(meet(at("pigeon", 0, 2), 1), "neither pmix, file:DIRECTORY nor tcp:HOST:PORT");
  for (const char* name : {"", "a/b", "..", ".x", "a b"}) {
    options = at("file:/tmp", 0, 2);
    options.name = name;
    has(meet(options, 1), "rendezvous name");
  }
  has(meet(at("file:/tmp", 2, 2), 1), "not a directory of yours"); // /tmp is for all
}

TEST_CASE("A file that another user could have written, or that is none, is refused") {
  Folder folder;
  auto options = at("file:" + folder.path, 0, 2);
  options.timeout = std::chrono::seconds(5);
  std::string theirs = folder.path + "/test.0.1";
  auto refused = [&](const char* why) {
    std::string said = meet(options, 1);
    has(said, why);
    CHECK_FALSE(fs::exists(folder.path + "/test.0.0"));
    fs::remove(theirs);
  };
  auto write = [&](mode_t mode) {
    close(open(theirs.c_str(), O_WRONLY | O_CREAT, 0600));
    chmod(theirs.c_str(), mode);
  };
  write(0644);
  refused("test.0.1 is not a file of yours that you alone can read");
  write(0620);
  refused("mode 620");
  if (geteuid() == 0) {
    write(0600);
    REQUIRE(chown(theirs.c_str(), 12345, 12345) == 0);
    refused("uid 12345");
  } else {
    WARN("not tried: it takes root to give a file to another user");
  }
  REQUIRE(symlink("/etc/passwd", theirs.c_str()) == 0);
  refused("test.0.1");
  REQUIRE(mkfifo(theirs.c_str(), 0600) == 0);
  refused("not a file of yours");
  write(0600);
  refused("rank 1: a card of 0 bytes: it is cut short");
  write(0600);
  REQUIRE(truncate(theirs.c_str(), 100 << 20) == 0);
  refused("test.0.1");
}

TEST_CASE("A directory that others can write, or a link to one, is refused") {
  Folder folder;
  REQUIRE(symlink(folder.path.c_str(), (folder.path + "/link").c_str()) == 0);
  CHECK(meet(at("file:" + folder.path + "/link", 0, 1), 1) != "");
  chmod(folder.path.c_str(), 0770);
  has(meet(at("file:" + folder.path, 0, 1), 1), "not a directory of yours that you alone can write");
  CHECK(meet(at("file:/nowhere/at/all", 0, 1), 1) != "");
}

TEST_CASE("What an earlier run left is not taken for this one") {
  Folder folder;
  close(open((folder.path + "/test.0.1").c_str(), O_WRONLY | O_CREAT, 0600));
  has(meet(at("file:" + folder.path, 1, 2), 1), "is there already");
  CHECK(fs::exists(folder.path + "/test.0.1"));
}

TEST_CASE("A store that gives away another rank's card, or damages one, is found out") {
  Store store;
  auto carrier = store.carrier();
  auto honest = carrier.get;
  carrier.get = [=](const std::string& key, std::string& value, uint32_t timeout) {
    return honest(key == "podstep/test/0/1" ? "podstep/test/0/0" : key, value, timeout);
  };
  auto options = at("", 0, 2);
  options.carrier = carrier;
  has(meet(options, 1), "rank 1 shows the card of rank 0");
  options.carrier->get = [=](const std::string& key, std::string& value, uint32_t timeout) {
    int rc = honest(key == "podstep/test/0/1" ? "podstep/test/0/0" : key, value, timeout);
    value.back() = char(value.back() ^ 1);
    return rc;
  };
  has(meet(options, 1), "rank 0: the card's seal is wrong");
}

TEST_CASE("Strangers at the socket, silent, noisy or many, keep nobody from meeting") {
  int port = free_port();
  std::vector<int> strangers;
  auto options = ranks_at(cat("tcp:127.0.0.1:", port), 3);
  std::string said[3];
  std::thread zero([&] { said[0] = meet(options[0], 1); });
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(uint16_t(port));
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 40; ++i) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    while (connect(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) != 0)
      usleep(1000);
    std::string noise(size_t(i) * 10000, char(i));
    if (i % 2)
      send(fd, noise.data(), noise.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    strangers.push_back(fd);
  }
  std::thread one([&] { said[1] = meet(options[1], 1); });
  said[2] = meet(options[2], 1);
  one.join(), zero.join();
  for (const std::string& s : said)
    CHECK(s == "");
  for (int fd : strangers)
    close(fd);
}

TEST_CASE("A blob larger than the bound is refused, and get before a fence says so") {
  Folder folder;
  auto r = Rendezvous::open(at("file:" + folder.path, 0, 1), system_clock());
  REQUIRE(r);
  CHECK((*r)->put(std::string(blob_bytes + 1, 'x')).error().kind == Kind::exhausted);
  CHECK((*r)->get(0).error().message == "get before a fence");
  CHECK((*r)->put(std::string(blob_bytes, 'x')));
  CHECK((*r)->fence());
  CHECK((*r)->get(0)->size() == blob_bytes);
  CHECK_FALSE((*r)->get(1));
}

// Client and server against each other: over a unix socket and over TLS with both sides pinned.
#include "common/limits.h"
#include "nodeagent/http/client.h"
#include "nodeagent/http/server.h"
#include "tests/unit/catch.h"
#include <arpa/inet.h>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace podstep;
using namespace std::chrono_literals;

namespace {
std::string scratch() {
  char name[] = "/tmp/podstep-http-XXXXXX";
  return mkdtemp(name);
}

/// Counts streams that have ended, however they did.
struct Ended {
  static inline int count = 0;
  ~Ended() { ++count; }
};

loop::Task<http::ServerResponse> echo(http::ServerRequest request) {
  http::ServerResponse response;
  if (request.path == "/throw")
    throw std::runtime_error("a bug in a handler");
  if (request.path == "/slow")
    co_await loop::sleep(1h);
  if (request.path == "/lines") {
    const int count = std::stoi(request.query["count"]);
    response.stream = [count](http::Stream& to) -> loop::Task<void> {
      for (int i = 0; i < count; ++i) {
        if (auto sent = co_await to.write("line " + std::to_string(i) + "\nhal"); !sent)
          co_return;
        if (auto sent = co_await to.write("f\n"); !sent)
          co_return;
      }
    };
    co_return response;
  }
  if (request.path == "/silent") {
    response.stream = [mark = std::make_shared<Ended>()](http::Stream& to) -> loop::Task<void> {
      (void)co_await to.write("begun\n");
      co_await loop::sleep(1h);
      (void)mark;
    };
    co_return response;
  }
  if (request.path == "/mute") {
    response.stream = [](http::Stream&) -> loop::Task<void> { co_await loop::sleep(1h); };
    co_return response;
  }
  response.content_type = "text/plain";
  response.status = request.method == "DELETE" ? 404 : 200;
  response.headers["X-Method"] = request.method;
  response.body =
      request.peer.certificate_sha256 + "|" + (request.peer.local ? "local" : "remote") + "|" + request.body;
  co_return response;
}

/// A server and a place for its socket; runs one coroutine to its end.
struct World {
  loop::Loop loop;
  http::Server server{loop, echo};
  std::string directory = scratch(), socket = directory + "/sock";
  ~World() {
    server.close();
    rmdir(directory.c_str());
  }
  void run(loop::Task<void> task) {
    loop.spawn("test", [](loop::Loop& on, loop::Task<void> inner) -> loop::Task<void> {
      co_await std::move(inner);
      on.stop(3);
    }(loop, std::move(task)));
    REQUIRE(loop.run() == 3);
  }
  http::Endpoint local() const {
    http::Endpoint e;
    e.base_url = "http://localhost";
    e.unix_socket = socket;
    return e;
  }
};

http::Request request(std::string method, std::string path, std::string body = {}) {
  http::Request r;
  r.method = std::move(method);
  r.path = std::move(path);
  r.body = std::move(body);
  return r;
}

/// A client of its own identity against a TLS server; the response, or the error.
Result<http::Response> over_tls(World& w, const http::TlsIdentity& server, const std::string& pin,
                                const http::TlsIdentity* client) {
  auto port = w.server.listen_tls("127.0.0.1", 0, 0, server);
  REQUIRE(port.ok());
  Result<http::Response> result = Error("not run");
  w.run([](World& world, std::string url, std::string pinned, const http::TlsIdentity* own,
           Result<http::Response>& out) -> loop::Task<void> {
    http::Endpoint e;
    e.base_url = url;
    e.pinned_sha256 = pinned;
    if (own)
      e.certificate_pem = own->certificate_pem, e.key_pem = own->key_pem;
    http::Client c(world.loop, e);
    out = co_await c.send(request("POST", "/x", "payload"));
  }(w, "https://127.0.0.1:" + std::to_string(*port), pin, client, result));
  return result;
}
} // namespace

TEST_CASE("Every method with its body goes over a unix socket, whose peer is known as local") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    const std::string binary("\0\xff\r\n\0x", 6);
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
      auto r = co_await c.send(request(method, "/x?y=1", binary));
      REQUIRE(r.ok());
      CHECK(r->status == (std::string(method) == "DELETE" ? 404 : 200));
      CHECK(r->headers["x-method"] == method);
      CHECK(r->body == "|local|" + binary);
    }
  }(w));
}

TEST_CASE("Lines of a stream arrive whole, and the reader can end it") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    std::vector<std::string> lines;
    auto r = co_await c.stream(request("GET", "/lines?count=3"), [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
    REQUIRE(r.ok());
    CHECK(lines == std::vector<std::string>{"line 0", "half", "line 1", "half", "line 2", "half"});
    int count = 0;
    auto cut = co_await c.stream(request("GET", "/lines?count=100000"),
                                 [&](std::string_view) { return ++count < 5; });
    CHECK(cut.ok());
    CHECK(count == 5);
  }(w));
}

TEST_CASE("A stream that has nothing to say ends when its reader goes away") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    Ended::count = 0;
    auto r = co_await c.stream(request("GET", "/silent"), [](std::string_view) { return false; });
    CHECK(r.ok());
    for (int i = 0; i < 500 && Ended::count == 0; ++i)
      co_await loop::sleep(10ms);
    CHECK(Ended::count == 1);
  }(w));
}

TEST_CASE("The head of an answer is told at once, also of a stream that has nothing to say yet") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    auto c = std::make_unique<http::Client>(world.loop, world.local());
    int head = 0;
    http::Request wanted = request("GET", "/mute");
    wanted.on_head = [&](int status) {
      head = status;
      world.loop.spawn("destroy", [](std::unique_ptr<http::Client>& client) -> loop::Task<void> {
        client.reset();
        co_return;
      }(c));
    };
    auto r = co_await c->stream(std::move(wanted), [](std::string_view) { return true; });
    CHECK_FALSE(r.ok()); // it would have gone on
    CHECK(head == 200);
    http::Client other(world.loop, world.local());
    wanted = request("DELETE", "/x");
    wanted.on_head = [&](int status) { head = status; };
    CHECK((co_await other.send(std::move(wanted))).ok());
    CHECK(head == 404);
  }(w));
}

TEST_CASE("A whole exchange that is late ends with a timeout, a cancelled one leaves the client usable") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    auto slow = request("GET", "/slow");
    slow.timeout = 50ms;
    auto late = co_await c.send(slow);
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().kind == Kind::timeout);
    auto cancelled = co_await loop::within(20ms, "slow", c.send(request("GET", "/slow")));
    REQUIRE_FALSE(cancelled.ok());
    auto after = co_await c.send(request("GET", "/x"));
    CHECK(after.ok());
  }(w));
}

TEST_CASE("Destroying the client ends what is under way as unavailable") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    auto c = std::make_unique<http::Client>(world.loop, world.local());
    world.loop.spawn("destroy", [](std::unique_ptr<http::Client>& client) -> loop::Task<void> {
      co_await loop::sleep(20ms);
      client.reset();
    }(c));
    auto r = co_await c->send(request("GET", "/slow"));
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().kind == Kind::unavailable);
  }(w));
}

TEST_CASE("An exception in a handler is an answer 500 without its text, and the connection lives on") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    auto r = co_await c.send(request("GET", "/throw"));
    REQUIRE(r.ok());
    CHECK(r->status == 500);
    CHECK(r->body == "internal error\n");
    auto again = co_await c.send(request("GET", "/x"));
    CHECK(again.ok());
  }(w));
}

TEST_CASE("Bodies over the bounds are refused on both sides") {
  World w;
  REQUIRE(w.server.listen_unix(w.socket).ok());
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    auto big = co_await c.send(request("POST", "/x", std::string(limits::http_body_bytes + 1, 'x')));
    if (big.ok())
      CHECK(big->status == 413); // the server may also have closed before all was sent
    auto narrow = request("POST", "/x", std::string(1000, 'x'));
    narrow.limit = 100;
    auto cut = co_await c.send(narrow);
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.error().kind == Kind::exhausted);
  }(w));
}

TEST_CASE("Nobody there is unavailable, and control characters never reach the wire") {
  World w;
  w.run([](World& world) -> loop::Task<void> {
    http::Client c(world.loop, world.local());
    auto r = co_await c.send(request("GET", "/x"));
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().kind == Kind::unavailable);
    auto forged = co_await c.send(request("GET", "/x\r\nX-Evil: 1"));
    REQUIRE_FALSE(forged.ok());
    CHECK(forged.error().kind == Kind::invalid);
  }(w));
}

TEST_CASE("Over TLS both sides know each other's certificate") {
  auto server = http::make_identity("hub", 1h), client = http::make_identity("n1", 1h);
  REQUIRE(server.ok());
  REQUIRE(client.ok());
  CHECK(server->sha256.size() == 64);
  World w;
  auto r = over_tls(w, *server, server->sha256, &*client);
  REQUIRE(r.ok());
  CHECK(r->body == client->sha256 + "|remote|payload");
}

TEST_CASE("A client without a certificate is served as nobody") {
  auto server = http::make_identity("hub", 1h);
  World w;
  auto r = over_tls(w, *server, server->sha256, nullptr);
  REQUIRE(r.ok());
  CHECK(r->body == "|remote|payload");
}

TEST_CASE("A server with another certificate than the pinned one is refused before the request is sent") {
  auto server = http::make_identity("hub", 1h), other = http::make_identity("hub", 1h);
  World w;
  auto r = over_tls(w, *server, other->sha256, nullptr);
  REQUIRE_FALSE(r.ok());
  CHECK(r.error().kind == Kind::forbidden);
}

TEST_CASE(
    "Whoever is not known gets one answer a connection, and many of them keep no known peer out (T17)") {
  auto identity = http::make_identity("hub", 1h), client = http::make_identity("n1", 1h);
  World w;
  http::Server guarded(w.loop, echo,
                       [&](const http::Peer& peer) { return peer.certificate_sha256 == client->sha256; });
  auto port = guarded.listen_tls("127.0.0.1", 0, 0, *identity);
  REQUIRE(port.ok());
  w.run([](World& world, http::TlsIdentity own, std::string pin, uint16_t to) -> loop::Task<void> {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::vector<int> idle;
    for (size_t i = 0; i < limits::strangers + 20; ++i) {
      idle.push_back(::socket(AF_INET, SOCK_STREAM, 0));
      REQUIRE(::connect(idle.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    http::Endpoint e;
    e.base_url = "https://127.0.0.1:" + std::to_string(to);
    e.pinned_sha256 = pin;
    http::Client nobody(world.loop, e);
    auto refused = co_await nobody.send(request("POST", "/x", "a body"));
    CHECK((!refused.ok() || refused->status == 413));
    auto once = co_await nobody.send(request("GET", "/x"));
    REQUIRE(once.ok());
    CHECK(once->headers["connection"] == "close");
    e.certificate_pem = own.certificate_pem, e.key_pem = own.key_pem;
    http::Client known(world.loop, e);
    auto served = co_await known.send(request("POST", "/x", "a body"));
    REQUIRE(served.ok());
    CHECK(served->headers.count("connection") == 0);
    size_t closed = 0; // the oldest made room
    char byte;
    for (int fd : idle)
      closed += ::recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
    CHECK(closed >= 20);
    for (int fd : idle)
      ::close(fd);
  }(w, *client, identity->sha256, *port));
}

TEST_CASE("A port range that is taken gives the next port, and its end an error that names it") {
  auto identity = http::make_identity("hub", 1h);
  World w;
  auto first = w.server.listen_tls("127.0.0.1", 0, 0, *identity);
  REQUIRE(first.ok());
  http::Server second(w.loop, echo);
  auto taken = second.listen_tls("127.0.0.1", *first, *first, *identity);
  REQUIRE_FALSE(taken.ok());
  CHECK(taken.error().message.find(std::to_string(*first)) != std::string::npos);
}

TEST_CASE("A dead socket file is replaced, a living one is not") {
  World w;
  const int left_over = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  w.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(left_over, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(left_over);
  REQUIRE(w.server.listen_unix(w.socket).ok());
  http::Server second(w.loop, echo);
  auto twice = second.listen_unix(w.socket);
  REQUIRE_FALSE(twice.ok());
  CHECK(twice.error().kind == Kind::exists);
}

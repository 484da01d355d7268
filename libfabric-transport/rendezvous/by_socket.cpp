// Meeting at a TCP port of rank 0: the others connect, prove themselves with the job's key, show their cards
// and get the table of all. Nobody else gets a byte of it; a stranger costs a descriptor for seconds.
#include "common/fd.h"
#include "common/text.h"
#include "libfabric-transport/random.h"
#include "libfabric-transport/rendezvous/place.h"
#include <algorithm>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {

/// The server's first word: a number that the other must mix into its key, so that nothing recorded is of
/// use.
struct Greeting {
  char magic[8];
  uint64_t nonce;
};
constexpr Greeting greeting_of(uint64_t nonce) {
  return {{'P', 'O', 'D', 'S', 'T', 'E', 'P', '1'}, nonce};
}
/// Connections that have not proven themselves, and how long one may take.
constexpr size_t most_strangers = 256;
constexpr Duration stranger_time = std::chrono::seconds(10);
constexpr size_t guest_bytes = sizeof(uint64_t) + card_head_bytes + blob_bytes;

Meeting session(const Meeting& meeting, uint64_t server, uint64_t client) {
  Meeting out = meeting;
  out.key = derive(meeting.key, {server, client});
  return out;
}

Result<OwnedFd> open_socket(const std::string& host, const std::string& port, bool listening) {
  std::string what = cat(listening ? "listen on " : "connect to ", host, ":", port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int rc = getaddrinfo(host.c_str(), port.c_str(), &hints, &found))
    return Error(Kind::not_found, cat(what, ": ", gai_strerror(rc)));
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  int err = EADDRNOTAVAIL;
  for (const addrinfo* one = found; one; one = one->ai_next) {
    OwnedFd fd(socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, one->ai_protocol));
    int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (listening) {
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      if (bind(fd.get(), one->ai_addr, one->ai_addrlen) == 0 && ::listen(fd.get(), 4096) == 0)
        return fd;
    } else if (timeval most{2, 0}; setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0 &&
                                   connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0)
      return fd;
    err = errno == EINPROGRESS ? ETIMEDOUT : errno;
  }
  return errno_error(what, err);
}

/// A connection with what has come of its card and what is still to be sent.
struct Guest {
  OwnedFd fd;
  Instant since;
  uint64_t server_nonce = 0, client_nonce = 0;
  uint32_t rank = UINT32_MAX;
  std::string in, out;

  bool known() const { return rank != UINT32_MAX; }
  /// False: the connection is of no more use.
  bool flush() {
    while (!out.empty()) {
      ssize_t n = ::send(fd.get(), out.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
      out.erase(0, size_t(n));
    }
    return true;
  }
};

class Server {
public:
  Server(const Meeting& meeting, int socket, Clock& clock)
      : meeting_(meeting), socket_(socket), clock_(clock), cards_(meeting.ranks) {}

  /// Takes cards until all are there. Error: the first of a guest that has the key and is wrong all the same.
  Result<void> gather(const std::string& own, const Place& place, Deadline deadline) {
    Instant begun = clock_.now();
    cards_[0] = own;
    came_ = 1;
    while (came_ < meeting_.ranks) {
      if (deadline.left(clock_) == Duration::zero()) {
        std::vector<uint32_t> missing;
        for (uint32_t of = 0; of < meeting_.ranks; ++of)
          if (cards_[of].empty())
            missing.push_back(of);
        Error late = too_late(place, missing, clock_.now() - begun);
        answer(CardType::refusal, late.message);
        return late;
      }
      turn();
    }
    return {};
  }
  /// Sends one card to everybody who came; waits up to ten seconds until they have it.
  void answer(CardType type, const std::string& body) {
    for (Guest& guest : guests_)
      if (guest.known())
        guest.out += seal(session(meeting_, guest.server_nonce, guest.client_nonce | 2), {type, 0, body});
    Instant end = clock_.now() + stranger_time;
    auto busy = [](const Guest& g) { return g.known() && g.fd.valid() && !g.out.empty(); };
    while (std::any_of(guests_.begin(), guests_.end(), busy) && clock_.now() < end)
      turn();
  }
  std::vector<std::string> take() { return std::move(cards_); }

private:
  void turn() {
    std::vector<pollfd> watched{{socket_, POLLIN, 0}};
    for (const Guest& guest : guests_)
      watched.push_back({guest.fd.get(), short(guest.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    poll(watched.data(), watched.size(), 20);
    for (size_t i = 0; i + 1 < watched.size(); ++i)
      if (Guest& guest = guests_[i]; watched[i + 1].revents && (!guest.flush() || !read(guest)))
        guest.fd.reset();
    Instant now = clock_.now();
    std::erase_if(guests_, [&](const Guest& g) {
      return !g.fd.valid() || (!g.known() && now - g.since > stranger_time);
    });
    size_t strangers =
        size_t(std::count_if(guests_.begin(), guests_.end(), [](const Guest& g) { return !g.known(); }));
    if (watched[0].revents && strangers < most_strangers)
      welcome(now);
  }

  void welcome(Instant now) {
    Guest guest{OwnedFd(accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)),
                now,
                0,
                0,
                UINT32_MAX,
                {},
                {}};
    auto nonce = random_number();
    if (!guest.fd.valid() || !nonce)
      return;
    guest.server_nonce = *nonce;
    Greeting greeting = greeting_of(*nonce);
    guest.out.assign(reinterpret_cast<const char*>(&greeting), sizeof greeting);
    if (guest.flush())
      guests_.push_back(std::move(guest));
  }

  bool read(Guest& guest) {
    char buffer[65536];
    ssize_t n;
    while ((n = recv(guest.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
      guest.in.append(buffer, size_t(n));
      if (guest.known() || guest.in.size() > guest_bytes)
        return false; // nobody speaks twice
    }
    if (n == 0)
      return false;
    return errno == EINTR || (errno == EAGAIN && (guest.known() || take_card(guest)));
  }

  /// Nonce and card; what is not whole yet is waited for.
  bool take_card(Guest& guest) {
    constexpr size_t nonce = sizeof guest.client_nonce;
    if (guest.in.size() < nonce + card_head_bytes)
      return true;
    std::string_view card = std::string_view(guest.in).substr(nonce);
    auto length = card_length(card, blob_bytes + card_head_bytes);
    if (!length || card.size() < *length)
      return length.ok();
    std::memcpy(&guest.client_nonce, guest.in.data(), nonce);
    auto outer = open_card(session(meeting_, guest.server_nonce, guest.client_nonce), card,
                           blob_bytes + card_head_bytes);
    if (!outer || outer->rank == 0 || !cards_[outer->rank].empty())
      return false;
    guest.rank = outer->rank;
    cards_[guest.rank] = std::move(outer->body);
    guest.in.clear();
    ++came_;
    return true;
  }

  const Meeting& meeting_;
  int socket_;
  Clock& clock_;
  std::vector<std::string> cards_;
  std::vector<Guest> guests_;
  uint32_t came_ = 0;
};

class Port : public Place {
public:
  Port(std::string host, std::string port, Clock& clock)
      : host_(std::move(host)), port_(std::move(port)), clock_(clock) {}

  Result<std::vector<std::string>> exchange(const Meeting& meeting, uint32_t rank, const std::string& card,
                                            Deadline deadline) override {
    if (rank != 0)
      return visit(meeting, rank, card, deadline);
    if (!listening_.valid()) {
      PODSTEP_TRY(listening_, open_socket(host_, port_, true));
      PODSTEP_CHECK(set_nonblocking(listening_.get()));
    }
    Server server(meeting, listening_.get(), clock_);
    PODSTEP_CHECK(server.gather(card, *this, deadline));
    std::vector<std::string> all = server.take();
    server.answer(CardType::table, pack_table(all));
    return all;
  }
  std::string describe() const override { return cat("the rendezvous at ", host_, ":", port_); }

private:
  Result<std::vector<std::string>> visit(const Meeting& meeting, uint32_t rank, const std::string& card,
                                         Deadline deadline) {
    Instant begun = clock_.now();
    Error last = too_late(*this, {0}, Duration::zero());
    for (unsigned turn = 0; deadline.left(clock_) > Duration::zero(); rest(turn)) {
      auto fd = open_socket(host_, port_, false);
      if (!fd) {
        last = std::move(fd).error();
        continue;
      }
      auto table = talk(fd->get(), meeting, rank, card, deadline);
      if (table || table.error().kind != Kind::unavailable)
        return table;
      // Rank 0 may be a round behind, or was overrun by strangers. That the time was up in the midst of the
      // last attempt says less than why those before it failed.
      if (turn == 0 || left_ms(deadline) > 0)
        last = std::move(table).error();
    }
    return too_late(*this, {0}, clock_.now() - begun).in(last.message);
  }

  Result<std::vector<std::string>> talk(int fd, const Meeting& meeting, uint32_t rank,
                                        const std::string& card, Deadline deadline) {
    Greeting greeting;
    PODSTEP_TRY(std::string word, receive(fd, sizeof greeting, deadline));
    std::memcpy(&greeting, word.data(), sizeof greeting);
    if (std::memcmp(greeting.magic, greeting_of(0).magic, sizeof greeting.magic) != 0)
      return Error(Kind::invalid, cat(describe(), ": something else listens there"));
    PODSTEP_TRY(uint64_t nonce, random_number());
    std::string out(reinterpret_cast<const char*>(&nonce), sizeof nonce);
    out += seal(session(meeting, greeting.nonce, nonce), {CardType::blob, rank, card});
    PODSTEP_CHECK(send(fd, out, deadline));
    PODSTEP_TRY(std::string head, receive(fd, card_head_bytes, deadline));
    size_t most = meeting_bytes + size_t(meeting.ranks) * (card_head_bytes + 4);
    PODSTEP_TRY(size_t length, card_length(head, most));
    PODSTEP_TRY(std::string body, receive(fd, length - card_head_bytes, deadline));
    auto answer = open_card(session(meeting, greeting.nonce, nonce | 2), head + body, most);
    if (!answer)
      return std::move(answer).error().in(describe());
    if (answer->type == CardType::refusal)
      return Error(Kind::timeout, printable(answer->body));
    return unpack_table(answer->body, meeting.ranks);
  }

  /// As poll() counts: what is less than one is none.
  int64_t left_ms(Deadline deadline) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline.left(clock_)).count();
  }
  /// Waits until the socket can be read or written. Error: unavailable when the time is up.
  Result<void> ready(int fd, short what, Deadline deadline) {
    for (;;) {
      int64_t left = left_ms(deadline);
      if (left <= 0)
        return Error(Kind::unavailable, cat(describe(), ": rank 0 does not answer"));
      pollfd watched{fd, what, 0};
      if (poll(&watched, 1, int(std::min<int64_t>(left, 1000))) > 0)
        return {};
    }
  }
  Result<std::string> receive(int fd, size_t bytes, Deadline deadline) {
    std::string out(bytes, '\0');
    for (size_t at = 0; at < bytes;) {
      PODSTEP_CHECK(ready(fd, POLLIN, deadline));
      ssize_t n = recv(fd, out.data() + at, bytes - at, MSG_DONTWAIT);
      if (n > 0)
        at += size_t(n);
      else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        return Error(Kind::unavailable,
                     cat(describe(),
                         ": rank 0 hung up. It has another key, or ended, or two processes are this rank"));
    }
    return out;
  }
  Result<void> send(int fd, std::string_view text, Deadline deadline) {
    while (!text.empty()) {
      PODSTEP_CHECK(ready(fd, POLLOUT, deadline));
      ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0)
        text.remove_prefix(size_t(n));
      else if (errno != EAGAIN && errno != EINTR)
        return Error(Kind::unavailable, cat(describe(), ": rank 0 hung up"));
    }
    return {};
  }

  std::string host_, port_;
  Clock& clock_;
  OwnedFd listening_;
};

} // namespace

Result<std::unique_ptr<Place>> place_at_socket(const std::string& address, const Key& key, Clock& clock) {
  std::string what = cat("rendezvous tcp:", printable(address, 80));
  if (key == Key{})
    return Error(
        Kind::forbidden, cat(what, ": a socket needs the job's key"),
        "set PODSTEP_FABRIC_KEY (in a pod: annotation podstep.io/api-key-env) or PODSTEP_FABRIC_KEY_FILE");
  size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon == address.npos ? 0 : colon);
  auto port = parse_int(colon == address.npos ? "" : address.substr(colon + 1), 1, 65535);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host.empty() || host.size() > 255 || !port)
    return Error(Kind::invalid, cat(what, ": not HOST:PORT"));
  return std::unique_ptr<Place>(new Port(host, cat(*port), clock));
}

} // namespace podstep::fabric

// The rounds of a meeting: see rendezvous.h.
#include "libfabric-transport/rendezvous/rendezvous.h"
#include "common/text.h"
#include <algorithm>
#include <time.h>

namespace podstep::fabric {

namespace {

constexpr size_t name_bytes = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_bytes && text[0] != '.' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             text.npos;
}

Result<std::unique_ptr<Place>> find_place(const Rendezvous::Options& options, Clock& clock) {
  if (options.carrier)
    return place_of_caller(*options.carrier, options.name, clock);
  const std::string& where = options.where;
  if (where == "pmix")
    return place_of_pmix(options.name, clock);
  if (where.starts_with("file:"))
    return place_in_directory(where.substr(5), options.name, clock);
  if (where.starts_with("tcp:"))
    return place_at_socket(where.substr(4), options.key, clock);
  return Error(Kind::invalid,
               where.empty() ? std::string("no rendezvous is named, and the step has no PMIx")
                             : cat("rendezvous '", printable(where, 80),
                                   "': neither pmix, file:DIRECTORY nor tcp:HOST:PORT"),
               "set PODSTEP_FABRIC_RENDEZVOUS, or start with srun --mpi=pmix");
}

} // namespace

Error too_late(const Place& place, const std::vector<uint32_t>& missing, Duration waited) {
  return Error(Kind::timeout,
               cat(place.describe(), ": ", name_missing(missing), " after ",
                   std::chrono::duration_cast<std::chrono::milliseconds>(waited).count(), " ms"));
}

void rest(unsigned& turn) {
  // From 1 ms to 64 ms: quick where all come at once, cheap for a shared file system where one is late.
  timespec pause{0, 1000000L << std::min(turn++ / 16, 6u)};
  nanosleep(&pause, nullptr);
}

Rendezvous::Rendezvous(std::unique_ptr<Place> place, Who who, const Options& options, Clock& clock)
    : place_(std::move(place)),
      who_(who), meeting_{options.key, options.job, meeting_number(options.name), 0, who.ranks},
      timeout_(options.timeout), clock_(clock) {}

Result<std::unique_ptr<Rendezvous>> Rendezvous::open(Options options, Clock& clock) {
  if (!is_name(options.name))
    return Error(Kind::invalid, cat("rendezvous name '", printable(options.name, 80), "': at most ",
                                    name_bytes, " letters, digits, -, _ and ., no . first"));
  PODSTEP_TRY(std::unique_ptr<Place> place, find_place(options, clock));
  std::optional<Who> known = place->who();
  Who who = options.who ? *options.who : known.value_or(Who{0, 0});
  if (who.ranks == 0 || who.ranks > most_ranks || who.rank >= who.ranks)
    return Error(Kind::invalid, cat(place->describe(), ": rank ", who.rank, " of ", who.ranks, " is none"),
                 "give rank and number of ranks");
  if (known && (known->rank != who.rank || known->ranks != who.ranks))
    return Error(Kind::conflict, cat(place->describe(), ": it is rank ", known->rank, " of ", known->ranks,
                                     " there, not ", who.rank, " of ", who.ranks));
  return std::unique_ptr<Rendezvous>(new Rendezvous(std::move(place), who, options, clock));
}

Result<void> Rendezvous::put(std::string blob) {
  if (blob.size() > blob_bytes || blob.size() * who_.ranks > meeting_bytes)
    return Error(Kind::exhausted, cat("a blob of ", blob.size(), " bytes for each of ", who_.ranks,
                                      " ranks: at most ", std::min(blob_bytes, meeting_bytes / who_.ranks)));
  blob_ = std::move(blob);
  return {};
}

Result<void> Rendezvous::fence() {
  std::string mine = seal(meeting_, {CardType::blob, who_.rank, blob_});
  PODSTEP_TRY(std::vector<std::string> cards,
              place_->exchange(meeting_, who_.rank, mine, Deadline::after(clock_, timeout_)));
  std::vector<std::string> all(who_.ranks);
  for (uint32_t rank = 0; rank < who_.ranks; ++rank) {
    auto card = open_card(meeting_, cards[rank], blob_bytes);
    if (card && (card->rank != rank || card->type != CardType::blob))
      return Error(Kind::forbidden,
                   cat(place_->describe(), ": rank ", rank, " shows the card of rank ", card->rank));
    if (!card)
      return std::move(card).error().in(cat(place_->describe(), ": rank ", rank));
    all[rank] = std::move(card->body);
  }
  all_ = std::move(all);
  ++meeting_.round;
  return {};
}

Result<std::string_view> Rendezvous::get(uint32_t rank) const {
  if (rank >= all_.size())
    return Error(Kind::invalid, all_.empty() ? std::string("get before a fence")
                                             : cat("get of rank ", rank, " among ", all_.size()));
  return std::string_view(all_[rank]);
}

} // namespace podstep::fabric

// F-CT-31: a peer that lives and closes its end while the other goes on.
#include "tests/fabric/cases/report.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/selfpair.h"

namespace cases {
using namespace harness;

namespace {

/// Rank 1 closes after some messages, of which rank 0 has more to send or to get.
void closes(Session& session, Rank& rank, bool closer_sends) {
  Channel& other = rank.to.begin()->second;
  bool sender = (rank.rank == 1) == closer_sends;
  Listener listener;
  void* comm = nullptr;
  if (sender) {
    comm = session.connect(other.take_value<Handle>());
  } else {
    listener = session.listen();
    other.put_value(listener.handle);
    comm = session.accept(listener);
  }
  size_t mark = log_size();
  std::unique_ptr<Flow> flow = make_flow(sender, session, comm, same_sizes(rank.rank == 1 ? 20 : 100, 30000));
  session.progress.run([&] {
    if (rank.rank == 1) {
      flow->run(20);
      return;
    }
    flow->tolerate();
    for (Instant until = in_seconds(20); flow->finished() < 20 && flow->error() == ncclabi::success;
         std::this_thread::yield()) {
      flow->step();
      expect(now() < until, "only ", flow->finished(), " messages after 20 s");
    }
  });
  if (rank.rank == 1) {
    other.put(Identity::own().encode());
    flow->release();
    sender ? session.close_send(comm) : session.close_recv(comm);
    other.take();
    if (!sender)
      session.close_listen(listener);
    return;
  }
  Identity closer = last_words_of(rank);
  session.progress.run([&] {
    must_report(rank, mark, sender ? "isend and test" : "irecv and test", closer,
                [&] { return flow->step(), flow->error(); });
  });
  flow->deregister();
  sender ? session.close_send(comm) : session.close_recv(comm);
  if (!sender)
    session.close_listen(listener);
  other.put("closed");
}

} // namespace

void closes_early(Rank& rank) {
  Session session(*rank.options);
  for (bool closer_sends : {false, true})
    closes(session, rank, closer_sends);
  session.end();
}

} // namespace cases

// F-CT-29: what NCCL tells of a pattern is a hint: it costs nothing and binds nobody.
#include "tests/fabric/cases/cases.h"
#include "tests/fabric/host/flow.h"
#include "tests/fabric/host/watch.h"

namespace cases {
using namespace harness;

void hints(Rank& rank) {
  Session session(*rank.options);
  if (session.net->version() < 11)
    throw Skipped(text("v", session.net->version(), " has no setNetAttr"));
  constexpr int calls = 200;
  ncclabi::Attributes none{}, few{{1, 1, 1, 1}, {1, 1, 1, 1}, 1, 1, 1};
  ncclabi::Attributes most{
      {INT32_MAX, 0, INT32_MAX, 0}, {INT32_MAX, 0, INT32_MAX, 0}, UINT32_MAX, 0, 1u << 31};
  const ncclabi::Attributes all[] = {ncclabi::no_hints, none, most, few};
  auto tell = [&](const char* who) {
    Watch watch;
    for (int i = 0; i < calls; i++)
      watch(who, [&] {
        ncclabi::Attributes hints = all[i % std::size(all)];
        session.net->set_attributes(session.context, &hints);
        return ncclabi::success;
      });
    watch.judge(rank, who);
  };
  session.service.run([&] { tell("setNetAttr on the service thread"); });
  // One flow was the last word; three come.
  bool sender = rank.rank == 0;
  Channel& other = rank.to.begin()->second;
  std::vector<Handle> handles(3);
  std::vector<Listener> listeners;
  std::vector<void*> comms(handles.size());
  for (Handle& handle : handles)
    if (sender) {
      handle = other.take_value<Handle>();
    } else {
      listeners.push_back(session.listen());
      other.put_value(listeners.back().handle);
    }
  session.service.run([&] {
    size_t left = comms.size();
    for (Instant until = in_seconds(20); left > 0; std::this_thread::yield())
      for (size_t i = 0; i < comms.size(); i++) {
        expect(now() < until, left, " of three connections are not there after a hint of one", LastWords{});
        if (comms[i])
          continue;
        must(sender ? try_connect(*session.net, session.context, handles[i].data(), &comms[i])
                    : session.net->accept(listeners[i].comm, &comms[i], no_offload()),
             sender ? "connect" : "accept");
        left -= comms[i] != nullptr;
      }
  });
  session.progress.run([&] { tell("setNetAttr on the progress thread"); });
  for (void* comm : comms)
    transfer(session, sender, comm, same_sizes(20, 30000));
  other.barrier();
  for (void* comm : comms)
    sender ? session.close_send(comm) : session.close_recv(comm);
  for (Listener& listener : listeners)
    session.close_listen(listener);
  session.end();
}

} // namespace cases

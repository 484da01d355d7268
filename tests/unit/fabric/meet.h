// Two sides that try to meet, where what is asked is whether they do: the sender tells how it went.
#pragma once
#include "tests/unit/fabric/pair.h"

namespace pair {

/// The receiver's half: tells its address after `before`, and waits for the sender's words.
inline std::string listen(Side& side, const std::function<void()>& before) {
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* listener = nullptr;
  side.must(podstep_fabric_listen(side.fabric, address, &listener) == 0, "listen");
  before();
  side.put(address, sizeof address);
  podstep_fabric_receiver* receiver = nullptr;
  char text[512] = "";
  side.rest([&] {
    if (!receiver)
      side.must(podstep_fabric_accept(listener, &receiver) >= 0, "accept");
    return recv(side.socket, text, sizeof text, MSG_DONTWAIT) > 0;
  });
  if (receiver)
    podstep_fabric_close_receiver(receiver);
  podstep_fabric_close_listener(listener);
  return text;
}

/// The sender's half: `met`, or the error.
inline void connect(Side& side) {
  unsigned char address[PODSTEP_FABRIC_ADDRESS_BYTES];
  side.take(address, sizeof address);
  podstep_fabric_sender* sender = nullptr;
  int rc = PODSTEP_FABRIC_AGAIN;
  while (rc == PODSTEP_FABRIC_AGAIN)
    rc = podstep_fabric_connect(side.fabric, address, &sender);
  char text[512] = "met";
  if (rc < 0)
    snprintf(text, sizeof text, "%s", podstep_fabric_error(side.fabric));
  side.put(text, sizeof text);
  if (sender)
    podstep_fabric_close_sender(sender);
}

} // namespace pair

/* A rank of a ring: meets the others where it is told, shows its address, hands a number round; prints what
 * it heard, or the sentence of the error. Arguments: meetings, and the rank that stays away (-1: none). */
#include <podstep/fabric.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static podstep_fabric* fabric;
static podstep_fabric_rendezvous* meeting;

static int stop(const char* what, const char* why) {
  printf("%s: %s\n", what, why);
  fflush(stdout);
  return 1;
}

/* One meeting and one round of the ring; 0, or 1 after a sentence. */
static int round_trip(const char* name, int absent) {
  char error[512];
  podstep_fabric_rendezvous_options options = {
      .size = sizeof options, .name = name, .timeout_ms = absent < 0 ? 20000 : 4000};
  if (podstep_fabric_rendezvous_open(&options, &meeting, error, sizeof error) != 0)
    return stop("open", error);
  int rank = podstep_fabric_rendezvous_rank(meeting), ranks = podstep_fabric_rendezvous_ranks(meeting);
  if (rank == absent) {
    sleep(8);
    return 0;
  }
  unsigned char mine[PODSTEP_FABRIC_ADDRESS_BYTES], theirs[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* listener;
  if (podstep_fabric_listen(fabric, mine, &listener) != 0)
    return stop("listen", podstep_fabric_error(fabric));
  podstep_fabric_rendezvous_put(meeting, mine, sizeof mine);
  if (podstep_fabric_rendezvous_fence(meeting) != 0)
    return stop("fence", podstep_fabric_rendezvous_error(meeting));
  if (podstep_fabric_rendezvous_get(meeting, (rank + 1) % ranks, theirs, sizeof theirs, NULL) != 0)
    return stop("get", podstep_fabric_rendezvous_error(meeting));

  podstep_fabric_sender* right = NULL;
  podstep_fabric_receiver* left = NULL;
  while (!right || !left) {
    if (!right && podstep_fabric_connect(fabric, theirs, &right) < 0)
      return stop("connect", podstep_fabric_error(fabric));
    if (!left && podstep_fabric_accept(listener, &left) < 0)
      return stop("accept", podstep_fabric_error(fabric));
  }
  podstep_fabric_close_listener(listener);
  int number = rank, heard = -1, rc;
  podstep_fabric_buffer buffer = {&heard, sizeof heard, 0, NULL};
  podstep_fabric_request *send = NULL, *receive = NULL;
  do
    rc = podstep_fabric_receive(left, 1, &buffer, &receive);
  while (rc == PODSTEP_FABRIC_AGAIN);
  if (rc == 0)
    do
      rc = podstep_fabric_send(right, &number, sizeof number, 0, NULL, &send);
    while (rc == PODSTEP_FABRIC_AGAIN);
  if (rc != 0 || podstep_fabric_wait(send, 20000, NULL) != 0 ||
      podstep_fabric_wait(receive, 20000, NULL) != 0)
    return stop("ring", podstep_fabric_error(fabric));
  printf("%s: rank %d of %d heard %d\n", name, rank, ranks, heard);
  /* Nobody leaves before all have heard. */
  podstep_fabric_rendezvous_put(meeting, "", 0);
  if (podstep_fabric_rendezvous_fence(meeting) != 0)
    return stop("second fence", podstep_fabric_rendezvous_error(meeting));
  podstep_fabric_close_sender(right);
  podstep_fabric_close_receiver(left);
  podstep_fabric_rendezvous_close(meeting);
  return 0;
}

int main(int argc, char** argv) {
  char error[512], name[32];
  int meetings = argc > 1 ? atoi(argv[1]) : 1, absent = argc > 2 ? atoi(argv[2]) : -1;
  if (podstep_fabric_open(NULL, &fabric, error, sizeof error) != 0)
    return stop("fabric", error);
  for (int i = 0; i < meetings; i++) {
    snprintf(name, sizeof name, "meeting-%d", i);
    if (round_trip(name, absent) != 0)
      return 1;
  }
  podstep_fabric_close(fabric);
  return 0;
}

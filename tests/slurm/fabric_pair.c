// fabric_pair ME OTHER DIRECTORY MESSAGES BYTES: two processes that send each other tensors by
// podstep/fabric.h and look at every byte. Addresses meet as files in DIRECTORY. Says `moved MESSAGES` when
// all have come, then keeps the connections, and ends with 3 and a sentence when the peer is gone.
#include <podstep/fabric.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static podstep_fabric* fabric;

static void check(int rc, const char* what) {
  if (rc >= 0)
    return;
  printf("%s: %s\n", what, fabric ? podstep_fabric_error(fabric) : "no fabric");
  fflush(stdout);
  exit(3);
}

static void nap(void) {
  nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void publish(const char* directory, const char* me, const unsigned char* address) {
  char path[512], temporary[520];
  snprintf(path, sizeof path, "%s/%s", directory, me);
  snprintf(temporary, sizeof temporary, "%s.new", path);
  FILE* file = fopen(temporary, "w");
  if (!file || fwrite(address, PODSTEP_FABRIC_ADDRESS_BYTES, 1, file) != 1 || fclose(file) != 0 ||
      rename(temporary, path) != 0) {
    perror(path);
    exit(2);
  }
}

static void look_up(const char* directory, const char* other, unsigned char* address) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", directory, other);
  for (size_t got = 0; got != 1; nap()) {
    FILE* file = fopen(path, "r");
    if (!file)
      continue;
    got = fread(address, PODSTEP_FABRIC_ADDRESS_BYTES, 1, file);
    fclose(file);
  }
}

int main(int argc, char** argv) {
  if (argc != 6)
    return 2;
  const char *me = argv[1], *other = argv[2], *directory = argv[3];
  const int messages = atoi(argv[4]);
  const size_t bytes = (size_t)atol(argv[5]);
  char error[512];
  podstep_fabric_options options = {.size = sizeof options, .label = me};
  if (podstep_fabric_open(&options, &fabric, error, sizeof error) != PODSTEP_FABRIC_OK) {
    puts(error);
    return 3;
  }
  unsigned char mine[PODSTEP_FABRIC_ADDRESS_BYTES], theirs[PODSTEP_FABRIC_ADDRESS_BYTES];
  podstep_fabric_listener* listener;
  podstep_fabric_sender* sender = NULL;
  podstep_fabric_receiver* receiver = NULL;
  check(podstep_fabric_listen(fabric, mine, &listener), "listen");
  publish(directory, me, mine);
  look_up(directory, other, theirs);
  while (!sender || !receiver) {
    if (!sender)
      check(podstep_fabric_connect(fabric, theirs, &sender), "connect");
    if (!receiver)
      check(podstep_fabric_accept(listener, &receiver), "accept");
  }
  unsigned char *out = malloc(bytes), *in = malloc(bytes);
  podstep_fabric_memory *out_memory, *in_memory;
  check(podstep_fabric_register(fabric, out, bytes, &out_memory), "register");
  check(podstep_fabric_register(fabric, in, bytes, &in_memory), "register");
  for (int i = 0; i < messages; ++i) {
    memset(out, (me[0] + i) & 0xff, bytes);
    memset(in, 0, bytes);
    podstep_fabric_request *sent = NULL, *came = NULL;
    podstep_fabric_buffer buffer = {in, bytes, 0, in_memory};
    for (int rc = PODSTEP_FABRIC_AGAIN; rc == PODSTEP_FABRIC_AGAIN;)
      check(rc = podstep_fabric_receive(receiver, 1, &buffer, &came), "receive");
    for (int rc = PODSTEP_FABRIC_AGAIN; rc == PODSTEP_FABRIC_AGAIN;)
      check(rc = podstep_fabric_send(sender, out, bytes, 0, out_memory, &sent), "send");
    size_t size = 0;
    check(podstep_fabric_wait(sent, 30000, NULL), "wait for the send");
    check(podstep_fabric_wait(came, 30000, &size), "wait for the receive");
    for (size_t k = 0; k < bytes; ++k)
      if (size != bytes || in[k] != ((other[0] + i) & 0xff)) {
        printf("message %d: byte %zu of %zu is wrong\n", i, k, size);
        return 3;
      }
  }
  printf("moved %d\n", messages);
  fflush(stdout);
  // A receive that never comes is how the end of the peer is learnt.
  podstep_fabric_request* last = NULL;
  podstep_fabric_buffer buffer = {in, bytes, 0, in_memory};
  for (int rc = PODSTEP_FABRIC_AGAIN; rc == PODSTEP_FABRIC_AGAIN;)
    check(rc = podstep_fabric_receive(receiver, 1, &buffer, &last), "receive");
  for (int done = 0; !done; nap())
    if (podstep_fabric_test(last, &done, NULL) < 0)
      break;
  printf("the peer is gone: %s\n", podstep_fabric_error(fabric));
  fflush(stdout);
  for (int i = 0; i < 20000; ++i, nap()) // until the pod is ended: its statistics stay to be seen
    podstep_fabric_progress(fabric);
  return 3;
}

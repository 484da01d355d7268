/* podstep/fabric.h: tensors between processes over libfabric. See podstep-fabric(3). */
#ifndef PODSTEP_FABRIC_H
#define PODSTEP_FABRIC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions return. Below zero: podstep_fabric_error() has the sentence. */
#define PODSTEP_FABRIC_OK 0
#define PODSTEP_FABRIC_AGAIN 1      /* not now: call again */
#define PODSTEP_FABRIC_INVALID (-1) /* the caller, or the two ends, do not agree */
#define PODSTEP_FABRIC_PEER (-2)    /* the peer is gone or silent */
#define PODSTEP_FABRIC_SYSTEM (-3)  /* the provider or the system */

#define PODSTEP_FABRIC_ADDRESS_BYTES 128
#define PODSTEP_FABRIC_REGION_BYTES 32
#define PODSTEP_FABRIC_GROUP 8 /* buffers of one receive */

/* Traffic classes: the bits of SLINGSHOT_TCS. */
#define PODSTEP_FABRIC_TC_DEDICATED_ACCESS 1
#define PODSTEP_FABRIC_TC_LOW_LATENCY 2
#define PODSTEP_FABRIC_TC_BULK_DATA 4
#define PODSTEP_FABRIC_TC_BEST_EFFORT 8

typedef struct podstep_fabric podstep_fabric;
typedef struct podstep_fabric_listener podstep_fabric_listener;
typedef struct podstep_fabric_sender podstep_fabric_sender;
typedef struct podstep_fabric_receiver podstep_fabric_receiver;
typedef struct podstep_fabric_memory podstep_fabric_memory;
typedef struct podstep_fabric_request podstep_fabric_request;
typedef struct podstep_fabric_rendezvous podstep_fabric_rendezvous;

typedef struct podstep_fabric_options {
  size_t size;               /* sizeof(podstep_fabric_options): members may be added at the end */
  const char* provider;      /* NULL: PODSTEP_FABRIC_PROVIDER, or the best there is */
  const char* device;        /* NULL: PODSTEP_FABRIC_DEVICE, or the first */
  const char* label;         /* who this is, for the statistics page; may be NULL */
  uint16_t vni;              /* Slingshot: 0 takes what the step's environment says */
  uint32_t service;          /* the CXI service, likewise and by itself */
  uint32_t timeout_ms;       /* 0: PODSTEP_FABRIC_TIMEOUT */
  size_t idle_registrations; /* how many unused registrations are kept; then unmapping needs
                                podstep_fabric_forget() */
  uint32_t traffic_class;    /* one of PODSTEP_FABRIC_TC_*; 0: the service's own */
} podstep_fabric_options;

typedef struct podstep_fabric_buffer {
  void* data;
  size_t bytes;
  int tag;
  podstep_fabric_memory* memory; /* NULL where the provider needs no registration */
} podstep_fabric_buffer;

typedef struct podstep_fabric_counters {
  size_t size; /* set by the caller, as above */
  uint64_t bytes_sent, bytes_received, messages_sent, messages_received;
  uint64_t eager_sent, grants_sent, packets_sent, again, errors, connections;
  uint64_t registrations, registration_hits, registration_misses;
} podstep_fabric_counters;

/* A store of the caller's own, in which all ranks find what one puts. 0: done; get answers 1 when the key
   does not come within the time. */
typedef struct podstep_fabric_carrier {
  void* context;
  int (*put)(void* context, const char* key, const void* data, size_t bytes);
  int (*get)(void* context, const char* key, void* data, size_t room, size_t* bytes, uint32_t timeout_ms);
} podstep_fabric_carrier;

typedef struct podstep_fabric_rendezvous_options {
  size_t size;         /* as above */
  const char* where;   /* pmix, file:DIRECTORY, tcp:HOST:PORT; NULL: PODSTEP_FABRIC_RENDEZVOUS,
                          or pmix where the step has it */
  const char* name;    /* of this meeting; NULL: default */
  int rank, ranks;     /* ranks 0: what PMIx says, or srun */
  uint32_t timeout_ms; /* of each fence; 0: PODSTEP_FABRIC_CONNECT_TIMEOUT */
  const podstep_fabric_carrier* carrier; /* instead of where */
} podstep_fabric_rendezvous_options;

/* --- endpoints --- */
int podstep_fabric_open(const podstep_fabric_options* options, podstep_fabric** fabric, char* error,
                        size_t error_bytes);
void podstep_fabric_close(podstep_fabric* fabric);
const char* podstep_fabric_error(const podstep_fabric* fabric);
const char* podstep_fabric_provider(const podstep_fabric* fabric);
int podstep_fabric_progress(podstep_fabric* fabric);
int podstep_fabric_statistics(podstep_fabric* fabric, podstep_fabric_counters* counters);

/* --- rendezvous: every rank shows a blob (its addresses) and gets everybody's; fence waits --- */
int podstep_fabric_rendezvous_open(const podstep_fabric_rendezvous_options* options,
                                   podstep_fabric_rendezvous** rendezvous, char* error, size_t error_bytes);
void podstep_fabric_rendezvous_close(podstep_fabric_rendezvous* rendezvous);
const char* podstep_fabric_rendezvous_error(const podstep_fabric_rendezvous* rendezvous);
int podstep_fabric_rendezvous_rank(const podstep_fabric_rendezvous* rendezvous);
int podstep_fabric_rendezvous_ranks(const podstep_fabric_rendezvous* rendezvous);
int podstep_fabric_rendezvous_put(podstep_fabric_rendezvous* rendezvous, const void* data, size_t bytes);
int podstep_fabric_rendezvous_fence(podstep_fabric_rendezvous* rendezvous);
int podstep_fabric_rendezvous_get(podstep_fabric_rendezvous* rendezvous, int rank, void* data, size_t room,
                                  size_t* bytes);

/* --- connections: one direction each, nothing waits --- */
int podstep_fabric_listen(podstep_fabric* fabric, unsigned char* address, podstep_fabric_listener** listener);
int podstep_fabric_accept(podstep_fabric_listener* listener, podstep_fabric_receiver** receiver);
void podstep_fabric_close_listener(podstep_fabric_listener* listener);
int podstep_fabric_connect(podstep_fabric* fabric, unsigned char* address, podstep_fabric_sender** sender);
void podstep_fabric_close_sender(podstep_fabric_sender* sender);
void podstep_fabric_close_receiver(podstep_fabric_receiver* receiver);
const char* podstep_fabric_sender_peer(const podstep_fabric_sender* sender);
const char* podstep_fabric_receiver_peer(const podstep_fabric_receiver* receiver);

/* --- memory --- */
int podstep_fabric_demands_memory(const podstep_fabric* fabric);
int podstep_fabric_register(podstep_fabric* fabric, void* data, size_t bytes, podstep_fabric_memory** memory);
int podstep_fabric_register_dmabuf(podstep_fabric* fabric, void* data, size_t bytes, int fd, uint64_t offset,
                                   podstep_fabric_memory** memory);
void podstep_fabric_deregister(podstep_fabric* fabric, podstep_fabric_memory* memory);
void podstep_fabric_forget(podstep_fabric* fabric, void* data, size_t bytes);
int podstep_fabric_export(podstep_fabric* fabric, podstep_fabric_memory* memory, void* data, size_t bytes,
                          unsigned char* region);

/* --- messages --- */
int podstep_fabric_send(podstep_fabric_sender* sender, const void* data, size_t bytes, int tag,
                        podstep_fabric_memory* memory, podstep_fabric_request** request);
int podstep_fabric_receive(podstep_fabric_receiver* receiver, int count, const podstep_fabric_buffer* buffers,
                           podstep_fabric_request** request);
/* For a GPU's memory: what the NIC wrote there before can be seen by the GPU and by CUDA once the request is
   done. NULL: the memory is no GPU's, there is nothing to wait for. */
int podstep_fabric_flush(podstep_fabric_receiver* receiver, void* data, podstep_fabric_memory* memory,
                         podstep_fabric_request** request);

/* --- one-sided: `region` is what the receiving process exported --- */
int podstep_fabric_write(podstep_fabric_sender* sender, const void* data, size_t bytes,
                         podstep_fabric_memory* memory, const unsigned char* region, uint64_t offset,
                         const uint64_t* notice, podstep_fabric_request** request);
int podstep_fabric_read(podstep_fabric_sender* sender, void* data, size_t bytes,
                        podstep_fabric_memory* memory, const unsigned char* region, uint64_t offset,
                        const uint64_t* notice, podstep_fabric_request** request);
int podstep_fabric_notice(podstep_fabric_receiver* receiver, uint64_t* notice);

/* --- completion: a request that is done is gone --- */
int podstep_fabric_test(podstep_fabric_request* request, int* done, size_t* sizes);
int podstep_fabric_wait(podstep_fabric_request* request, int timeout_ms, size_t* sizes);

#ifdef __cplusplus
}
#endif
#endif

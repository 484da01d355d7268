#!/bin/bash
# The NCCL plugins keep the contract of doc/contracts/nccl.md: the reference one, and ours on each provider that this libfabric has.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/conform.sh"
reference=$top_builddir/tests/fabric/.libs/libnccl-net-reference.so

means=(--no-device REFERENCE_DEVICES=0 --same-address REFERENCE_PORT=20998 --job REFERENCE_JOB)
conform reference "${means[@]}" "$reference"
conform 'reference on one thread' --quick --self "${means[@]}" "$reference"
REFERENCE_GLOBAL=1 conform 'reference that cuts what is too large (regIsGlobal)' --quick "$reference" F-CT-1 F-CT-10 F-CT-11 F-CT-12
like "$(cat "$tmp/lines")" 'regIsGlobal=1' 'it says so'
# NCCL_NET_PLUGIN=NAME stands for libnccl-net-NAME.so.
LD_LIBRARY_PATH=$top_builddir/tests/fabric/.libs conform 'reference by its short name' --quick reference F-CT-1/table
like "$("$conformance" nonesuch F-CT-1/table)" '"fail".*dlopen: nonesuch.*; libnccl-net-nonesuch.so' 'a name that is no library is told by both'

if [ -e "$podstep" ]; then
  wire=net
  usable net || wire=tcp # one name until libfabric 1.17, the other since
  ok "our plugin finds a device on $wire" usable "$wire"
  ok 'our plugin finds a device on shm' usable shm
  for provider in "$wire" shm; do
    export PODSTEP_FABRIC_PROVIDER=$provider
    conform "podstep on $provider" --deadline 8 --no-device PODSTEP_FABRIC_PROVIDER=nonesuch --job SLURM_JOB_ID "$podstep"
    PODSTEP_FABRIC_CONNECT_TIMEOUT=60 conform "podstep on $provider, 4096 at once" --full "$podstep" F-CT-7
    # Jobs that differ in their key alone.
    conform "podstep on $provider, by the key" --job PODSTEP_FABRIC_KEY "$podstep" F-CT-21/job
    for abi in 8 9 10 11; do
      conform "podstep on $provider, v$abi" --quick --abi "v$abi" "$podstep" F-CT-1 F-CT-4 F-CT-8 F-CT-10 F-CT-12 F-CT-22
    done
  done
  ok 'NCCL_NET_PLUGIN=podstep finds it' env LD_LIBRARY_PATH="$top_builddir/.libs" "$conformance" podstep F-CT-1/table
  like "$("$conformance" "$podstep" F-CT-1/properties)" 'ptrSupport=1 ' 'without CUDA no GPU memory is promised'
  mkdir "$tmp/cuda"
  echo 'no library' >"$tmp/cuda/libcuda.so.1"
  like "$(LD_LIBRARY_PATH=$tmp/cuda "$conformance" "$podstep" F-CT-1/properties)" 'ptrSupport=1 ' 'nor with a driver that does not load'
  # What cannot be meant, or is not there: init fails and says which, to NCCL's logger.
  while IFS='|' read -r setting words; do
    like "$("$conformance" --no-device "$setting" "$podstep" F-CT-3)" "\"pass\".*says=.*$words" "$setting: init fails, in words"
  done <<'END'
PODSTEP_FABRIC_PROVIDER=nonesuch|no usable device of provider nonesuch
PODSTEP_FABRIC_DEVICE=nonesuch|named nonesuch
FI_PROVIDER=nonesuch|no usable device of provider
PODSTEP_FABRIC_TIMEOUT=never|PODSTEP_FABRIC_TIMEOUT
PODSTEP_FABRIC_VNI=both|PODSTEP_FABRIC_VNI.*neither step nor job
PODSTEP_FABRIC_KEY=short|PODSTEP_FABRIC_KEY has less than 16
PODSTEP_FABRIC_KEY_FILE=/nonesuch|PODSTEP_FABRIC_KEY_FILE: /nonesuch
END
  # Debian's libfabric was built without CUDA, and grants FI_HMEM all the same: then no GPU memory may be promised.
  like "$(LD_LIBRARY_PATH=$top_builddir/tests/support/.libs "$conformance" --quick "$podstep" F-CT-27)" '"(pass|skip)"' \
    'on shm GPU memory is taken or not promised'
  on_cxi
  export PODSTEP_FABRIC_PROVIDER=cxi
  conform 'podstep on cxi' --quick --deadline 8 --no-device FAKE_CXI_DEVICES=0 --job SLURM_JOB_ID "$podstep"
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'it breaks no rule of the NIC'
  PODSTEP_FABRIC_CONNECT_TIMEOUT=60 conform 'podstep on cxi, 4096 at once' --full "$podstep" F-CT-7
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'nor with 4096 communicators'
  # A command queue that is full at every second, fifth, or thirteenth post.
  for every in 2 5 13; do
    FAKE_CXI_AGAIN=$every conform "podstep on cxi, no room every $every posts" --quick "$podstep" F-CT-9 F-CT-10 F-CT-12 F-CT-17 F-CT-28
  done
  # The class that NCCL names reaches the NIC, by a context's configuration and (v10) by each connect's own.
  for abi in 12 11 10; do
    : >"$tmp/classes"
    FAKE_CXI_TRAFFIC=$tmp/classes conform "podstep on cxi, v$abi" --quick --abi "v$abi" "$podstep" F-CT-2/traffic
    is "$(sort -u "$tmp/classes" | xargs)" 'best effort bulk data low latency unspecified' "v$abi: each class reaches an endpoint of its own"
  done
  # Beside it a GPU whose memory kills a CPU that touches it: tests/support/cuda.
  LD_LIBRARY_PATH=$top_builddir/tests/support/.libs conform 'podstep on cxi with a GPU' --quick "$podstep" F-CT-27 F-CT-32 F-CT-10 F-CT-22
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'it breaks no rule of the NIC with a GPU either'
  FAKE_CXI_AGAIN=2 LD_LIBRARY_PATH=$top_builddir/tests/support/.libs conform 'podstep on cxi with a GPU, no room every 2 posts' --quick "$podstep" F-CT-32
  # GPU memory that only its dma-buf reaches, and a site that says the provider takes one; then one that does not.
  export PODSTEP_FABRIC_DMABUF=1
  LD_LIBRARY_PATH=$top_builddir/tests/support/.libs FAKE_CXI_GPU=dmabuf conform 'podstep on cxi by dma-buf' --quick "$podstep" F-CT-27
  like "$(cat "$tmp/lines")" 'dmabuf=1' 'NCCL is told of dma-bufs'
  LD_LIBRARY_PATH=$top_builddir/tests/support/.libs FAKE_CXI_GPU=address conform 'podstep on cxi that refuses dma-bufs' --quick "$podstep" F-CT-27
  unset PODSTEP_FABRIC_DMABUF
  # As verbs: nothing moves without a descriptor.
  FAKE_CXI_MR_LOCAL=1 LD_LIBRARY_PATH=$top_builddir/tests/support/.libs conform 'podstep on cxi that demands FI_MR_LOCAL' --quick "$podstep" \
    F-CT-4 F-CT-10 F-CT-12 F-CT-17 F-CT-27 F-CT-32
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'no transfer is without its descriptor'
else
  skip 'this build has no libnccl-net-podstep.so (libfabric is missing)' 'our plugin keeps the contract'
fi
done_testing

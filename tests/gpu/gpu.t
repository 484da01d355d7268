#!/bin/bash
# Real NCCL between processes on one GPU goes by our plugin, every result right, timed beside NCCL's sockets; without a GPU only what leads there is tried.
# timeout: 2400
. "$(dirname "$0")/../lib/tap.sh"
program=$top_builddir/tests/gpu/nccl-collectives
plugin=$top_builddir/.libs/libnccl-net-podstep.so
[ -e "$plugin" ] || skip_all 'this build has no libnccl-net-podstep.so (libfabric is missing)'

# said STATUS ARGUMENT...: its words, when it ends with this status.
said() {
  local wanted=$1 words status=0
  shift
  words=$("$program" --logs "$tmp" "$@" 2>&1) || status=$?
  [ $status = "$wanted" ] || words="status $status: $words"
  printf '%s\n' "$words"
}

like "$(said 2)" '^nccl-collectives: name a plugin' 'it wants a plugin'
like "$(said 2 /nonexistent/libnccl-net-x.so)" '^nccl-collectives: /nonexistent/.*: No such file' 'one that is there'
like "$(said 2 --ranks 1 "$plugin")" "^nccl-collectives: --ranks: .*1.*2.*8" 'one rank is no collective'
like "$(said 2 --proto LL64 "$plugin")" "^nccl-collectives: --proto: 'LL64' is none of Simple, LL, LL128" 'a protocol that NCCL has'
like "$(said 2 --turn 3 "$plugin")" '^nccl-collectives: unknown option --turn' 'and options that it knows'
like "$(said 1 --nccl /nonexistent/libnccl.so.2 "$plugin")" '^nccl-collectives: no NCCL: /nonexistent/libnccl.so.2: .*Hint: --nccl PATH or NCCL_LIBRARY .* tests/gpu/README.md' \
  'an NCCL that is named and missing is an error with cause and hint'
like "$(NCCL_LIBRARY=$plugin said 1 "$plugin")" 'has no ncclGetVersion: it is no NCCL 2.14 or later.*Hint' 'and so is one that is none'
mkdir "$tmp/poor"
gcc -shared -fPIC -o "$tmp/poor/libcuda.so.1" -x c - <<<'int cuInit(unsigned flags) { return (int)flags; }'
like "$(LD_LIBRARY_PATH=$tmp/poor said 1 "$plugin")" '^fail.*rank [01]: libcuda.so.1 has no cuDriverGetVersion' \
  'a driver that lacks what is needed is a failure, not a skip'

# The program itself, on a driver and an NCCL of tests/support that send real messages by the plugin: what is right passes, what is not is seen.
wire='PODSTEP_FABRIC_PROVIDER=net PODSTEP_FABRIC_DEVICE=lo'
env $wire "$top_builddir/tests/fabric/conformance" "$plugin" F-CT-1/properties >/dev/null 2>&1 || wire='PODSTEP_FABRIC_PROVIDER=tcp PODSTEP_FABRIC_DEVICE=lo'
# as_if LIE ARGUMENT...: its words.
as_if() {
  local lie=$1
  shift
  env -u NCCL_LIBRARY $wire LD_LIBRARY_PATH="$top_builddir/tests/support/.libs" FAKE_NCCL="$lie" \
    FAKE_NCCL_SOCKET="$top_builddir/tests/fabric/.libs/libnccl-net-reference.so" "$program" --logs "$tmp" --limit 20 "$@" "$plugin" 2>&1
}
for ranks in 2 3; do
  like "$(as_if '' --ranks $ranks --most 65536)" $'(^|\n)pass\t6 operations of 4 to 65536 bytes, a split and an abort between '$ranks' ranks, Simple, all via NET/podstep' \
    "without a GPU: $ranks ranks of the NCCL of tests/support agree" || diag "$(tail -n 20 "$tmp"/nccl-*.log)"
done
like "$(as_if wrong --most 64)" $'(^|\n)fail\t.*rank [01]: all_reduce of 4 bytes: element 0 of 1 is [0-9.]* and not ' 'a sum that is off by one is seen'
like "$(as_if hang --most 64 --limit 2)" $'(^|\n)fail\t.*rank [01]: all_reduce of 4 bytes: the GPU is not done after 2 s' 'and so is one that never ends'
like "$(as_if shm --most 64)" $'(^|\n)fail\t.*rank [01]: NCCL went via SHM/direct, not NET/podstep' 'and a way that is not the network'
like "$(as_if '' --most 4096 --turns 2 --results "$tmp/results")" $'(^|\n)pass\t2 turns, each beside NCCL' 'times are taken beside those of sockets'
is "$(grep -c $'^all_reduce\t4096\t[0-9.]*\t[0-9.]*\t[0-9.]*$' "$tmp/results")" 1 'and written with their ratio' || diag "$(cat "$tmp/results")"
like "$(head -n 1 "$tmp/results")" '^# 20[0-9-]* [0-9:]* UTC: .*, driver 12.4, NCCL 2.27.3; 2 ranks on one GPU, Simple, 2 turns' 'under the date and the versions'

why=$(said 77 --most 4 "$plugin" | sed -n 's/^skip\t//p')
if [ -n "$why" ]; then
  skip "$why" 'NCCL goes by our plugin on a GPU'
  done_testing
fi

# collectives NAME VARIABLES ARGUMENT...: a point for one run.
collectives() {
  local name=$1 variables=$2 words
  shift 2
  words=$(env $variables "$program" --logs "$tmp" "$@" "$plugin" 2>&1)
  like "$words" $'(^|\n)pass' "$name" || diag "$(tail -n 30 "$tmp"/nccl-*.log)"
  diag "$words"
}
for ranks in 2 3 4; do
  collectives "all is right between $ranks ranks" "$wire" --ranks $ranks
done
for protocol in LL LL128; do
  collectives "with NCCL's protocol $protocol" "$wire" --proto $protocol
done
collectives 'up to 256 MiB' "$wire" --most 268435456
collectives 'over shared memory' PODSTEP_FABRIC_PROVIDER=shm
# PyTorch, whose NCCL is its own: a small model learns by our plugin what it learns by gloo.
trains() {
  local rank
  for rank in 0 1; do
    # NCCL sets up all that collectives does; see tests/gpu/launch.cpp.
    env $wire RANK=$rank WORLD_SIZE=2 NCCL_HOSTID=rank$rank NCCL_NET=podstep NCCL_NET_PLUGIN=podstep NCCL_NET_PLUGIN_REF_COUNT=1 NCCL_P2P_DISABLE=1 \
      NCCL_SHM_DISABLE=1 NCCL_MNNVL_ENABLE=0 NCCL_MAX_CTAS=4 NCCL_SOCKET_IFNAME=lo NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=INIT,NET NCCL_DEBUG_FILE="$tmp/torch-$rank.log" \
      GLOO_SOCKET_IFNAME=lo LD_LIBRARY_PATH="$top_builddir/.libs:${LD_LIBRARY_PATH-}" PYTHONPATH="$top_srcdir/contrib/examples/model" \
      timeout 200 python3 "$top_srcdir/contrib/torch/train.py" --store "$tmp/store" --backends nccl gloo --device cuda --steps 8 >"$tmp/torch-$rank" 2>&1 &
  done
  wait
}
if [ "$(python3 -c 'import torch; print(torch.cuda.is_available())' 2>/dev/null)" = True ]; then
  trains
  like "$(cat "$tmp/torch-0")" 'nccl and gloo: losses at most [0-9.e-]* apart' 'PyTorch trains by NCCL and our plugin as it does by gloo' || diag "$(cat "$tmp/torch-1")"
  diag "$(grep -v ' step ' "$tmp/torch-0")"
  like "$(cat "$tmp"/torch-?.log)" 'via NET/podstep/' 'its NCCL goes by our plugin'
else
  skip 'there is no PyTorch for this GPU' 'PyTorch trains by NCCL and our plugin as it does by gloo'
fi

# Processes share a GPU by slices of milliseconds, in which the network is lost; with CUDA's MPS their kernels run side by side.
results=${PODSTEP_GPU_RESULTS:-$top_builddir/gpu-results.tsv}
collectives 'timed beside sockets, the GPU shared by slices' "$wire" --turns 3 --results "$results"
if command -v nvidia-cuda-mps-control >/dev/null; then
  mkdir "$tmp/mps" "$tmp/mps-log"
  export CUDA_MPS_PIPE_DIRECTORY=$tmp/mps CUDA_MPS_LOG_DIRECTORY=$tmp/mps-log
  at_exit 'echo quit | timeout 20 nvidia-cuda-mps-control'
  ok 'an MPS server of our own starts' nvidia-cuda-mps-control -d
  collectives 'timed beside sockets, kernels side by side' "$wire" --turns 9 --results "$results"
else
  skip 'there is no nvidia-cuda-mps-control' 'timed beside sockets, kernels side by side'
fi
done_testing

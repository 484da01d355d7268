#!/bin/bash
# The transport as it is built here keeps its contract on Debian 13's libfabric 2.1 too: the same cases on tcp, shm and the fake cxi, and the unit tests, but those of pure functions.
# timeout: 500
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/conform.sh"
[ -e "$podstep" ] || skip_all 'this build has no libnccl-net-podstep.so (libfabric is missing)'

# Its packages lie beside those of contrib/torch, which are of the same suite: what is downloaded serves both.
dir=${PODSTEP_TORCH_DIR:-/var/tmp/podstep-torch}
tree=$dir/libfabric
mkdir -p "$dir" && [ -w "$dir" ] || skip_all "$dir is not ours to write: PODSTEP_TORCH_DIR names another place"
exec 9>"$dir/libfabric.lock"
flock 9
if [ ! -e "$tree/complete" ]; then
  rm -rf "$tree"
  # UCX would draw in GPU libraries that it opens only when they are there.
  "$top_srcdir/contrib/examples/debian-tree" --have libamdhip64-5,libhsa-runtime64-1,debconf trixie "$dir/apt" "$tree" libfabric1 libstdc++6 \
    >"$tmp/tree.log" 2>&1
  status=$?
  [ $status = 0 ] || ! grep -qE 'cannot (read the lists|fetch)' "$tmp/tree.log" || skip_all "Debian's archive cannot be reached: $(tail -n 1 "$tmp/tree.log")"
  is "$status" 0 'the libraries of Debian 13 are fetched' || { diag "$(cat "$tmp/tree.log")"; done_testing; }
  touch "$tree/complete"
fi
exec 9>&-

# Everything by that Debian's loader and libraries, from its C library on; only the programs are ours. No root is needed.
loader=$(ls "$tree"/usr/lib*/ld-linux*.so.* "$tree"/usr/lib/*/ld-linux*.so.* 2>/dev/null | head -n 1)
libraries=$(dirname "$(ls "$tree"/usr/lib/*/libfabric.so.1)")
within=("$loader" --library-path "$libraries")

like "$("${within[@]}" "$conformance" --no-device PODSTEP_FABRIC_PROVIDER=nonesuch --verbose "$podstep" F-CT-3 2>&1)" \
  'libfabric 2\.[0-9.]* has no usable device' 'the plugin runs on libfabric 2' || done_testing
ok 'it finds a device on tcp' usable tcp
nok 'and none on net, which tcp has swallowed' usable net
for provider in tcp shm; do
  export PODSTEP_FABRIC_PROVIDER=$provider
  known=()
  # Not so with 1.17; whose memory it is has not been found out. F-CT-17 sees 16 MiB and allows 8: where few of its transfers had begun it passes.
  [ $provider != tcp ] || known=([F-CT-17]='now and then: with 2.1 about 5 MiB stay of each endpoint that is closed in mid transfer'
    [F-CT-18/survivor]='with 2.1 about 5 MiB stay of each endpoint that is closed in mid transfer')
  conform "$provider" --quick --deadline 8 --no-device PODSTEP_FABRIC_PROVIDER=nonesuch --job SLURM_JOB_ID "$podstep"
done
known=()
on_cxi
export PODSTEP_FABRIC_PROVIDER=cxi
conform cxi --quick --deadline 8 --no-device FAKE_CXI_DEVICES=0 --job SLURM_JOB_ID "$podstep"
is "$(grep '^fake cxi:' "$tmp/err")" '' 'it breaks no rule of the NIC'
# Beside a GPU: whether the provider does without CUDA can be asked since 1.18.
within=("$loader" --library-path "$libraries:$top_builddir/tests/support/.libs")
LD_LIBRARY_PATH=$top_builddir/tests/support/.libs conform 'cxi with a GPU' --quick "$podstep" F-CT-27 F-CT-32
like "$("${within[@]}" "$conformance" "$podstep" F-CT-1/properties)" 'ptrSupport=3 ' 'GPU memory is promised'
like "$(FAKE_CXI_GDRCOPY=0 "${within[@]}" "$conformance" --verbose "$podstep" F-CT-1/properties 2>&1)" \
  'no GPU memory: cxi does without CUDA only where GDRCopy is.*ptrSupport=1 ' 'without GDRCopy it is not, and the log says why'
unset PODSTEP_FABRIC_PROVIDER FI_PROVIDER_PATH FAKE_CXI_FABRIC FAKE_CXI_SERVICES "${!SLINGSHOT_@}"

# libtool keeps a program that loads a library of the build below .libs, and that library beside the build's others.
within=("$loader" --library-path "$libraries:$top_builddir/.libs")
for unit in engine fake-cxi liar on-gpu rendezvous; do
  program=$top_builddir/tests/unit/fabric/.libs/$unit
  [ -e "$program" ] || program=$top_builddir/tests/unit/fabric/$unit
  ok "the unit tests pass: $unit" "${within[@]}" "$program"
done
done_testing

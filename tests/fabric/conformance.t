#!/bin/bash
# The NCCL plugins keep the contract of doc/contracts/nccl.md: the reference one, and ours on each provider that this libfabric has.
# timeout: 600
. "$(dirname "$0")/../lib/tap.sh"
conformance=$top_builddir/tests/fabric/conformance
reference=$top_builddir/tests/fabric/.libs/libnccl-net-reference.so
podstep=$top_builddir/.libs/libnccl-net-podstep.so
export PODSTEP_FABRIC_TIMEOUT=5 PODSTEP_FABRIC_CONNECT_TIMEOUT=10

# conform NAME ARGUMENT...: one point for each case.
conform() {
  local name=$1 line result promise reason
  shift
  "$conformance" "$@" >"$tmp/lines" 2>"$tmp/err"
  while read -r line; do
    promise=$(sed -n 's/^{"case": "\([^"]*\)".*"promise": "\([^"]*\)".*/\1: \2/p' <<<"$line")
    result=$(sed -n 's/.*"result": "\([^"]*\)".*/\1/p' <<<"$line")
    reason=$(sed -n 's/.*"reason": "\(.*\)".*/\1/p' <<<"$line")
    case $result in
      pass) pass "$name: $promise" ;;
      skip) skip "$reason" "$name: $promise" ;;
      *) fail "$name: $promise" || diag "$line" ;;
    esac
  done <"$tmp/lines"
  [ -s "$tmp/lines" ] || fail "$name: the cases run" || diag "$(cat "$tmp/err")"
}

conform reference --no-device REFERENCE_DEVICES=0 --same-address REFERENCE_PORT=20998 "$reference"
conform 'reference on one thread' --quick --self --no-device REFERENCE_DEVICES=0 --same-address REFERENCE_PORT=20998 "$reference"

# usable PROVIDER: our plugin finds a device of it.
usable() { PODSTEP_FABRIC_PROVIDER=$1 "$conformance" "$podstep" F-CT-1/properties >/dev/null 2>&1; }

# A step's credentials, and a NIC that takes them: the fake cxi of tests/support.
on_cxi() {
  export FI_PROVIDER_PATH=$top_builddir/tests/support/.libs FAKE_CXI_FABRIC=conformance$$ FAKE_CXI_SERVICES="5:$(id -u):1024"
  export SLINGSHOT_VNIS=1024 SLINGSHOT_SVC_IDS=5,5 SLINGSHOT_DEVICES=cxi0,cxi1 SLINGSHOT_TCS=0xe
}
at_exit "rm -f /dev/shm/fakecxi_conformance$$_*"

if [ -e "$podstep" ]; then
  wire=net
  usable net || wire=tcp # one name until libfabric 1.17, the other since
  ok "our plugin finds a device on $wire" usable "$wire"
  ok 'our plugin finds a device on shm' usable shm
  for provider in "$wire" shm; do
    export PODSTEP_FABRIC_PROVIDER=$provider
    conform "podstep on $provider" --deadline 8 --no-device PODSTEP_FABRIC_PROVIDER=nonesuch "$podstep"
    for abi in 8 9 10 11; do
      conform "podstep on $provider, v$abi" --quick --abi "v$abi" "$podstep" F-CT-1 F-CT-4 F-CT-8 F-CT-10 F-CT-12 F-CT-22
    done
  done
  # Debian's libfabric was built without CUDA, and grants FI_HMEM all the same: then no GPU memory may be promised.
  like "$(LD_LIBRARY_PATH=$top_builddir/tests/support/.libs "$conformance" --quick "$podstep" F-CT-27)" '"(pass|skip)"' \
    'on shm GPU memory is taken or not promised'
  on_cxi
  export PODSTEP_FABRIC_PROVIDER=cxi
  conform 'podstep on cxi' --quick --deadline 8 --no-device FAKE_CXI_DEVICES=0 "$podstep"
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'it breaks no rule of the NIC'
  # Beside it a GPU whose memory kills a CPU that touches it: tests/support/cuda.
  LD_LIBRARY_PATH=$top_builddir/tests/support/.libs conform 'podstep on cxi with a GPU' --quick "$podstep" F-CT-27 F-CT-10 F-CT-22
  is "$(grep '^fake cxi:' "$tmp/err")" '' 'it breaks no rule of the NIC with a GPU either'
else
  skip 'this build has no libnccl-net-podstep.so (libfabric is missing)' 'our plugin keeps the contract'
fi
done_testing

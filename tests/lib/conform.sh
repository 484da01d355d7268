# conform.sh: runs tests/fabric/conformance on a plugin, a point for each case; and what our plugin's cases stand on.
# shellcheck shell=bash
#
# Sourced after tap.sh. Commands are run by way of the words of the array `within`, so that it may be another system's libraries.
conformance=$top_builddir/tests/fabric/conformance
podstep=$top_builddir/.libs/libnccl-net-podstep.so
within=()
# What is known to be wrong elsewhere, by case: such a failure is skipped, with this reason.
declare -A known=()
export PODSTEP_FABRIC_TIMEOUT=5 PODSTEP_FABRIC_CONNECT_TIMEOUT=10

# conform NAME ARGUMENT...: one point for each case.
conform() {
  local name=$1 line case result promise reason
  shift
  "${within[@]}" "$conformance" "$@" >"$tmp/lines" 2>"$tmp/err"
  while read -r line; do
    case=$(sed -n 's/^{"case": "\([^"]*\)".*/\1/p' <<<"$line")
    promise=$(sed -n 's/^{"case": "\([^"]*\)".*"promise": "\([^"]*\)".*/\1: \2/p' <<<"$line")
    result=$(sed -n 's/.*"result": "\([^"]*\)".*/\1/p' <<<"$line")
    reason=$(sed -n 's/.*"reason": "\(.*\)".*/\1/p' <<<"$line")
    case $result:${known[$case]-} in
      pass:*) pass "$name: $promise" ;;
      skip:*) skip "$reason" "$name: $promise" ;;
      fail:?*) skip "known: ${known[$case]}" "$name: $promise" ;;
      *) fail "$name: $promise" || diag "$line" ;;
    esac
  done <"$tmp/lines"
  [ -s "$tmp/lines" ] || fail "$name: the cases run" || diag "$(cat "$tmp/err")"
}

# usable PROVIDER: our plugin finds a device of it.
usable() { PODSTEP_FABRIC_PROVIDER=$1 "${within[@]}" "$conformance" "$podstep" F-CT-1/properties >/dev/null 2>&1; }

# A step's credentials, and a NIC that takes them: the fake cxi of tests/support.
on_cxi() {
  export FI_PROVIDER_PATH=$top_builddir/tests/support/.libs FAKE_CXI_FABRIC=conformance$$ FAKE_CXI_SERVICES="5:$(id -u):1024"
  export SLINGSHOT_VNIS=1024 SLINGSHOT_SVC_IDS=5,5 SLINGSHOT_DEVICES=cxi0,cxi1 SLINGSHOT_TCS=0xe
}
at_exit "rm -f /dev/shm/fakecxi_conformance$$_*"

# conform.sh: runs tests/fabric/conformance on a plugin, a point for each case; and what our plugin's cases stand on.
# shellcheck shell=bash
#
# Sourced after tap.sh. Commands are run by way of the words of the array `within`, so that it may be another system's libraries.
conformance=$top_builddir/tests/fabric/conformance
podstep=$top_builddir/.libs/libnccl-net-podstep.so
within=()
# What is known to be wrong elsewhere, by case: such a failure is skipped, with this reason. Where the case passes it is over, and the reason
# must go; unless the reason begins with "now and then: ", which is what does not fail every time.
declare -A known=()
# What a run of our plugin may skip, by case: a part of the reason. Anything else that it skips it has lost.
declare -A permitted=()
export PODSTEP_FABRIC_TIMEOUT=5 PODSTEP_FABRIC_CONNECT_TIMEOUT=10
# A sanitizer holds back what was freed; the cases look whether memory grows.
[ -z "${PODSTEP_SANITIZED:-}" ] || export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1

# permit ARGUMENT...: what a run of our plugin with these arguments, in this environment, may skip: what it was given no means for.
permit() {
  permitted=([F-CT-23]='it is no tuner' [F-CT-25]='a sanitizer has its own')
  case " $* " in *' --abi v'[6-9]' '*) permitted+=([F-CT-2/traffic]='has no traffic classes' [F-CT-22]='has no profiler callback') ;; esac
  case " $* " in *' --abi v'[6-9]' '* | *' --abi v10 '*) permitted+=([F-CT-29]='has no setNetAttr') ;; esac
  case " $* " in *' --no-device '*) ;; *) permitted+=([F-CT-3]='no --no-device NAME=VALUE') ;; esac
  case " $* " in *' --job '*) ;; *) permitted+=([F-CT-21/job]='no --job NAME') ;; esac
  case " $* " in *' --self '*) permitted+=([F-CT-16]='--self has one thread') ;; esac
  [ -n "${SLINGSHOT_VNIS+set}" ] || permitted+=([F-CT-24]='no step with a NIC')
  # Providers that copy to a GPU by CUDA's calls do not offer it.
  case ${PODSTEP_FABRIC_PROVIDER-}:${LD_LIBRARY_PATH-}: in
    *:"$top_builddir/tests/support/.libs":*) ;;
    cxi:*) permitted+=([F-CT-27]='no GPU' [F-CT-32]='no GPU') ;;
    *) permitted+=([F-CT-27]='GPU' [F-CT-32]='GPU') ;;
  esac
}

# may_skip PLUGIN CASE REASON: another's plugin what it likes, ours only what is permitted.
may_skip() { [ "$1" != "$podstep" ] || [[ -n ${permitted[$2]-} && $3 == *"${permitted[$2]}"* ]]; }

# conform NAME ARGUMENT...: one point for each case, and one for the run. A case that our plugin skips and this run does not permit to is a failure.
conform() {
  local name=$1 line case result promise reason plugin='' status
  shift
  case " $* " in *" $podstep "*) plugin=$podstep ;; esac
  permit "$@"
  "${within[@]}" "$conformance" --list "$@" 2>&1 | cut -f 1 >"$tmp/listed"
  "${within[@]}" "$conformance" "$@" >"$tmp/lines" 2>"$tmp/err"
  status=$?
  while read -r line; do
    case=$(sed -n 's/^{"case": "\([^"]*\)".*/\1/p' <<<"$line")
    promise=$(sed -n 's/^{"case": "\([^"]*\)".*"promise": "\([^"]*\)".*/\1: \2/p' <<<"$line")
    result=$(sed -n 's/.*"result": "\([^"]*\)".*/\1/p' <<<"$line")
    reason=$(sed -n 's/.*"reason": "\(.*\)".*/\1/p' <<<"$line")
    case $result:${known[$case]-} in
      pass: | 'pass:now and then: '*) pass "$name: $promise" ;;
      pass:*) fail "$name: $promise" || diag "it passes, and is known to fail: ${known[$case]}" ;;
      skip:*) if may_skip "$plugin" "$case" "$reason"; then skip "$reason" "$name: $promise"; else fail "$name: $promise" || diag "$line"; fi ;;
      fail:?*) skip "known: ${known[$case]}" "$name: $promise" ;;
      *) fail "$name: $promise" || diag "$line" ;;
    esac
  done <"$tmp/lines"
  whole "$name" "$status"
}

# whole NAME STATUS: each case that was listed has its line, and the runner ended as it does: with 1 where a case failed, and 0 where none did.
whole() {
  local ran want=0
  ran=$(sed -n 's/^{"case": "\([^"]*\)", "result": .*}$/\1/p' "$tmp/lines" | xargs)
  ! grep -q '"result": "fail"' "$tmp/lines" || want=1
  is "${ran:-none}, status $2" "$(xargs <"$tmp/listed"), status $want" "$1: the cases run, all of them" || diag "$(cat "$tmp/err")"
}

# usable PROVIDER: our plugin finds a device of it.
usable() { PODSTEP_FABRIC_PROVIDER=$1 "${within[@]}" "$conformance" "$podstep" F-CT-1/properties >/dev/null 2>&1; }

# A step's credentials, and a NIC that takes them: the fake cxi of tests/support.
on_cxi() {
  export FI_PROVIDER_PATH=$top_builddir/tests/support/.libs FAKE_CXI_FABRIC=conformance$$ FAKE_CXI_SERVICES="5:$(id -u):1024"
  export SLINGSHOT_VNIS=1024 SLINGSHOT_SVC_IDS=5,5 SLINGSHOT_DEVICES=cxi0,cxi1 SLINGSHOT_TCS=0xe
}
at_exit "rm -f /dev/shm/fakecxi_conformance$$_*"

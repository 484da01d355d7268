# tap.sh: a small TAP library for the .t scripts; a script sources it, calls the functions below, and ends with done_testing.
# shellcheck shell=bash
#
#   #!/bin/bash
#   # One sentence: the promise that this script tests.
#   # timeout: 120                     (optional, seconds; contrib/check kills the script then; default 300)
#   # long                             (optional: only run by contrib/check --long)
#   . "$(dirname "$0")/../lib/tap.sh"
#   . "$top_srcdir/tests/lib/cluster.sh"     only where a cluster is needed
#   need_cluster
#
#   ok 'a job runs on three nodes' as alice srun -N3 true      # the command's status decides; its output is shown when it fails
#   is "$(as alice id -un)" alice 'alice is alice'
#   like "$text" 'refused on n[0-9]' 'the refusal names the node'      # extended regular expression
#   skip 'this kernel has no idmapped mounts' 'images are idmapped'    # a reason is a must
#   wait_until 20 job_is "$job" COMPLETED
#   done_testing
#
# Variables set for a script: top_srcdir, top_builddir (default: the current directory), PODSTEP_PREFIX, PODSTEP_CLUSTER, tmp (an
# empty directory, removed at the end). PODSTEP_SANITIZED is set where programs have sanitizers, which take memory. at_exit CMD adds a command to the end of the script, however it ends.
set -u
set -o pipefail

top_srcdir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
top_builddir=${top_builddir:-$PWD}
tap_count=0 tap_failed=0 tap_planned=no tap_exits=()
tmp=$(mktemp -d "${TMPDIR:-/tmp}/podstep-test.XXXXXX")
# Ordinary users may have to read what a test writes there.
chmod 755 "$tmp"
export top_srcdir top_builddir

tap_exit() {
  local status=$? command
  for command in "${tap_exits[@]+"${tap_exits[@]}"}"; do eval "$command" >/dev/null 2>&1; done
  rm -rf "$tmp"
  [ "$tap_planned" = yes ] || diag "the script ended before done_testing, with status $status"
  exit "$status"
}
trap tap_exit EXIT
trap 'exit 143' TERM INT

at_exit() { tap_exits=("$*" "${tap_exits[@]+"${tap_exits[@]}"}"); }

# diag TEXT...: lines of explanation.
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# tap_point STATUS NAME: one result line; returns STATUS.
tap_point() {
  tap_count=$((tap_count + 1))
  if [ "$1" = 0 ]; then
    echo "ok $tap_count - $2"
  else
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $2"
  fi
  return "$1"
}

pass() { tap_point 0 "$1"; }
fail() { tap_point 1 "$1"; }

# ok NAME CMD...: passes when CMD succeeds.
ok() {
  local name=$1 out status
  shift
  out=$("$@" 2>&1); status=$?
  tap_point "$((status != 0))" "$name" || { diag "status $status of: $*"; diag "$out"; return 1; }
}

# nok NAME CMD...: passes when CMD fails.
nok() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then
    tap_point 1 "$name" || { diag "succeeded, but should not: $*"; diag "$out"; return 1; }
  fi
  tap_point 0 "$name"
}

# is GOT WANT NAME: equal strings.
is() {
  if [ "$1" = "$2" ]; then tap_point 0 "$3"; else tap_point 1 "$3" || { diag "got:  $1"; diag "want: $2"; return 1; }; fi
}

# like GOT REGEX NAME; unlike GOT REGEX NAME: extended regular expression, found anywhere in GOT.
like() {
  if [[ $1 =~ $2 ]]; then tap_point 0 "$3"; else tap_point 1 "$3" || { diag "got:  $1"; diag "no match of: $2"; return 1; }; fi
}
unlike() {
  if [[ ! $1 =~ $2 ]]; then tap_point 0 "$3"; else tap_point 1 "$3" || { diag "got:  $1"; diag "matches: $2"; return 1; }; fi
}

# skip REASON NAME: the point is counted as skipped.
skip() {
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $2 # SKIP $1"
}

# skip_all REASON: nothing here can be tested; ends the script.
skip_all() {
  echo "1..0 # SKIP $1"
  tap_planned=yes
  exit 0
}

# wait_until SECONDS CMD...: succeed as soon as CMD does; status 1 when the time is over.
wait_until() {
  local until=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s%N)" -lt $until ] || return 1
    sleep 0.1
  done
}

# done_testing: the plan; the script's status says whether all passed.
done_testing() {
  tap_planned=yes
  [ "$tap_count" -gt 0 ] || { echo "not ok 1 - the script tests something"; tap_count=1 tap_failed=1; }
  echo "1..$tap_count"
  exit "$((tap_failed != 0))"
}

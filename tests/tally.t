#!/bin/bash
# The counting of contrib/check: every kind of failure is a failure, no output hides one, a skip needs its reason.
. "$(dirname "$0")/lib/tap.sh"
LOGS=$tmp
. "$top_srcdir/contrib/lib/tally.sh"

# counts WHAT WANT CMD...: a command whose output and status are counted as "passed failed skipped".
counts() {
  local what=$1 want=$2
  shift 2
  PASSED=0 FAILED=0 SKIPPED=0 FAILURES=() SKIPS=()
  tally_run t 2 "$@" >/dev/null
  is "$PASSED $FAILED $SKIPPED" "$want" "$what"
}

counts 'a TAP script' '2 0 0' printf 'ok 1 - a\nok 2 - b\n1..2\n'
counts 'a TAP script with a failure and status 0' '1 1 0' printf 'ok 1 - a\nnot ok 2 - b\n1..2\n'
counts 'a TAP script without a plan' '1 1 0' printf 'ok 1 - a\n'
counts 'a TAP script that planned more' '1 1 0' printf 'ok 1 - a\n1..2\n'
counts 'a TAP script that passes and then fails' '1 1 0' sh -c 'echo ok 1 - a; echo 1..1; exit 3'
counts 'a skipped point' '1 0 1' printf 'ok 1 - a\nok 2 - b # SKIP no kernel\n1..2\n'
is "${SKIPS[*]}" 't: b: no kernel' 'a skip gives its reason'
counts 'a script that is skipped' '0 0 1' printf '1..0 # SKIP needs root\n'
counts 'a Catch2 program that passes' '52 0 0' printf 'All tests passed (340 assertions in 52 test cases)\n'
counts 'a Catch2 program with one test case' '1 0 0' printf 'All tests passed (3 assertions in 1 test case)\n'
counts 'a Catch2 program that fails' '11 1 0' printf 'test cases: 12 | 11 passed | 1 failed\nassertions: 40 | 39 passed | 1 failed\n'
counts 'a Catch2 program that crashes after its last line' '4 1 0' sh -c 'echo "All tests passed (9 assertions in 4 test cases)"; kill -SEGV $$'
# As Catch2 2.13 says it, names and reasons broken into lines.
cat >"$tmp/warned" <<'END'

-------------------------------------------------------------------------------
A test case whose name is longer than a line of Catch2's output, which goes on
in the next
-------------------------------------------------------------------------------
../../tests/unit/fabric/death.cpp:264
...............................................................................

../../tests/unit/fabric/death.cpp:275: warning:
  not tried: it takes root, and the reason for that is longer than a line of
  Catch2's output

../../tests/unit/fabric/death.cpp:275: warning:
  not tried: nor this

-------------------------------------------------------------------------------
Another one
-------------------------------------------------------------------------------
../../tests/unit/fabric/death.cpp:290
...............................................................................

../../tests/unit/fabric/death.cpp:291: warning:
  this took 3 s
  not tried: is what no reason says here

===============================================================================
END
echo 'All tests passed (9 assertions in 4 test cases)' >>"$tmp/warned"
counts 'a Catch2 test case that says what it has not tried' '3 0 1' cat "$tmp/warned"
is "$(printf '%s\n' "${SKIPS[@]}")" "t: A test case whose name is longer than a line of Catch2's output, which goes on in the next: it takes root, and the reason for that is longer than a line of Catch2's output
t: A test case whose name is longer than a line of Catch2's output, which goes on in the next: nor this" 'it gives its reasons'
counts 'a silent success' '1 0 0' true
counts 'a silent failure' '0 1 0' false
counts 'a program that hangs' '0 1 0' sleep 30
counts 'status 77' '0 0 1' sh -c 'echo no device; exit 77'

PASSED=5 FAILED=0 SKIPPED=0 FAILURES=() SKIPS=()
mkdir "$tmp/reports"
tally_reports quiet.t "$tmp/reports" >/dev/null
tally_reports quiet.t "$tmp/nowhere" >/dev/null
is "$PASSED $FAILED" '5 0' 'sanitizers that say nothing fail nothing'
echo 'heap-buffer-overflow' >"$tmp/reports/asan.podstep-hub.1"
echo 'signed integer overflow' >"$tmp/reports/ubsan.podstepd.2"
tally_reports loud.t "$tmp/reports" >/dev/null
is "$PASSED $FAILED" '5 2' "each report of a sanitizer's is a failure, though the script has passed"
like "${FAILURES[*]}" 'loud.t: .*heap-buffer.*loud.t: .*integer overflow' 'it is shown, and says which script ran'
tally_reports next.t "$tmp/reports" >/dev/null
is "$FAILED" 2 'and the next script is not blamed for it'

PASSED=0 FAILED=0 SKIPPED=0 FAILURES=() SKIPS=()
nok 'nothing ran: that is a failure' tally_close
PASSED=3 FAILED=1
nok 'one failure is a failure' tally_close
FAILED=0
is "$(tally_close | tail -n 1)" '3 passed, 0 failed, 0 skipped' 'the closing line'
done_testing

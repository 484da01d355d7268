# tally.sh: counts single test points of TAP scripts and of Catch2 programs, keeps failures and skips for the end.
# shellcheck shell=bash
#
# tally_run NAME SECONDS CMD... runs CMD with a time limit and its output in a log; its points are added to PASSED, FAILED, SKIPPED.
# A command that says nothing countable is one point, decided by its exit status.

PASSED=0 FAILED=0 SKIPPED=0
FAILURES=() SKIPS=()

# tally_skip NAME REASON: one skipped point.
tally_skip() {
  SKIPPED=$((SKIPPED + 1))
  SKIPS+=("$1: $2")
}

# tally_run NAME SECONDS CMD...: status 0 when nothing failed.
tally_run() {
  local name=$1 limit=$2 log status=0 begin passed=0 failed=0 skipped=0
  shift 2
  log=$LOGS/$(echo "$name" | tr '/ ' '--').log
  begin=$(date +%s)
  timeout -k 20 "$limit" "$@" >"$log" 2>&1 </dev/null || status=$?
  if grep -qE '^1\.\.[0-9]+|^(not )?ok ' "$log"; then
    tally_tap
  elif grep -qE '^(All tests passed|test cases:)' "$log"; then
    tally_catch
  elif [ $status = 77 ]; then
    skipped=1
    SKIPS+=("$name: $(tail -n 1 "$log")")
  elif [ $status = 0 ]; then
    passed=1
  fi
  # A status that the counted points do not explain: a crash, a time-out, a missing plan.
  if [ $status != 0 ] && [ $status != 77 ] && [ $failed = 0 ]; then failed=1; fi
  PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
  [ $failed = 0 ] || FAILURES+=("$(tally_failure "$name" "$status" "$limit" "$log")")
  printf '%-5s %-44s %4d passed %3d failed %3d skipped %4d s\n' "$([ $failed = 0 ] && echo ok || echo FAIL)" "$name" \
    $passed $failed $skipped $(($(date +%s) - begin))
  [ $failed = 0 ]
}

# tally_tap: counts from the log of a TAP script; a plan that is missing or wrong is a failed point.
tally_tap() {
  local plan line
  passed=$(grep -E '^ok ' "$log" | grep -vcE '# SKIP' || true)
  failed=$(grep -cE '^not ok ' "$log" || true)
  skipped=$(grep -cE '^ok .*# SKIP|^1\.\.0 # SKIP' "$log" || true)
  while read -r line; do SKIPS+=("$name: $line"); done < <(sed -nE 's/^ok [0-9]+ (- )?(.*) # SKIP (.*)/\2: \3/p; s/^1\.\.0 # SKIP (.*)/\1/p' "$log")
  plan=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$log" | tail -n 1)
  if grep -qE '^1\.\.0 # SKIP' "$log"; then plan=$((passed + failed + skipped)); fi
  if [ "$plan" != $((passed + failed + skipped)) ]; then
    echo "# planned ${plan:-nothing}, but $((passed + failed + skipped)) points came" >>"$log"
    failed=$((failed + 1))
  fi
}

# tally_catch: counts test cases from the last lines that Catch2 prints (2.13 and 3.x).
tally_catch() {
  local line
  if line=$(grep -E '^All tests passed' "$log"); then
    passed=$(echo "$line" | sed -E 's/.* in ([0-9]+) test cases?.*/\1/')
  else
    line=$(grep -E '^test cases:' "$log" | tail -n 1)
    passed=$(echo "$line" | sed -nE 's/.* ([0-9]+) passed.*/\1/p')
    failed=$(echo "$line" | sed -nE 's/.* ([0-9]+) failed.*/\1/p')
    skipped=$(echo "$line" | sed -nE 's/.* ([0-9]+) skipped.*/\1/p')
    passed=${passed:-0} failed=${failed:-0} skipped=${skipped:-0}
    [ "$skipped" = 0 ] || SKIPS+=("$name: $skipped test cases, see $log")
  fi
  tally_not_tried
}

# tally_not_tried: Catch2 2.13 knows no skip, so a test case says WARN("not tried: REASON") of what it leaves out; it is skipped then, not passed.
tally_not_tried() {
  local case reason before=''
  while IFS=$'\t' read -r case reason; do
    SKIPS+=("$name: $case: $reason")
    [ "$case" != "$before" ] || continue
    before=$case
    passed=$((passed - 1)) skipped=$((skipped + 1))
  done < <(awk '
    /^-----+$/ { heading = !heading; if (heading) title = ""; next }
    heading { sub(/^ +/, ""); title = title (title == "" ? "" : " ") $0; next }
    warned && /^  not tried: / { reason = substr($0, 14); next }
    reason != "" && /^  / { reason = reason substr($0, 2); next }
    reason != "" { print title "\t" reason; reason = "" }
    { warned = /: warning:$/ }
    END { if (reason != "") print title "\t" reason }' "$log")
}

# tally_failure NAME STATUS LIMIT LOG: what is shown again at the end.
tally_failure() {
  echo "--- $1 (status $2$([ "$2" != 124 ] || echo ": stopped after $3 s")), all of it in $4"
  grep -E -A 6 '^not ok ' "$4" | head -n 60 || true
  echo "... its last lines:"
  tail -n 25 "$4"
}

# tally_reports NAME DIR: each file in DIR is what a sanitizer said while NAME ran, of whichever program on whichever node, and a failed point.
tally_reports() {
  local report log
  for report in "$2"/*; do
    [ -e "$report" ] || return 0
    log=$LOGS/${report##*/}
    mv "$report" "$log"
    FAILED=$((FAILED + 1))
    FAILURES+=("--- $1: a sanitizer speaks, all of it in $log
$(head -n 40 "$log")")
    printf 'FAIL  %s: a sanitizer speaks in %s\n' "$1" "$log"
  done
}

# tally_close: failures and skips again, then the closing line; status 1 when something failed or nothing passed.
tally_close() {
  [ ${#SKIPS[@]} = 0 ] || { echo; echo "skipped:"; printf '  %s\n' "${SKIPS[@]}"; }
  [ ${#FAILURES[@]} = 0 ] || { echo; echo "failed:"; printf '%s\n' "${FAILURES[@]}"; }
  echo
  echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
  [ $FAILED = 0 ] && [ $PASSED -gt 0 ]
}

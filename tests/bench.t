#!/bin/bash
# The benches can be run and judged: each script parses, BOUNDS names only what a bench prints, and a missed or missing figure is a failure.
. "$(dirname "$0")/lib/tap.sh"
bench=$top_srcdir/tests/bench
# needs_cluster BENCH: it has bench.sh for that; the others are a program of their own, which lists its measures.
needs_cluster() { grep -q '/bench\.sh"' "$bench/$1"; }
benches=$(sed -n 's/^\[ \${#benches\[@\]} -gt 0 \] || benches=(\(.*\))$/\1/p' "$bench/run")

ok 'run knows at least one bench' test -n "$benches"
for name in $benches bench.sh figures.sh run judge; do ok "$name parses" bash -n "$bench/$name"; done
for name in $benches; do
  ok "$name can be run by its name" test -x "$bench/$name"
  like "$(sed -n '2,12p' "$bench/$name")" "# usage: tests/bench/$name" "$name says how it is used"
  ! needs_cluster "$name" || like "$(tail -n 1 "$bench/$name")" '^bench_done$' "$name says when it has measured all"
  like "$(cat "$top_srcdir/CONTRIBUTING.md")" "$name" "CONTRIBUTING names $name"
done

# prints BENCH FIGURE: the script has a line for it; in a name that is put together, a variable stands for the words that its loop has.
prints() {
  local text variable words
  needs_cluster "$1" || { lists "$1" "$2"; return; }
  while read -r text; do
    if [[ $text =~ \$([a-z]+) ]]; then
      variable=${BASH_REMATCH[1]}
      words=$(sed -nE "s/.*for $variable in ([a-z ]+); do.*/\1/p" "$bench/$1" | xargs | tr ' ' '|')
      text=${text/"\$$variable"/"($words)"}
    fi
    [[ ! $2 =~ ^${text}$ ]] || return 0
  done < <(grep -oE 'figure "?[$a-z0-9-]+"? ' "$bench/$1" | sed -E 's/figure "?([^" ]*).*/\1/')
  return 1
}
# lists BENCH FIGURE: without the wire and the plugin before it, and the comparison behind it, the figure is one of the program's measures.
lists() {
  text=$(sed -E 's/^(tcp|shm|nodes)-podstep-//; s/-(ratio|added)$//' <<<"$2")
  "$bench/$1" --names | grep -qx -- "$text"
}
while read -r name figure relation bound; do
  if ! needs_cluster "$name" && ! "$bench/$name" --names >/dev/null 2>&1; then
    skip 'its program is not built here' "$name $figure: the bench prints that figure"
    continue
  fi
  ok "$name $figure: BOUNDS names a bench" test -x "$bench/$name"
  ok "$name $figure: the bench prints that figure" prints "$name" "$figure"
  like "$relation" '^(<=|>=)$' "$name $figure: the relation is one"
  [[ $bound =~ ^[0-9.]+$ ]] || ok "$name $figure: the bound $bound is a figure of the bench" prints "$name" "$bound"
done < <(grep -vE '^(#|[[:space:]]*$)' "$bench/BOUNDS")
nok 'a figure that no bench prints is noticed' prints footprint nothing

line() { printf 'figure\t%s\t%s\t0\t9\tx\n' "$@"; }
judge() { "$bench/judge" "$@" 2>&1; }
good=$(line agent 15 boot 11 agent-switches 2)
ok 'figures within their bounds pass' judge footprint <<<"$good"
nok 'a missed bound fails' judge footprint <<<"${good/15/17}"
like "$(judge footprint <<<"${good/15/17}")" 'MISSED  agent: 17' 'and is named'
nok 'a missing figure fails' judge footprint <<<"$(line agent 15 boot 11)"
like "$(judge footprint <<<"$(line agent 15 boot 11)")" 'MISSING agent-switches' 'and is named'
nok 'nothing at all fails' judge footprint </dev/null
nok 'a bench that BOUNDS does not know fails' judge nothing <<<"$good"
noop=$(line instructions-local 1 instructions-allocator 1 instructions-remote 1 instructions-slurmd 1 ratio 1.01 ratio-aa-q1 0.9 ratio-aa-q3 1.1)
ok 'a bound may be another figure of the same run' judge spank-noop <<<"$noop"
nok 'and is held' judge spank-noop <<<"${noop/1.01/1.2}"

. "$bench/figures.sh"
is "$(figure name s 3 1 2)" "$(printf 'figure\tname\t2\t1\t3\ts')" 'a figure is median, least and most'
is "$(figure name s 4 1 2 3 | cut -f3)" 2.5 'the median of an even number lies between'
is "$(quartiles 1 2 3 4 5)" '2 3 4' 'quartiles'
is "$(differences '3 5' '1 2' | tr '\n' ' ')" '2.000000 3.000000 ' 'differences are taken pair by pair'
is "$(ratios '3 5' '1 2' | tr '\n' ' ')" '3.000000 2.500000 ' 'and so are ratios'
nok 'a figure without a value fails' figure name s
done_testing

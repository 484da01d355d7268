# figures.sh: how a bench prints what it measured; sourced by the benches. A bench judges nothing: tests/bench/judge does, with BOUNDS.
# shellcheck shell=bash
#
#   figure NAME UNIT VALUE...          one line: figure <name> <median> <min> <max> <unit>, tab-separated; status 1 without a value
#   quartiles VALUE...                 first quartile, median, third quartile
#   differences "A..." "B..."          pair by pair, A minus B
#   ratios "A..." "B..."               pair by pair, A over B
#   seconds_now                        seconds with nanoseconds; differences of it are what counts

figures_missing=no # some figure had no value

# sorted VALUE...: numbers in ascending order, one per line.
sorted() { printf '%s\n' "$@" | grep . | sort -g; }

figure() {
  local name=$1 unit=$2
  shift 2
  sorted "$@" | awk -v OFS='\t' -v name="$name" -v unit="$unit" '
    { v[NR] = $1 }
    END {
      if (NR == 0) { print "bench: figure " name " has no value" > "/dev/stderr"; exit 1 }
      m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
      printf "figure\t%s\t%.6g\t%.6g\t%.6g\t%s\n", name, m, v[1], v[NR], unit
    }' || { figures_missing=yes; return 1; }
}

quartiles() {
  sorted "$@" | awk '
    function at(p,  x, i) { x = 1 + (NR - 1) * p; i = int(x); return i >= NR ? v[NR] : v[i] + (x - i) * (v[i + 1] - v[i]) }
    { v[NR] = $1 }
    END { printf "%.6g %.6g %.6g\n", at(0.25), at(0.5), at(0.75) }'
}

differences() { paste <(printf '%s\n' $1) <(printf '%s\n' $2) | awk '{ printf "%.6f\n", $1 - $2 }'; }
ratios() { paste <(printf '%s\n' $1) <(printf '%s\n' $2) | awk '{ printf "%.6f\n", $1 / $2 }'; }

seconds_now() { date +%s.%N; }

# progress TEXT...: on a terminal only, on stderr.
progress() { if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi; }

# say.sh: progress lines, warnings and errors of the contrib scripts, all on stderr; errors name a cause and a fix.
# shellcheck shell=bash

# say TEXT...: one progress line.
say() { printf '%s: %s\n' "${SAY_AS:-podstep}" "$*" >&2; }

# warn TEXT...: something is not as it should be, but the work goes on.
warn() { printf '%s: warning: %s\n' "${SAY_AS:-podstep}" "$*" >&2; }

# die CAUSE [FIX]: print one line for the cause, one for the fix, and end with status 1.
die() {
  printf '%s: error: %s\n' "${SAY_AS:-podstep}" "$1" >&2
  [ -z "${2:-}" ] || printf '  fix: %s\n' "$2" >&2
  exit 1
}

# wait_for SECONDS CMD...: run CMD every tenth of a second until it succeeds; status 1 when the time is over.
wait_for() {
  local until=$(($(date +%s) + $1)); shift
  until "$@" 2>/dev/null; do
    [ "$(date +%s)" -lt "$until" ] || return 1
    sleep 0.1
  done
}

# need_root: the caller must be root.
need_root() { [ "$(id -u)" = 0 ] || die "this needs root" "run it with sudo"; }

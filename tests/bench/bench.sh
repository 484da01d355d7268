# bench.sh: the head of every bench: the helpers of the .t scripts, figures, and a cluster with a measured build of Podstep.
# shellcheck shell=bash
#
# A bench is run by tests/bench/run, or by hand on a cluster that is up: PODSTEP_CLUSTER=NAME top_builddir=DIR tests/bench/BENCH.
# Figures go to standard output, everything else to standard error; status 2 when it could not measure.
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
. "$top_srcdir/tests/bench/figures.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"

# stop TEXT: it cannot be measured.
stop() {
  echo "$(basename "$0"): $1" >&2
  tap_planned=yes
  exit 2
}
# What the helpers of .t scripts would count as a point or a skip ends a bench.
skip_all() { stop "$1"; }
fail() { stop "this has failed: $1"; }
diag() { printf '%s\n' "$*" >&2; }
bench_done() {
  [ "$figures_missing" = no ] || stop 'some figures are missing'
  tap_planned=yes
  exit 0
}

# need_quiet_cluster: with Podstep and the image, and no job on it that would be measured too.
need_quiet_cluster() {
  need_service
  [ -z "$(squeue -h -o %A)" ] || stop "jobs run on the cluster: $(squeue -h -o %A | tr '\n' ' ')"
  at_exit clear_jobs
}
clear_jobs() {
  as alice scancel -u alice
  wait_until 60 idle
}
idle() { [ -z "$(squeue -h -o %A)" ] && [ "$(sinfo -h -o %T | sort -u)" = idle ]; }

# hold MANIFEST SBATCH-ARGS...: the service's job, submitted by sbatch itself; prints its id.
hold() {
  local manifest=$1
  shift
  submit alice -o /dev/null "$@" --ai-service="$manifest" --wrap "exec $PODSTEP_PREFIX/bin/podstep hold"
}

# ready JOB COUNT: the record calls that many endpoints ready. Without a process of its own: who looks often must not be in the way.
ready() {
  local text='' rest
  { read -r text <"$PODSTEP_CLUSTER_DIR/home/alice/podstep-$1/r0/endpoints.json"; } 2>/dev/null
  rest=${text//'"ready":true'/}
  [ $(((${#text} - ${#rest}) / 12)) -ge "$2" ]
}

# connects ADDRESS PORT: somebody listens there.
connects() { { : <>"/dev/tcp/$1/$2"; } 2>/dev/null; }

# until_so SECONDS CMD...: looks every 20 ms, gives up after SECONDS.
until_so() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || stop "not within its time: $*"
    read -rt 0.02 <>"$tmp/nothing" || true # sleeps without a process
  done
}
mkfifo "$tmp/nothing"

# finish JOB: it is cancelled, Slurm is done with it and all nodes are free again.
finish() {
  scancel "$1"
  until_so 60 idle
}

# daemon_variable PID NAME: from the environment that a daemon was started with.
daemon_variable() { tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | sed -n "s/^$2=//p"; }

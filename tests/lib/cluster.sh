# cluster.sh: what .t scripts do with the test cluster: run as a user or on a node, follow jobs, break things.
# shellcheck shell=bash
#
# Sourced after tap.sh. The cluster is $PODSTEP_CLUSTER (contrib/check sets it; by hand the default one), with $PODSTEP_PREFIX's Podstep.

PODSTEP_CLUSTER=${PODSTEP_CLUSTER:-default}
export PODSTEP_CLUSTER
. "$top_srcdir/tests/lib/audit.sh"

# cluster WORD...: contrib/cluster for this test's cluster.
cluster() { "$top_srcdir/contrib/cluster" "$@"; }

# need_cluster: bring it up (it stays up), load its variables: SLURM_CONF, PODSTEP_PREFIX, PODSTEP_CLUSTER_DIR, ...
need_cluster() {
  [ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'
  cluster up 2>"$tmp/up.log" || { diag "$(cat "$tmp/up.log")"; fail 'the test cluster comes up'; done_testing; }
  eval "$(cluster env)"
}
# need_fabric: after need_cluster; skips all where the cluster's Podstep has no libpodstep-fabric.
need_fabric() {
  [ -e "$PODSTEP_PREFIX/lib/libpodstep-fabric.so" ] || skip_all 'Podstep is built without libfabric'
}

# as USER CMD...: on the login side, in the user's home (alice, bob or root).
as() {
  local user=$1
  shift
  cluster run -u "$user" -- "$@"
}

# on NODE CMD...: as root inside that node.
on() {
  local node=$1
  shift
  cluster run --node "$node" -- "$@"
}

# home USER: the user's home, the same path everywhere.
home() { echo "$PODSTEP_CLUSTER_DIR/home/$1"; }

# submit USER SBATCH-ARGS...: print the job's id.
submit() {
  local user=$1
  shift
  as "$user" sbatch --parsable "$@" | cut -d';' -f1
}

# job_state ID: PENDING, RUNNING, COMPLETED, FAILED, ...
job_state() { scontrol -o show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }

# job_field ID NAME: one field of scontrol show job, for example ExitCode or Reason.
job_field() { scontrol -o show job "$1" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# job_is ID STATE[|STATE...]
job_is() { [[ "|$2|" == *"|$(job_state "$1")|"* ]]; }

# job_over ID: it has ended and its nodes are done with it.
job_over() {
  case $(job_state "$1") in
    # Not whatever is neither PENDING nor RUNNING: a preempted job is SIGNALING for a moment.
    BOOT_FAIL | CANCELLED | COMPLETED | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | PREEMPTED | TIMEOUT) ;;
    *) return 1 ;;
  esac
}

# wait_job ID STATE[|STATE...] [SECONDS]: wait for a state; says what it is when it never comes.
wait_job() {
  wait_until "${3:-30}" job_is "$1" "$2" || { diag "job $1 is $(job_state "$1"), not $2: $(job_field "$1" Reason)"; return 1; }
}

# wait_over ID [SECONDS].
wait_over() { wait_until "${2:-60}" job_over "$1" || { diag "job $1 is still $(job_state "$1")"; return 1; }; }

# job_pids ID NODE [NAME]: pids on NODE of the job's processes (of that name only).
job_pids() {
  local pid
  for pid in $(cluster node pids "$2"); do
    audit_belongs "$pid" "$1" || continue
    [ -z "${3:-}" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "${3:0:15}" ] || continue
    echo "$pid"
  done
}

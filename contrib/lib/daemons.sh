# daemons.sh: munge, slurmctld and the slurmds of the test cluster: started, asked and looked at.
# shellcheck shell=bash

# daemon_run NODE CMD...: run CMD in the node as a daemon of its own session, with its output in the log.
daemon_run() {
  local node=$1
  shift
  (
    exec 9>&- </dev/null >>"$LOG/$node.daemons.log" 2>&1
    node_exec "$node" daemon env -i PATH="$PREFIX/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8 setsid "$@"
  )
}

# munge_start: one munged for all nodes; they reach its socket in the cluster's directory.
munge_start() {
  local at=$RUN/munge owner=root
  ! id munge >/dev/null 2>&1 || owner=munge
  mkdir -p "$at"
  head -c 1024 /dev/urandom >"$at/key"
  chmod 0400 "$at/key"
  chmod 0755 "$at"
  chown -R "$owner" "$at"
  daemon_run login setpriv --reuid "$owner" --regid "$owner" --clear-groups -- munged --socket="$at/socket" \
    --key-file="$at/key" --pid-file="$at/pid" --log-file="$at/log" --seed-file="$at/seed" --num-threads=10 ||
    die "munged did not start: $(tail -n 1 "$LOG/login.daemons.log")" "see $at/log"
  wait_for 10 munge_answers || die "munged does not answer" "see $at/log"
}

munge_answers() { munge -n --socket="$RUN/munge/socket" | unmunge --socket="$RUN/munge/socket" >/dev/null; }

# slurmctld_start [-c]: -c: without the state of before.
slurmctld_start() {
  daemon_run login slurmctld "$@" || die "slurmctld did not start: $(tail -n 1 "$LOG/slurmctld.log")" "see $LOG/slurmctld.log"
  wait_for 20 slurmctld_answers || die "slurmctld does not answer: $(tail -n 1 "$LOG/slurmctld.log")" "see $LOG/slurmctld.log"
}

slurmctld_answers() { slurm scontrol ping | grep -q 'is UP'; }

# slurm CMD...: a Slurm client of this cluster, as root from the login side.
slurm() { SLURM_CONF=$ETC/slurm/slurm.conf "$@"; }

# slurmd_start NODE.
slurmd_start() {
  mkdir -p "$DIR/nodes/$1/spool"
  daemon_run "$1" slurmd || die "slurmd on $1 did not start: $(grep -h error "$LOG/slurmd-$1.log" | tail -n 1)" "see $LOG/slurmd-$1.log"
}

# nodes_ready: Slurm would start a job on every node; sinfo(1) has a line for each partition that a node is in.
nodes_ready() {
  [ "$(slurm sinfo -h -N -o '%N %T' | sort -u | grep -cE ' (idle|mixed|allocated|completing)$')" = ${#NODES[@]} ]
}

# daemon_pid NODE NAME: the pid of munged, slurmctld or slurmd there; nothing when it does not run.
daemon_pid() {
  local pid
  for pid in $(cg_pids "$1" daemon); do
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; then
      echo "$pid"
      return 0
    fi
  done
}

# cluster_complete: every daemon of an "up" cluster lives.
cluster_complete() {
  local node
  [ -n "$(daemon_pid login munged)" ] && [ -n "$(daemon_pid login slurmctld)" ] || return 1
  for node in "${NODES[@]}"; do
    [ -n "$(cg_pids "$node" hold)" ] && [ -n "$(daemon_pid "$node" slurmd)" ] || return 1
  done
  slurmctld_answers && nodes_ready
}

# audit.sh: the audit of threat T14: when a job is over, nothing of it is left on any node.
# shellcheck shell=bash
#
# audit_clean JOBID [SECONDS] is one test point: no process, mount, cgroup, socket, file, loop device or shared memory of the job on
# any node, and no node drained. It waits up to SECONDS (default 20) for the last of it to go, as Slurm's own clean-up takes its time.

AUDIT_NODES=(n1 n2 n3)

# audit_clean JOBID [SECONDS].
audit_clean() {
  wait_until "${2:-20}" audit_quiet "$1"
  ok "nothing of job $1 is left on any node" audit_quiet "$1"
}

# audit_quiet JOBID: print whatever is left of the job; status 0 when that is nothing.
audit_quiet() {
  case $(job_state "$1") in RUNNING | COMPLETING | PENDING | SIGNALING) echo "the job is still $(job_state "$1")" && return 1 ;; esac
  audit_nodes "$1"
}

# audit_nodes JOBID: the same of its nodes, whatever its state: also for a job that waits to be started again.
audit_nodes() {
  local node found
  found=$(
    sinfo -h -N -o '%N %T %E' | grep -iE 'drain|down|fail|unk' | sed 's/^/node: /'
    for node in "${AUDIT_NODES[@]}"; do
      { audit_processes "$1" "$node"; audit_cgroups "$1" "$node"; audit_mounts "$node" "$1"; audit_files "$1" "$node"; audit_sockets "$1" "$node"; } |
        sed "s/^/$node: /"
    done
    audit_kernel "$1"
  )
  [ -z "$found" ] || { printf '%s\n' "$found"; return 1; }
}

# audit_belongs PID JOBID: by its cgroup, which it cannot leave, or by its environment.
audit_belongs() {
  grep -qE "/job_$2(/|\$)" "/proc/$1/cgroup" 2>/dev/null ||
    tr '\0' '\n' 2>/dev/null <"/proc/$1/environ" | grep -qx "SLURM_JOB_ID=$2"
}

# audit_alone JOBID: no other job is on the cluster, so every process and file that is not a daemon's is the job's.
audit_alone() { ! squeue -h -o %A | grep -qvx "$1"; }

audit_processes() {
  local pid comm
  for pid in $(cluster node pids "$2"); do
    comm=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    [ "$comm" != slurmd ] || continue
    if audit_belongs "$pid" "$1" || audit_alone "$1"; then
      echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-150)"
    fi
  done
}

audit_cgroups() {
  find /sys/fs/cgroup/*/"podstep-cluster-$PODSTEP_CLUSTER/$2" /sys/fs/cgroup/"podstep-cluster-$PODSTEP_CLUSTER/$2" \
    -type d -name "job_$1" 2>/dev/null | sed 's/^/cgroup /'
}

# What the node's own mount namespace has more than when it came up.
audit_mounts() {
  local was=$PODSTEP_CLUSTER_DIR/nodes/$1/mounts
  on "$1" cat /proc/self/mountinfo | awk '{print $5, $9}' | sort >"$tmp/mounts.now"
  awk '{print $5, $9}' "$was" | sort | comm -13 - "$tmp/mounts.now" | sed 's/^/mount /'
}

# The job's entry in the run directory and the spool; files of ordinary users in volatile directories when the job was alone.
audit_files() {
  on "$2" sh -c 'ls -d /run/podstep/"$1".* "$2"/job*"$1" "$2"/*."$1".* 2>/dev/null' sh "$1" "$PODSTEP_CLUSTER_DIR/nodes/$2/spool" |
    sed 's/^/file /'
  if audit_alone "$1"; then
    on "$2" find /tmp /run /dev/shm -xdev -uid +64100 -uid -64200 | sed 's/^/file /'
  fi
}

# Sockets that still listen in the node's network namespace, but slurmd's.
audit_sockets() {
  audit_alone "$1" || return 0
  on "$2" ss -Hltn | awk '$4 !~ /:6818$/ {print "socket " $4}'
  on "$2" ss -Hlx | awk '$5 ~ /podstep|containerd/ {print "socket " $5}'
}

# What the kernel keeps without a process or a name in a file system, the same for all nodes: loop devices over images of the cluster's,
# System V shared memory and queues of ordinary users.
audit_kernel() {
  losetup -n -O NAME,BACK-FILE 2>/dev/null | awk -v dir="$PODSTEP_CLUSTER_DIR/" 'index($2, dir) == 1 {print "loop device " $1 " " $2}'
  audit_alone "$1" || return 0
  awk 'FNR > 1 && $8 >= 64100 && $8 < 64200 {print "shared memory " $2}' /proc/sysvipc/shm
  awk 'FNR > 1 && $8 >= 64100 && $8 < 64200 {print "message queue " $2}' /proc/sysvipc/msg
}

# cgroups.sh: the cgroups that hold each node of the test cluster: own subtree in every hierarchy, killed and removed as a whole.
# shellcheck shell=bash
#
# A node's processes start in /sys/fs/cgroup/<hierarchy>/podstep-cluster-<name>/<node>, which is the root of the node's cgroup
# namespace: slurmd sees a machine of its own, and no two clusters meet. One hierarchy that neither Slurm nor jobs manage
# (cgroup2 where it is mounted, else name=systemd) tracks who belongs to the node, in three leaves: hold (keeps the namespaces),
# daemon (slurmd and all that it starts), run (commands of contrib/cluster). "down" kills by it, so nothing can hide by forking.

# cg_mounts: mount points of all hierarchies, one per line.
cg_mounts() { awk '($3 == "cgroup" || $3 == "cgroup2") && $2 ~ "^/sys/fs/cgroup" {print $2}' /proc/self/mounts | sort -u; }

# cg_track: the mount point of the hierarchy that tracks membership.
cg_track() {
  awk '$3 == "cgroup2" && $2 ~ "^/sys/fs/cgroup" {v2 = $2} $3 == "cgroup" && $4 ~ /name=systemd/ {named = $2}
       $3 == "cgroup" && $4 ~ /freezer/ {freezer = $2}
       END {print v2 ? v2 : named ? named : freezer}' /proc/self/mounts
}

# cg_plugin: which of Slurm's cgroup plugins this host allows: v1, v2 or none.
cg_plugin() {
  if [ -d /sys/fs/cgroup/freezer ] && [ -d /sys/fs/cgroup/cpuset ] && [ -d /sys/fs/cgroup/memory ]; then
    echo v1
  elif [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
    echo v2
  else
    echo none
  fi
}

# cg_dir NODE [LEAF]: its directory in the tracking hierarchy.
cg_dir() { echo "$TRACK/podstep-cluster-$NAME/$1${2:+/$2}"; }

# cg_make NODE: make its directories; cpusets start with all the parent has, v2 controllers are handed down.
cg_make() {
  local mount dir
  for mount in $(cg_mounts); do
    dir=$mount
    for part in "podstep-cluster-$NAME" "$1"; do
      [ "$mount" != /sys/fs/cgroup ] || cg_hand_down "$dir"
      mkdir -p "$dir/$part"
      if [ -f "$dir/cpuset.cpus" ] && [ ! -f "$dir/cgroup.controllers" ]; then
        cat "$dir/cpuset.cpus" >"$dir/$part/cpuset.cpus"
        cat "$dir/cpuset.mems" >"$dir/$part/cpuset.mems"
      fi
      dir=$dir/$part
    done
  done
  mkdir -p "$(cg_dir "$1" hold)" "$(cg_dir "$1" daemon)" "$(cg_dir "$1" run)"
}

# cg_join NODE [LEAF]: move the calling shell into the node's cgroups.
cg_join() {
  local mount
  for mount in $(cg_mounts); do
    [ "$mount" != "$TRACK" ] || continue
    echo "$BASHPID" >"$mount/podstep-cluster-$NAME/$1/cgroup.procs" 2>/dev/null || true
  done
  echo "$BASHPID" >"$(cg_dir "$1" "${2:-}")/cgroup.procs"
}

# cg_leave: move the calling shell out of all test clusters, so that a "down" typed inside one does not kill itself.
cg_leave() {
  local mount
  for mount in $(cg_mounts); do
    echo "$BASHPID" >"$mount/cgroup.procs" 2>/dev/null || true
  done
}

# cg_pids NODE LEAF: the processes of one leaf; "daemon" is all but hold and run, for cgroup/v2 moves slurmd and its steps beside them.
cg_pids() {
  local dir
  dir=$(cg_dir "$1")
  [ -d "$dir" ] || return 0
  case $2 in
    daemon) find "$dir" -path "$dir/hold" -prune -o -path "$dir/run" -prune -o -name cgroup.procs -exec cat {} + 2>/dev/null || true ;;
    *) cat "$dir/$2/cgroup.procs" 2>/dev/null || true ;;
  esac
}

# cg_empty: nothing of this cluster runs.
cg_empty() {
  local dir=$TRACK/podstep-cluster-$NAME
  [ ! -d "$dir" ] || [ -z "$(find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null)" ]
}

# cg_kill DIR: SIGKILL to all in DIR's subtree, again until nobody is left or 15 seconds are over.
cg_kill() {
  local dir=$1 round pids
  [ -d "$dir" ] || return 0
  for round in $(seq 150); do
    [ ! -f "$dir/cgroup.kill" ] || echo 1 >"$dir/cgroup.kill" 2>/dev/null || true
    pids=$(find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -vx 0 || true)
    [ -n "$pids" ] || return 0
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.1
  done
  warn "still alive after SIGKILL: ${pids//$'\n'/ }"
  return 1
}

# cg_remove [NODE]: remove the cluster's (or one node's) empty directories from every hierarchy, deepest first.
cg_remove() {
  local mount dir round
  for mount in $(cg_mounts); do
    dir=$mount/podstep-cluster-$NAME${1:+/$1}
    for round in $(seq 20); do
      [ -d "$dir" ] || break
      find "$dir" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ ! -d "$dir" ] || sleep 0.1
    done
    [ ! -d "$dir" ] || warn "the cgroup $dir could not be removed"
  done
}

# verbs.sh: what each word of contrib/cluster does.
# shellcheck shell=bash

cluster_up() {
  local begin
  begin=$(date +%s)
  need_root
  "$HERE/deps" run
  [ "$ACCOUNTING" = no ] || "$HERE/deps" accounting
  instance_lock
  instance_register
  if cluster_complete 2>/dev/null; then
    plugstack_write "$PLUGSTACK"
    say "cluster '$NAME' is up already ($LOGIN_ADDR, $DIR)"
    return 0
  fi
  instance_check_trusted "$DIR"
  if ! cg_empty || ip link show "$BRIDGE" >/dev/null 2>&1; then
    say "clearing away what is left of an earlier '$NAME'"
    cluster_clear
  fi
  say "cluster '$NAME': 3 nodes on $NET.0/24, in $DIR"
  cluster_files
  bridge_up
  cluster_start
  say "cluster '$NAME' is up after $(($(date +%s) - begin)) s: contrib/cluster --name $NAME shell"
}

# cluster_files: directories and configuration; state of an earlier run goes, homes, images and prefix stay.
cluster_files() {
  local generation
  generation=$(($(cat "$DIR/generation" 2>/dev/null || echo 0) + 1))
  rm -rf "$RUN" "$DIR/state" "$DIR/nodes" "$LOG" "$DIR/database"
  mkdir -p -m 755 "$DIR" "$ETC/slurm" "$RUN" "$LOG" "$DIR/state" "$DIR/nodes" "$DIR/images" "$DIR/home" /etc/slurm
  echo "$generation" >"$DIR/generation"
  FIRST_JOB_ID=$((generation * 1000 + 1)) CGROUP_PLUGIN=$(cg_plugin)
  users_write
  slurmconf_write "$EXTRA_CONF"
  plugstack_write "$PLUGSTACK"
  case $CGROUP_PLUGIN in
    none) warn "this host has no cgroup hierarchy that Slurm could use: process tracking without cgroups, no limits" ;;
    *) say "Slurm uses cgroup/$CGROUP_PLUGIN, MpiDefault=$(slurmconf_mpi)" ;;
  esac
}

# cluster_start: the login side, the nodes, then all daemons.
cluster_start() {
  local node
  node_spawn login
  for node in "${NODES[@]}"; do
    node_spawn "$node"
    node_wire "$node"
  done
  say "starting munged, slurmctld and ${#NODES[@]} slurmd"
  munge_start
  [ "$ACCOUNTING" = no ] || accounting_start
  slurmctld_start -c
  for node in "${NODES[@]}"; do
    slurmd_start "$node"
  done
  wait_for 30 nodes_ready ||
    die "not all nodes came up: $(slurm sinfo -h -N -o '%N %T' | tr '\n' ' ')" "see $LOG/slurmd-*.log"
  [ "$ACCOUNTING" = no ] || accounting_people
}

# cluster_clear: no process, namespace, mount, interface or cgroup stays. Mounts and namespaces go with the last process.
cluster_clear() {
  cg_leave
  cg_kill "$TRACK/podstep-cluster-$NAME" || die "some processes of '$NAME' do not die" "look at them with ps; try down again"
  cg_remove
  [ -z "$INDEX" ] || bridge_down
}

cluster_down() {
  need_root
  instance_lock
  if cg_empty && [ ! -d "$DIR" ]; then
    say "there is no cluster '$NAME'"
  else
    cluster_clear
    rm -rf "$RUN"
    say "cluster '$NAME' is down"
  fi
  if [ "$PURGE" = yes ]; then
    rm -rf "$DIR"
    instance_forget
    say "$DIR is gone"
  fi
}

# status_row NODE DAEMON: one line of the table.
status_row() {
  local pid state=-
  pid=$(daemon_pid "$1" "$2")
  [ "$1" = login ] || state=$(slurm scontrol show node "$1" 2>/dev/null | sed -n 's/.*State=\([^ ]*\).*/\1/p')
  printf '%-7s %-14s %-10s %-8s %s\n' "$1" "$(node_addr "$1")" "$2" "${pid:-down}" "${state:-unknown}"
}

cluster_status() {
  local node
  if [ -z "$INDEX" ] || cg_empty; then
    echo "cluster '$NAME' is down"
    return 3
  fi
  printf '%-7s %-14s %-10s %-8s %s\n' node address daemon pid state
  status_row login munged
  status_row login slurmctld
  [ ! -e "$DIR/database" ] || status_row login slurmdbd
  for node in "${NODES[@]}"; do
    status_row "$node" slurmd
  done
  echo
  printf '%-10s %s\n' directory "$DIR" logs "$LOG" homes "$DIR/home" images "$DIR/images" prefix "$PREFIX" \
    plugstack "$(grep -v '^#' "$ETC/slurm/plugstack.conf" || echo '(empty)')"
  cluster_complete 2>/dev/null || return 1
}

cluster_env() {
  cat <<ENV
export PODSTEP_CLUSTER=$NAME
export PODSTEP_CLUSTER_DIR=$DIR
export PODSTEP_CLUSTER_NET=$NET
export PODSTEP_PREFIX=$PREFIX
export PODSTEP_STORE_SITE=$DIR/images
export SLURM_CONF=$ETC/slurm/slurm.conf
export PATH=$PREFIX/bin:\$PATH
ENV
}

# cluster_run [-u USER] [--node NODE] [-C DIR] CMD...
cluster_run() {
  local user='' node=login dir=''
  while [ $# -gt 0 ]; do
    case $1 in
      -u) user=$2; shift 2 ;;
      --node) node=$2; shift 2 ;;
      -C) dir=$2; shift 2 ;;
      --) shift; break ;;
      -*) die "run has no option '$1'" "run [-u USER] [--node NODE] [-C DIR] CMD..." ;;
      *) break ;;
    esac
  done
  [ $# -gt 0 ] || die "run needs a command" "contrib/cluster run -u alice srun -N3 hostname"
  need_root
  if [ -z "$user" ]; then
    if [ "$node" = login ]; then user=alice; else user=root; fi
  fi
  node_exec_as "$user" "$node" "$dir" "$@"
}

cluster_shell() {
  need_root
  say "a shell of ${1:-alice} on the login side of '$NAME'; exit leaves the cluster up"
  node_exec_as "${1:-alice}" login '' bash -l -c 'PATH='"$PREFIX"'/bin:$PATH PS1="\u@login:\w\$ " exec bash --norc -i'
}

# cluster_node WORD NODE: faults and repairs for tests.
cluster_node() {
  local pid
  need_root
  node_check "${2:-}"
  case $1 in
    kill9) # the whole machine dies: every process and its network, at once
      [ "$2" != login ] || die "the login side cannot be killed alone" "contrib/cluster down"
      cg_leave
      cg_kill "$(cg_dir "$2")"
      ip link del "$(node_link "$2")" 2>/dev/null || true
      ;;
    boot) # a node that was killed comes back, empty
      [ -z "$(cg_pids "$2" hold)" ] || die "node $2 is up" "contrib/cluster node kill9 $2"
      cg_remove "$2"
      node_spawn "$2"
      node_wire "$2"
      rm -rf "$DIR/nodes/$2/spool"
      slurmd_start "$2"
      wait_for 60 node_usable "$2" || die "node $2 does not come back" "see $LOG/slurmd-$2.log"
      ;;
    kill-slurmd)
      pid=$(daemon_pid "$2" slurmd)
      [ -z "$pid" ] || kill -KILL "$pid"
      ;;
    start-slurmd)
      [ -n "$(daemon_pid "$2" slurmd)" ] || slurmd_start "$2"
      ;;
    unplug) ip link set "$(node_link "$2")" down ;;
    plug) ip link set "$(node_link "$2")" up ;;
    pids) cg_pids "$2" daemon ;;
    *) die "node has no word '$1'" "node kill9|boot|kill-slurmd|start-slurmd|unplug|plug|pids NODE" ;;
  esac
}

# cluster_controller WORD: faults and repairs of slurmctld.
cluster_controller() {
  local pid
  need_root
  pid=$(daemon_pid login slurmctld)
  case $1 in
    kill) [ -z "$pid" ] || kill -KILL "$pid" ;;
    start) [ -n "$pid" ] || slurmctld_start ;;
    *) die "controller has no word '$1'" "controller kill|start" ;;
  esac
}

# node_usable NODE: Slurm would start a job there.
node_usable() { slurm sinfo -h -n "$1" -o %T | grep -qxE 'idle|mixed|allocated'; }

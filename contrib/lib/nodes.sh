# nodes.sh: the namespaces of a node: made, wired to the bridge, entered and given up.
# shellcheck shell=bash
#
# Nothing is pinned in the file system: a process named "sleep" in the node's hold leaf keeps the namespaces. When all of a node's
# processes are gone so are its mounts, its interface and its host name.

# bridge_up: the bridge with the login side's address.
bridge_up() {
  ip link show "$BRIDGE" >/dev/null 2>&1 || ip link add "$BRIDGE" type bridge
  ip addr replace "$LOGIN_ADDR/24" dev "$BRIDGE"
  ip link set "$BRIDGE" up
}

# bridge_down: remove it and whatever host ends of veth pairs are left.
bridge_down() {
  local node
  for node in "${NODES[@]}"; do
    ip link del "$(node_link "$node")" 2>/dev/null || true
  done
  ip link del "$BRIDGE" 2>/dev/null || true
}

# node_spawn NODE: start its holder in new namespaces and wait until its file systems are as node-init.sh makes them.
node_spawn() {
  local node=$1 flags="--mount --uts"
  [ "$node" = login ] || flags="$flags --net --cgroup"
  cg_make "$node"
  mkdir -p "$DIR/nodes/$node"
  rm -f "$DIR/nodes/$node/ready"
  (
    exec 9>&- </dev/null >"$LOG/$node.init.log" 2>&1
    cg_join "$node"
    # shellcheck disable=SC2086
    NODE=$node DIR=$DIR TRACK=$TRACK HOLD=$(cg_dir "$node" hold) exec setsid unshare $flags --propagation private \
      bash "$LIB/node-init.sh"
  ) &
  wait_for 10 test -e "$DIR/nodes/$node/ready" ||
    die "the namespaces of $node did not come up: $(tail -n 1 "$LOG/$node.init.log")" "this needs root and a kernel with namespaces; see $LOG/$node.init.log"
}

# node_wire NODE: give it an interface on the bridge.
node_wire() {
  local pid link
  pid=$(node_pid "$1") link=$(node_link "$1")
  ip link add "$link" type veth peer name eth0 netns "$pid"
  ip link set "$link" master "$BRIDGE" up
  nsenter -t "$pid" -n sh -eu -c "ip link set lo up; ip addr add $(node_addr "$1")/24 dev eth0; ip link set eth0 up; ip route add default via $LOGIN_ADDR"
}

# node_pid NODE: a process whose namespaces are the node's; status 1 when there is none.
node_pid() {
  local pid
  for pid in $(cg_pids "$1" hold) $(cg_pids "$1" daemon); do
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
      sleep | slurmd | slurmctld) echo "$pid"; return 0 ;;
    esac
  done
  return 1
}

# node_exec NODE LEAF CMD...: become CMD inside the node, in that leaf of its cgroup.
node_exec() {
  local node=$1 leaf=$2 pid flags="-m -u"
  shift 2
  pid=$(node_pid "$node") || die "node $node of cluster '$NAME' is not up" "contrib/cluster --name $NAME up"
  [ "$node" = login ] || flags="$flags -n -C"
  cg_join "$node" "$leaf"
  # shellcheck disable=SC2086
  exec nsenter -t "$pid" $flags -- "$@"
}

# node_exec_as USER NODE DIR CMD...: the same as that user with a login's environment, in the directory DIR ("" for the home).
node_exec_as() {
  local user=$1 node=$2 dir=$3 home=/root shell=/bin/bash ids=()
  shift 3
  user_check "$user"
  node_check "$node"
  if [ "$user" != root ]; then
    home=$DIR/home/$user
    ids=(setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all --)
  fi
  node_exec "$node" run "${ids[@]}" env -i HOME="$home" USER="$user" LOGNAME="$user" SHELL="$shell" LANG=C.UTF-8 \
    TERM="${TERM:-dumb}" PODSTEP_CLUSTER="$NAME" \
    PATH="$PREFIX/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    bash -c 'cd "$1" || exit 126; shift; exec "$@"' bash "${dir:-$home}" "$@"
}

# instance.sh: which test cluster this is: its name, directory, number, addresses and device names.
# shellcheck shell=bash
#
# Every instance has a number from 1 to 250, remembered in a registry; bridge, subnet and ports follow from it, so any number of
# clusters run side by side. The directory lies under /srv because root trusts what is in it (plugin, image store): no ancestor
# may be writable by others, which rules out /tmp and /var/tmp.

CLUSTER_ROOT=/srv/podstep-cluster
NODES=(n1 n2 n3)
CPUS_PER_NODE=4     # offered to Slurm whatever the host has (SlurmdParameters=config_overrides)
MEMORY_PER_NODE=3000 # MB, likewise

# instance_select NAME [DIR]: set NAME, DIR and INDEX (empty when the instance was never up) of this instance.
instance_select() {
  NAME=$1
  case $NAME in
    *[!a-z0-9-]* | '') die "the cluster name '$NAME' is not usable" "take lower-case letters, digits and dashes" ;;
  esac
  [ ${#NAME} -le 32 ] || die "the cluster name '$NAME' is longer than 32 characters" "take a shorter one"
  DIR=${2:-$CLUSTER_ROOT/$NAME} INDEX=
  local entry=$CLUSTER_ROOT/.registry/$NAME
  if [ -r "$entry" ]; then
    read -r INDEX registered_dir <"$entry" || true
    [ -n "${2:-}" ] || DIR=$registered_dir
  fi
  instance_names
}

# instance_names: what follows from NAME, DIR and INDEX.
instance_names() {
  ETC=$DIR/etc LOG=$DIR/log RUN=$DIR/run
  NET=10.86.${INDEX:-0} BRIDGE=psbr${INDEX:-0}
  LOGIN_ADDR=$NET.1 CTLD_PORT=$((16800 + ${INDEX:-0})) DBD_PORT=$((17100 + ${INDEX:-0}))
}

# instance_register: give the instance a number whose subnet nobody on this machine uses.
instance_register() {
  mkdir -p "$CLUSTER_ROOT/.registry"
  instance_check_trusted "$CLUSTER_ROOT"
  if [ -z "$INDEX" ]; then
    exec 8>"$CLUSTER_ROOT/.registry/.lock"; flock 8
    local i taken
    taken=" $(find "$CLUSTER_ROOT/.registry" -type f -name '[a-z0-9]*' -exec cut -d' ' -f1 {} + | tr '\n' ' ') "
    for i in $(seq 1 250); do
      case $taken in *" $i "*) continue ;; esac
      [ -z "$(ip -4 route show root "10.86.$i.0/24")$(ip link show "psbr$i" 2>/dev/null)" ] || continue
      INDEX=$i
      break
    done
    [ -n "$INDEX" ] || die "all 250 cluster numbers are taken" "contrib/cluster --name NAME down --purge for old ones"
  fi
  echo "$INDEX $DIR" >"$CLUSTER_ROOT/.registry/$NAME"
  exec 8>&-
  instance_names
}

# instance_forget: give the number back.
instance_forget() { rm -f "$CLUSTER_ROOT/.registry/$NAME" "$CLUSTER_ROOT/.registry/.$NAME.lock"; }

# instance_lock: one up or down at a time; the lock (fd 9) is not passed on to daemons.
instance_lock() {
  mkdir -p "$CLUSTER_ROOT/.registry"
  exec 9>"$CLUSTER_ROOT/.registry/.$NAME.lock"
  flock -n 9 || { say "waiting for another up or down of '$NAME'"; flock 9; }
}

# instance_check_trusted DIR: DIR and its ancestors belong to root and are writable by nobody else.
instance_check_trusted() {
  local at
  at=$(realpath -m "$1")
  while :; do
    if [ -e "$at" ] && [ -n "$(find "$at" -maxdepth 0 \( ! -uid 0 -o -perm /022 \) 2>/dev/null)" ]; then
      die "$at can be written by others than root, so root may not trust a plugin below it" "choose another --dir, for example under /srv"
    fi
    [ "$at" != / ] || break
    at=$(dirname "$at")
  done
}

# node_addr NODE: its address on the bridge; "login" is the host's end.
node_addr() {
  case $1 in
    login) echo "$LOGIN_ADDR" ;;
    *) echo "$NET.$((10 + ${1#n}))" ;;
  esac
}

# node_link NODE: the host's end of its veth pair.
node_link() { echo "ps${INDEX}$1"; }

# node_check NODE: one of this cluster's, or login.
node_check() {
  case " login ${NODES[*]} " in
    *" $1 "*) ;;
    *) die "there is no node '$1'" "the nodes are: login ${NODES[*]}" ;;
  esac
}

# handdown.sh: how a cgroup v2 directory gives its controllers to its children.
# shellcheck shell=bash

# cg_hand_down DIR: switch on for DIR's children whatever controllers DIR has; nothing to do on v1, and a busy one is left off.
cg_hand_down() {
  local controller
  [ -f "$1/cgroup.subtree_control" ] || return 0
  for controller in $(cat "$1/cgroup.controllers"); do
    echo "+$controller" >"$1/cgroup.subtree_control" 2>/dev/null || true
  done
}

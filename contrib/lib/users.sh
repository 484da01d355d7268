# users.sh: the ordinary users of the test cluster; they exist in the cluster's namespaces only, never in the host's own files.
# shellcheck shell=bash

USERS=(alice bob)

# users_write: passwd, group and hosts files for the nodes and the login side, and a home for each user.
users_write() {
  local user uid=64100 group
  cp /etc/passwd "$ETC/passwd"
  cp /etc/group "$ETC/group"
  for user in "${USERS[@]}"; do
    uid=$((uid + 1)) group=$((uid + 10))
    if grep -qE "^($user:|[^:]*:[^:]*:$uid:)" /etc/passwd; then
      die "the host has a user named $user or with the uid $uid already" "remove it, or change USERS in contrib/lib/users.sh"
    fi
    echo "$user:x:$uid:$uid:Podstep test user:$DIR/home/$user:/bin/bash" >>"$ETC/passwd"
    # A group of its own, and one supplementary group that the other user is not in.
    printf '%s:x:%s:\n%s-project:x:%s:%s\n' "$user" "$uid" "$user" "$group" "$user" >>"$ETC/group"
    if [ ! -d "$DIR/home/$user" ]; then
      mkdir -p "$DIR/home/$user"
      cp -rT /etc/skel "$DIR/home/$user"
      chown -R "$uid:$uid" "$DIR/home/$user"
      chmod 0700 "$DIR/home/$user"
    fi
  done
  users_hosts >"$ETC/hosts"
}

# users_hosts: names and addresses of all nodes; both sides reach each other by them.
users_hosts() {
  local node
  echo "127.0.0.1 localhost"
  echo "::1 localhost ip6-localhost ip6-loopback"
  for node in login "${NODES[@]}"; do
    echo "$(node_addr "$node") $node"
  done
  [ "$(hostname)" = localhost ] || echo "127.0.1.1 $(hostname)"
}

# user_check USER: root or one of the cluster's.
user_check() {
  case " root ${USERS[*]} " in
    *" $1 "*) ;;
    *) die "there is no user '$1' in this cluster" "the users are: ${USERS[*]} root" ;;
  esac
}

#!/bin/bash
# Threats T6, T7: no other user, and no other id of the machine, gets a word out of any socket of a job on its nodes; agents have no port.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

job=$(serve "$(manifest t06 1)" -N2 --nodelist=n1,n2)
come_up "$job" 1
node=$(node_of "$job")
uid=$(as alice id -u) gid=$(as alice id -g)

# listening NODE: path of each unix socket that the job's processes listen on, as its process names it, and the process; abstract ones too.
cat >"$tmp/listening.py" <<'END'
import os, re, sys
names = {}
for pid in sys.argv[1:]:
    try: lines = open(f"/proc/{pid}/net/unix").read().splitlines()[1:]
    except OSError: continue
    for line in lines:
        part = line.split(None, 7)
        if len(part) == 8 and int(part[3], 16) & 0x10000: names[part[6]] = part[7]
for pid in sys.argv[1:]:
    try: fds = os.listdir(f"/proc/{pid}/fd")
    except OSError: continue
    for fd in fds:
        try: link = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError: continue
        found = re.fullmatch(r"socket:\[(\d+)\]", link)
        if found and found.group(1) in names: print(pid, names[found.group(1)])
END
# Slurm's own slurmstepd has one that everybody may connect to.
ours() { local pid; for pid in $(job_pids "$job" "$1"); do [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slurmstepd ] || echo "$pid"; done; }
listening() { on "$1" /usr/bin/python3 - $(ours "$1") <"$tmp/listening.py" | sort -u -k2; }
# Tries to connect to a path and to ask, by every road; prints what came back. As whoever starts it.
cat >"$tmp/ask.py" <<'END'
import socket, sys
for path in sys.argv[1:]:
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(3)
    try:
        s.connect(path)
        s.sendall(b"GET /pods HTTP/1.1\r\nHost: x\r\n\r\n")
        got = s.recv(100)
        print("answered" if got else "closed", path)
    except (PermissionError, FileNotFoundError): print("kept out", path)
    except (ConnectionError, socket.timeout) as e: print("closed", path)
END
chmod 644 "$tmp"/*.py
ask_as() { on "$node" setpriv --reuid="$1" --regid="$2" --clear-groups /usr/bin/python3 - "${@:3}" <"$tmp/ask.py"; }

sockets=$(listening "$node")
like "$sockets" "/run/podstep/$job\.[^ ]*/sock" "the agent's socket is among those that the job listens on"
like "$sockets" 'containerd\.sock' "containerd's is"
like "$sockets" '/run/containerd/s/' "and its shims'"
is "$(awk '$2 ~ /^@/' <<<"$sockets"; listening n1 | awk '$2 ~ /^@/')" '' 'none of them is abstract: anybody on the network of the node could connect'
roads=()
while read -r pid path; do roads+=("$path" "/proc/$pid/root$path"); done <<<"$sockets"
agent=$(awk '$2 ~ /^\/run\/podstep/ {print $2; exit}' <<<"$sockets")

# --- as others, by path and by the file systems of the job's processes
for who in "$(as bob id -u) $(as bob id -g) another user" "$(as bob id -u) $gid another user in the same group" '100000 100000 a subordinate id' '65534 65534 nobody'; do
  read -r other group name <<<"$who"
  is "$(ask_as "$other" "$group" "${roads[@]}" | cut -d/ -f1 | sort -u)" 'kept out ' "$name is kept out of all of them"
done
is "$(ask_as "$uid" "$gid" "$agent" | cut -d/ -f1)" 'answered ' 'the user himself is answered'
# What keeps others out first are directories; behind them the agent asks who it is. A user who opens them to all opens nothing.
is "$(on "$node" stat -c '%a %u' "${agent%/sock}" "$agent" | xargs)" "700 $uid 600 $uid" "directory and socket are the user's alone"
as alice srun --jobid="$job" --overlap -w "$node" -N1 -n1 chmod 711 "${agent%/sock}"
as alice srun --jobid="$job" --overlap -w "$node" -N1 -n1 chmod 666 "$agent"
is "$(ask_as "$(as bob id -u)" "$(as bob id -g)" "$agent")" "closed $agent" 'another user who can connect is not answered'
is "$(ask_as 0 0 "$agent")" "closed $agent" 'nor is root, who in the user namespace cannot be told from a stranger'
is "$(ask_as "$uid" "$(as bob id -g)" "$agent")" "closed $agent" "nor the user's id with another group"
ok "the agent's log says so" wait_until 10 eval 'said "$job" agents "a process of another user connected to the local socket: refused" || grep -rqs "a process of another user" "$(record "$job")/daemon"'
as alice srun --jobid="$job" --overlap -w "$node" -N1 -n1 chmod 700 "${agent%/sock}"
as alice srun --jobid="$job" --overlap -w "$node" -N1 -n1 chmod 600 "$agent"

# --- ports: the hub's on the first node; an agent has none; containerd 1.6 opens one on the loopback that cannot be closed
ports() {
  local pid inode
  for pid in $(job_pids "$job" "$1" "$2"); do
    for inode in $(on "$1" sh -c "ls -l /proc/$pid/fd" | sed -n 's/.*socket:\[\([0-9]*\)\].*/\1/p'); do
      on "$1" awk -v inode="$inode" '$10 == inode && $4 == "0A" {print $2}' /proc/net/tcp /proc/net/tcp6
    done
  done
}
is "$(ports n1 podstepd; ports n2 podstepd)" '' 'agents listen on no port (threat T7)'
like "$(ports n1 podstep-hub)" '^[0-9A-F]{8}:[0-9A-F]{4}$' 'the hub listens on one'
is "$(ports "$node" containerd | grep -v '^0100007F:')" '' 'containerd listens on the loopback at most'
for port in $(ports "$node" containerd | cut -d: -f2); do
  for path in / /exec/x /attach/x /portforward/x /exec /metrics /v1/metrics; do
    on "$node" curl -s -m 3 -o /dev/null -w '%{http_code} ' "http://127.0.0.1:$((16#$port))$path"
  done
done >"$tmp/codes"
unlike "$(cat "$tmp/codes")" '(^| )[123]' 'and nobody is served there who has no token of CRI'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

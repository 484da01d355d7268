#!/bin/bash
# crun makes a file of its own at every start, and left it in the node's /tmp when it was killed at that moment: it makes it in the
# job's tmpfs now, also when a container ignores SIGTERM and is killed with the step.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

# inotify(7): the name of each file that is made in the node's /tmp.
cat >"$tmp/watch.py" <<'END'
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.inotify_init()
if libc.inotify_add_watch(fd, b"/tmp", 0x100) < 0: raise OSError(ctypes.get_errno(), "/tmp")  # IN_CREATE
while True:
    events = os.read(fd, 65536)
    while events:
        length = struct.unpack_from("iIII", events)[3]
        print(events[16:16 + length].rstrip(b"\0").decode(), flush=True)
        events = events[16 + length:]
END
on n1 python3 - <"$tmp/watch.py" >"$tmp/made" &
watcher=$!
at_exit kill "$watcher"
touch_seen() { on n1 touch /tmp/seen.$RANDOM && grep -q seen "$tmp/made"; }
ok 'the watch of /tmp is on' wait_until 10 touch_seen
on n1 sh -c 'rm /tmp/seen.*'

file=$(manifest stubborn 1)
sed -i '/terminationGracePeriodSeconds/d' "$file" # 30 s: longer than the agents have at the end of the job
job=$(serve "$file" -N1 --nodelist=n1)
come_up "$job" 1
is "$(as alice podstep exec -j "$job" "$(jq -r '.pods[0].name' "$(record "$job")/status.json")" -- /bin/echo lives)" lives 'a command runs in it'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 60
unlike "$(cat "$tmp/made")" 'crun' 'no start of crun made a file in /tmp'
audit_clean "$job"
done_testing

#!/bin/bash
# Threat T2: a user who swaps links into the run directory while root's helper removes and makes it, leads it nowhere; without openat2 it refuses.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster
helper=$PODSTEP_PREFIX/libexec/podstep/podstep-prepare
[ -x "$helper" ] || skip_all "podstep-prepare is not installed in $PODSTEP_PREFIX"
command -v gcc >/dev/null || skip_all 'gcc is not installed'

# Programs and the sign to stop lie in the cluster's directory, which every node sees.
shared=$PODSTEP_CLUSTER_DIR/races
rm -rf "$shared"
mkdir "$shared"
at_exit rm -rf "$shared"
gcc -O2 -o "$shared/flipper" "$top_srcdir/tests/security/flipper.c" &&
  gcc -O2 -DCALL=SYS_openat2 -DANSWER=ENOSYS -o "$shared/without_openat2" "$top_srcdir/tests/lib/without_call.c" ||
  { fail 'the programs build'; done_testing; }
# The helper as slurmstepd starts it for the hub's step, ROUNDS times and until the flipper has swapped often; prints what it said, counted.
cat >"$tmp/rounds.py" <<'END'
import collections, os, socket, subprocess, sys
rounds, before, helper = int(sys.argv[1]), sys.argv[2:-6], sys.argv[-6]
said = collections.Counter()
for _ in range(rounds):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = subprocess.Popen([*before, helper, *sys.argv[-5:], "-"], stdin=theirs, env={}, cwd="/")
    theirs.close()
    said[ours.recv(1024).decode().split(":")[0] + f" {child.wait()}"] += 1
for text, count in said.most_common(): print(count, text)
END
name=7.0.0.n1 run=/run/podstep/7.0.0.n1 uid=$(as alice id -u) gid=$(as alice id -g)
prepare() { on n1 /usr/bin/python3 - "$1" "${@:2}" "$helper" hub "$name" "$uid" "$gid" 64 <"$tmp/rounds.py" 2>&1; }

# The victim: a tree of root's, of which everything would show.
victim=/run/victim
on n1 sh -c "mkdir -p $victim/sub/deep && echo kept >$victim/file && echo kept >$victim/sub/deep/file && mkdir -m 777 $victim/open"
at_exit on n1 rm -rf "$victim" "$run"
state() { on n1 find "$victim" -printf '%p %U:%G %m %y %s %l\n' | sort; }
before=$(state)

is "$(prepare 1)" '1 ok 0' 'the helper makes the run directory'
on n1 setpriv --reuid="$uid" --regid="$gid" --clear-groups "$shared/flipper" "$run" "$victim" "$shared/stop" >"$tmp/swapped" &
flipper=$!
at_exit "touch '$shared/stop'"
prepare 1500 >"$tmp/said"
touch "$shared/stop"
wait "$flipper"
diag "$(cat "$tmp/said"), $(cat "$tmp/swapped") swaps"
like "$(cat "$tmp/swapped")" '^[0-9]{4,}$' 'its user swapped its entries for links all the while'
is "$(awk '{sum += $1} END {print sum}' "$tmp/said") $(grep -vcE ' (ok 0|[^ ].* 1)$' "$tmp/said")" '1500 0' 'the helper made it, or said why not, each time'
is "$(state)" "$before" 'and nothing behind the links was removed, made, or given away'
is "$(prepare 1)" '1 ok 0' 'when nobody swaps, it clears away all of it and makes it again'
is "$(on n1 find "$run" -printf '%P %U %m %y\n' | sort)" "$(printf '%s\n' " $uid 700 d" "img $uid 700 d" "t $uid 700 d")" 'as it should be'

on n1 rm -rf "$run"
like "$(prepare 1 "$shared/without_openat2")" '^1 .*(/run|/): Function not implemented|^1 open / 1' 'on a kernel without openat2 it says so and fails'
nok 'and has made nothing' on n1 test -e "$run"
done_testing

#!/bin/bash
# Threat T4, lesson L7: a container, a command exec'd in it and root's helper get no descriptor, directory or variable that was not meant for them.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
command -v gcc >/dev/null || skip_all 'gcc is not installed'

home=$(home alice) helper=$PODSTEP_PREFIX/libexec/podstep/podstep-prepare
# In the helper's place on n1 lies a program that writes down what it was given, then becomes the helper.
cat >"$tmp/spy.c" <<'END'
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
extern char** environ;
int main(int argc, char** argv) {
  FILE* out = fopen(OUT, "ae");
  char here[4096], link[4096], name[64];
  DIR* dir = opendir("/proc/self/fd");
  fprintf(out, "start uid %d cwd %s\n", (int)getuid(), getcwd(here, sizeof here));
  for (char** e = environ; *e; ++e)
    fprintf(out, "variable %s\n", *e);
  for (struct dirent* e; (e = readdir(dir));) {
    int fd = atoi(e->d_name);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = e->d_name[0] == '.' ? -1 : readlink(name, link, sizeof link - 1);
    if (n > 0 && fd != dirfd(dir) && fd != fileno(out))
      fprintf(out, "fd %d %.*s\n", fd, (int)n, link);
  }
  fclose(out);
  argv[0] = REAL;
  execv(REAL, argv);
  return argc;
}
END
spied=$PODSTEP_CLUSTER_DIR/spied
at_exit rm -rf "$spied"
mkdir -p "$spied"
install -m 755 "$helper" "$spied/podstep-prepare"
gcc -O1 -D"OUT=\"$spied/out\"" -D"REAL=\"$spied/podstep-prepare\"" -o "$spied/spy" "$tmp/spy.c" || { fail 'the spy builds'; done_testing; }
on n1 mount --bind "$spied/spy" "$helper"
at_exit on n1 umount "$helper"

# Containers whose working directory is a descriptor that a runtime might have left open (CVE-2024-21626), each asked for the node's file.
echo 'of the node' >"$PODSTEP_CLUSTER_DIR/marker"
at_exit rm -f "$PODSTEP_CLUSTER_DIR/marker"
file=$home/t04.yaml
as alice sh -c ": >'$file'"
for n in 3 4 5 6 7 8 9 10; do
  cat >>"$file" <<END
---
apiVersion: v1
kind: Pod
metadata: {name: leak$n}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: static-server
    workingDir: /proc/self/fd/$n
    command: [/bin/sh, -c, "for up in . .. ../.. ../../.. ../../../.. ../../../../../../../..; do cat \$up$PODSTEP_CLUSTER_DIR/marker; done 2>/dev/null; exit 0"]
    resources: {requests: {cpu: 100m, memory: 16Mi}}
END
done
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: static-server, command: [/bin/sleep, "4444"], resources: {requests: {cpu: 100m, memory: 16Mi}}}
END
# What the user leaves in the way: variables that a loader obeys, and an open descriptor.
job=$(exec 9</etc/passwd; as alice env LD_PRELOAD= GLIBC_TUNABLES=glibc.malloc.check=1 TMPDIR=/nonexistent PODSTEP_LIBEXEC=/nonexistent \
  podstep submit --parsable "$file" -- -N1 --nodelist=n1 --export=ALL)
runs() { job_pids "$job" n1 sleep | grep -q .; }
ok 'a pod runs' wait_until 60 runs || { diag "$(output "$job") $(cat "$(record "$job")/status.json" "$spied/out")"; scancel "$job"; done_testing; }

# fds PID: its open descriptors. cwd PID: its directory, in its own root.
fds() { on n1 ls "/proc/$1/fd" | sort -n | xargs; }
cwd() { on n1 readlink "/proc/$1/cwd"; }
pid=$(job_pids "$job" n1 sleep | head -n 1)
is "$(fds "$pid")" '0 1 2' 'a container has three descriptors'
is "$(on n1 stat -L -c %i "/proc/$pid/cwd")" "$(on n1 stat -L -c %i "/proc/$pid/root")" 'it starts in its own root directory'
unlike "$(on n1 sh -c "readlink /proc/$pid/fd/0 /proc/$pid/fd/1 /proc/$pid/fd/2")" '^/(srv|home|root|etc)' 'none of them is a file of the node'
as alice podstep exec -j "$job" plain -- /bin/busybox sleep 4445 >/dev/null 2>&1 &
inside() { local pid; for pid in $(job_pids "$job" n1 busybox); do [ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" != '/bin/busybox sleep 4445 ' ] || echo "$pid"; done; }
entered() { inside | grep -q .; }
ok "a command is exec'd" wait_until 30 entered
is "$(fds "$(inside)")" '0 1 2' "an exec'd command has three descriptors"
is "$(on n1 stat -L -c %i "/proc/$(inside)/root")" "$(on n1 stat -L -c %i "/proc/$pid/root")" 'and the root directory of the container'
kill -9 "$(inside)"

ended() { [ "$(jq '[.pods[] | select(.name | startswith("leak")) | select(.phase != "Pending" or (.containers[0].reason // "" | length > 0))] | length' "$(record "$job")/status.json")" = 8 ]; }
ok 'the containers with a descriptor for a working directory have ended or cannot start' wait_until 40 ended
unlike "$(cat "$(record "$job")"/logs/leak*/*.log 2>/dev/null; for n in 3 4 5 6 7 8 9 10; do as alice podstep logs -j "$job" "leak$n" 2>/dev/null; done)" \
  'of the node' 'none of them has seen the node'

# --- root's helper: once for the hub's step, once for the agents'
is "$(grep -c '^start uid 0 cwd /$' "$spied/out") $(grep -c ^start "$spied/out")" '2 2' "root's helper has run twice, as root, in /"
is "$(grep '^variable' "$spied/out")" '' 'with an empty environment'
is "$(sed -n 's/^fd \([0-9]*\) .*/\1/p' "$spied/out" | sort -n | uniq -c | xargs)" '2 0 2 1 2 2' 'and three descriptors'
is "$(sed -n 's/^fd [12] //p' "$spied/out" | sort -u)" /dev/null 'of which only the socket to the task leads anywhere'

# --- our daemons: what they have open goes to nobody that they start. Workers, whose libraries open sockets without asking us, start others
# through common/process only, which closes all.
open_to_children() {
  local fd
  for fd in $(on n1 ls "/proc/$1/fdinfo"); do
    [ "$fd" -le 2 ] || on n1 grep -q '^flags:.*[2367][0-7]\{6\}$' "/proc/$1/fdinfo/$fd" 2>/dev/null || [ ! -e "/proc/$1/fd/$fd" ] ||
      echo "$fd $(on n1 readlink "/proc/$1/fd/$fd")"
  done
}
for name in podstepd podstep-hub; do
  is "$(open_to_children "$(supervisor_of "$job" n1 $name)")" '' "the supervisor of $name: every descriptor is close-on-exec"
done
for pid in $(job_pids "$job" n1 podstep-boot); do is "$(open_to_children "$pid")" '' 'podstep-boot: every descriptor is close-on-exec'; done
for name in squashfuse_ll srun; do
  is "$(for pid in $(job_pids "$job" n1 $name); do [ "$(parent_name "$pid")" = $name ] || on n1 ls -l "/proc/$pid/fd" | awk '/anon_inode:\[(pidfd|eventpoll|signalfd)/'; done)" '' \
    "$name has nothing of the daemon's that started it"
done
on n1 umount "$helper"
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

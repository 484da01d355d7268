#!/bin/bash
# A job that was refused on a node left its step's cgroup there, for podstep-prepare ended some milliseconds after the refused task.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
cluster plugstack

# A podstep-prepare that takes half a second longer to end lies over the real one, on one node.
libexec=$PODSTEP_PREFIX/libexec/podstep policy=$PODSTEP_PREFIX/etc/podstep/fabric.conf
real=$libexec/podstep-prepare.real slow=$libexec/podstep-prepare.slow
at_exit "rm -f '$real' '$slow' '$policy'; on n2 umount '$libexec/podstep-prepare'"
cp "$libexec/podstep-prepare" "$real"
cat >"$tmp/slow.c" <<'END'
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **arguments) {
  int status = 0;
  (void)count;
  if (fork() == 0)
    _exit(execv(REAL_PROGRAM, arguments));
  wait(&status);
  usleep(500000);
  return WEXITSTATUS(status);
}
END
gcc -DREAL_PROGRAM="\"$real\"" -o "$slow" "$tmp/slow.c" || { fail 'the slow program builds'; done_testing; }
chmod 755 "$slow" "$real"
on n2 mount --bind "$slow" "$libexec/podstep-prepare"
mkdir -p "$(dirname "$policy")"
echo devices=/dev/fuse >"$policy"
chmod 666 "$policy"

job=$(serve "$(manifest web 1)" -N1 -w n2)
ok 'the job ends' wait_over "$job" 60
like "$(output "$job")" "job $job refused on n2: .*fabric.conf can be written by others" 'it is refused'
on n2 umount "$libexec/podstep-prepare"
audit_clean "$job"
done_testing

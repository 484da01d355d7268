#!/bin/bash
# A job that was refused on a node left its step's cgroup there, for podstep-prepare ended some milliseconds after the refused task.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/stand_in.sh"
[ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'

# A cluster of its own: with proctrack/cgroup Slurm ends and awaits whatever is in the step's cgroup, with this one only the task's children.
PODSTEP_CLUSTER=$PODSTEP_CLUSTER-linuxproc
at_exit "$top_srcdir/contrib/cluster down --purge"
eval "$(cluster env)"
echo ProctrackType=proctrack/linuxproc >"$tmp/more.conf"
cluster up --conf "$tmp/more.conf" 2>"$tmp/up.log" || { diag "$(cat "$tmp/up.log")"; fail 'the cluster comes up'; done_testing; }
need_service
cluster plugstack

# A podstep-prepare that takes half a second longer to end lies over the real one, on one node.
policy=$PODSTEP_PREFIX/etc/podstep/fabric.conf
at_exit "rm -f '$policy'"
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
build_stand_in slow "$tmp/slow.c"
put_stand_in
mkdir -p "$(dirname "$policy")"
echo devices=/dev/fuse >"$policy"
chmod 666 "$policy"

job=$(serve "$(manifest web 1)" -N1 -w n2)
ok 'the job ends' wait_over "$job" 60
like "$(output "$job")" "job $job refused on n2: .*fabric.conf can be written by others" 'it is refused'
like "$(scontrol show config)" 'ProctrackType += proctrack/linuxproc' 'Slurm follows processes by their parents'
take_stand_in
audit_clean "$job"
done_testing

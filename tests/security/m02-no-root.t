#!/bin/bash
# M2, M3, M4, M5: nothing that is installed is set-id; after the start no process of root's runs a program of ours, and all of the job is the user's.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

is "$(find "$PODSTEP_PREFIX" ! -type l -perm /6000)" '' 'no installed file is set-id (M4)'
is "$(find "$PODSTEP_PREFIX" -type f -exec getfattr -n security.capability --only-values {} + 2>/dev/null | wc -c)" 0 'none has capabilities'
is "$(find "$PODSTEP_PREFIX" ! -type l '(' -perm /022 -o ! -user root ')')" '' "all are root's, and nobody else can write them"
is "$(find "$PODSTEP_PREFIX" -name '*.service' -o -name '*.socket' -o -path '*dbus*' -o -path '*polkit*' -o -path '*sudoers*' -o -path '*cron*')" '' \
  'no daemon of root is set up'

job=$(serve "$(manifest m02 2)" -N2)
come_up "$job" 2
first=$(first_node "$job")
uid=$(as alice id -u) gid=$(as alice id -g)
# ours: pids of processes that run an installed program, on the whole machine.
ours() {
  local exe
  for exe in /proc/[0-9]*/exe; do
    [[ $(readlink "$exe" 2>/dev/null) != "$PODSTEP_PREFIX"/* ]] || dirname "$exe"
  done
}
names=$(for process in $(ours); do cat "$process/comm"; done | sort -u | xargs)
like "$names" 'podstep-boot.*podstep-hub.*podstepd' 'programs of ours run'
unlike "$names" 'podstep-prepare' "root's helper has ended (M5)"
is "$(for process in $(ours); do awk '/^Uid|^Gid/ {print $2, $3, $4, $5}' "$process/status"; done | sort -u | grep -vxE "$uid $uid $uid $uid|$gid $gid $gid $gid")" '' \
  'every one of them is the user, by real, effective, saved and file system id (M2)'
is "$(grep -l "$PODSTEP_PREFIX/lib/podstep/podstep.so" /proc/[0-9]*/maps 2>/dev/null | while read -r maps; do cat "${maps%/maps}/comm"; done | sort -u | grep -vxE 'slurmstepd|slurmd|srun|sbatch|salloc')" '' \
  "the plugin is loaded in Slurm's own processes only"
# Every process of the job, but slurmstepd, which is Slurm's.
theirs() {
  local node pid
  for node in n1 n2 n3; do
    for pid in $(job_pids "$job" "$node"); do
      [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slurmstepd ] || awk -v pid="$pid" '/^Uid/ {ids = $2 " " $3 " " $4 " " $5} /^Name/ {name = $2} END {if (ids) print ids, name}' "/proc/$pid/status" 2>/dev/null
    done
  done
}
like "$(theirs | cut -d' ' -f5 | sort -u | xargs)" 'containerd.*httpd.*podstep-boot' 'agents, runtime and pods are among the processes of the job'
is "$(theirs | grep -v "^$uid $uid $uid $uid ")" '' 'every process of the job is the user (M3)'
# Rights on the machine itself come from its first user namespace: nobody there has any.
is "$(for pid in $(job_pids "$job" "$first"); do
  [ "$(cat "/proc/$pid/comm")" != slurmstepd ] && [ "$(readlink "/proc/$pid/ns/user")" = "$(readlink /proc/self/ns/user)" ] && sed -n 's/^CapEff:\t*//p' "/proc/$pid/status"
done | sort -u)" 0000000000000000 'and has no capability on the machine'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

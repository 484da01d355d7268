#!/bin/bash
# Threat T15: a pod has no socket of munge, no spool of slurmd, no token and no variable of Slurm's, whatever its job was submitted with.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest_pod t15 "  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: static-server, command: [/bin/sleep, \"1515\"]}")
# By --export: in sbatch's own environment the token would choose how sbatch itself is authenticated.
secrets=ALL,SLURM_JWT=the-token,MUNGE_SOCKET=/run/munge,SECRET_OF_MINE=the-secret
job=$(serve "$file" -N1 --nodelist=n1 --export="$secrets")
runs() { job_pids "$job" n1 sleep | grep -q .; }
ok 'a pod runs' wait_until 60 runs || { diag "$(output "$job")"; scancel "$job"; done_testing; }
pid=$(job_pids "$job" n1 sleep)
inside() { as alice podstep exec -j "$job" t15 -- /bin/busybox "$@"; }

like "$(as alice srun -N1 -w n1 --export="$secrets" env)" 'SLURM_JWT=the-token' 'the token reaches a plain step, so there is something to keep back'
is "$(inside env | cut -d= -f1 | grep -E 'SLURM|MUNGE|JWT|SECRET|PMI' | sort | xargs)" '' "a pod's environment has nothing of Slurm's"
for name in podstepd podstep-hub containerd; do
  is "$(for each in $(job_pids "$job" n1 "$name"); do tr '\0' '\n' <"/proc/$each/environ"; done | grep -E 'the-token|the-secret')" '' "nor has $name's the token"
done
mounts=$(awk '{print $4, $5}' "/proc/$pid/mountinfo")
unlike "$mounts" 'munge|slurm|spool|pmix' "no mount of a pod leads to munge's socket, the spool or PMIx"
is "$(inside find / -xdev '(' -iname '*munge*' -o -iname '*slurm*' -o -iname 'pmix*' ')' | grep -v '^/proc')" '' 'no file in it is theirs'
is "$(inside find / -type s 2>/dev/null | grep -v '^/proc')" '' 'and no socket at all'
# The network is the host's: what listens without a path there anybody can reach, so there must be nothing of these.
is "$(on n1 sh -c "awk '\$8 ~ /^@/ {print \$8}' /proc/net/unix" | grep -iE 'munge|slurm|containerd|podstep')" '' 'nothing of these listens without a path'
is "$(grep -rlE 'the-token|the-secret' "$(record "$job")" 2>/dev/null)" '' 'the record has neither'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

#!/bin/bash
# podstep-boot: one agent per node with its whole share under every sbatch layout, and a job that cannot have its service ends FAILED
# with the reason. Hub and agents are stand-ins that only speak the start-up lines.
# timeout: 400
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster

libexec=$PODSTEP_PREFIX/libexec/podstep
[ -x "$libexec/podstep-boot" ] || skip_all "podstep-boot is not installed in $PODSTEP_PREFIX"
cluster plugstack

# The stand-ins lie over the real programs in the nodes' own mount namespaces (a node's /tmp is its own too).
fakes=$PODSTEP_CLUSTER_DIR/fakes.$$
mkdir -p "$fakes"
at_exit rm -rf "$fakes"
for node in n1 n2 n3; do
  for name in podstep-hub:hub podstepd:agent; do
    [ -e "$libexec/${name%:*}" ] || { touch "$libexec/${name%:*}"; at_exit rm -f "$libexec/${name%:*}"; }
    install -m 755 "$top_srcdir/tests/slurm/fake/${name#*:}" "$fakes/${name%:*}"
    on "$node" mount --bind "$fakes/${name%:*}" "$libexec/${name%:*}"
    at_exit on "$node" umount "$libexec/${name%:*}"
  done
done

# What podstep render would have kept; the digest reaches the batch step as it does when the option itself is lost.
state=$(home alice)/.local/state/podstep/specs
as alice mkdir -p "$state"
as alice bash -c "echo '{\"test\":\"boot\"}' > spec.tmp"
hex=$(as alice sha256sum spec.tmp | cut -d' ' -f1)
as alice cp spec.tmp "$state/$hex.json"
spec=SLURM_PODSTEP_SPEC=sha256:$hex
work=$(home alice)/boot-test
as alice rm -rf "$work"
as alice mkdir -p "$work"

# service SBATCH-ARGS...: submit a service job; prints its id. The submitter's environment has VARIABLE=VALUE words of $variables beside its
# own, and sbatch --export takes $exported.
exported="ALL,$spec" variables=
service() {
  # shellcheck disable=SC2086
  as alice env $variables sbatch --parsable -D "$work" -o out-%j --export="$exported" "$@"
}
record() { echo "$work/podstep-$1/r0"; }
log() { cat "$(record "$1")/daemon/$2.log" 2>/dev/null; }
agents() { log "$1" agents | grep -c ' step='; }
agents_are() { [ "$(agents "$1")" = "$2" ]; }
nothing_left() {
  local node
  for node in n1 n2 n3; do [ -z "$(on "$node" ls /run/podstep 2>/dev/null)" ] || return 1; done
}
all_idle() { [ "$(sinfo -h -o %T | sort -u)" = idle ]; }

# --- layouts: what sbatch is told must not bend the agents' step ---
layout() {
  local want=$1 cpus=$2 name=$3 job
  shift 3
  job=$(service "$@" --wrap 'srun -N1 -n1 /bin/echo inner step; env | grep -c ^SLURM_PODSTEP_SPEC; echo hub=$SLURM_PODSTEP_HUB; sleep 1')
  wait_over "$job" || true
  is "$(job_state "$job") $(agents "$job") $(log "$job" agents | sed -n 's/.* cpus=\([0-9]*\) .*/\1/p' | sort | xargs)" "COMPLETED $want $cpus" "$name: one agent per node"
  like "$(cat "$work/out-$job")" $'inner step\n0\nhub=10[.0-9]+:4000' "$name: the script runs, its own srun too, and it sees its hub"
}
layout 3 '1 1 1' 'three nodes' -N3
layout 1 1 'one node' -N1
layout 3 '1 1 2' 'uneven' -n4 -N3
layout 1 3 'three tasks on a node' -n3 -N1
layout 2 '2 2' 'tasks per node' -N2 --ntasks-per-node=2
layout 2 '3 3' 'cpus per task' -N2 -c3
exported=$spec layout 2 '1 1' 'without the environment' -N2
variables='SBATCH_DISTRIBUTION=block SLURM_LABELIO=1 SLURM_UNBUFFEREDIO=1' layout 2 '1 1' 'labels and no buffers asked of every srun' -N2

# --- the record ---
job=$(service -N2 --wrap 'echo $SLURM_PODSTEP_RECORD; sbatch --parsable -N1 -o inner --wrap "env | grep -c ^SLURM_PODSTEP"; sleep 1')
wait_over "$job"
is "$(head -1 "$work/out-$job")" "$(record "$job")" 'the script finds its record'
is "$(stat -c '%a %U' "$(record "$job")" 2>/dev/null | cut -d' ' -f1)" 700 'the record is the user'\''s alone'
is "$(sha256sum <"$(record "$job")/spec.json" | cut -d' ' -f1)" "$hex" 'the record holds the spec'
wait_over "$(tail -1 "$work/out-$job")"
is "$(cat "$work/inner")" 0 'a job submitted from inside is plain'

# --- the end (lost steps and killed daemons: tests/fault) ---
job=$(service -N2 --wrap 'sleep 60')
ok 'a service starts' wait_until 30 agents_are "$job" 2
echo 'failed image x is missing' >"$work/podstep-$job/hub.do"
wait_over "$job" 30
is "$(job_state "$job")" FAILED 'a hub that cannot go on ends the job'
like "$(cat "$work/out-$job")" "podstep: job $job ends: image x is missing. Record: $(record "$job")" 'its output says why'
like "$(cat "$(record "$job")/end.json")" '"cause":"image x is missing"' 'the record says why'
job=$(service -N1 --wrap 'sleep 60')
wait_until 30 agents_are "$job" 1
as alice scancel "$job"
wait_over "$job"
nok 'an ordinary end is no fault of boot'\''s' test -e "$(record "$job")/end.json"

# --- a service that cannot start (an agent that cannot: tests/fault) ---
job=$(submit alice -D "$work" -o out-%j --export="ALL,SLURM_PODSTEP_SPEC=sha256:$(printf 'a%.0s' {1..64})" --wrap 'echo ran bare')
wait_over "$job"
like "$(job_field "$job" ExitCode) $(cat "$work/out-$job")" '^125:0 podstep: job .* rendered spec.*No such file' 'a spec that is gone is named'
as alice bash -c "echo tampered > $state/$(printf 'b%.0s' {1..64}).json"
job=$(submit alice -D "$work" -o out-%j --export="ALL,SLURM_PODSTEP_SPEC=sha256:$(printf 'b%.0s' {1..64})" --wrap 'echo ran bare')
wait_over "$job"
like "$(job_field "$job" ExitCode) $(cat "$work/out-$job")" '^125:0 .*is not what was submitted' 'a spec that was changed is refused'
as alice mkdir -p "$work/closed" && as alice chmod 555 "$work/closed"
job=$(submit alice -D "$work/closed" -o "$work/out-%j" --export="ALL,$spec" --wrap 'echo ran bare')
wait_over "$job"
like "$(job_field "$job" ExitCode) $(cat "$work/out-$job")" '^125:0 .*create the record directory' 'a record that cannot be written is named'

# --- kinds of jobs ---
job=$(submit alice -D "$work" -o out-%j --export="ALL,$spec" -N1 --wrap true : -N1)
wait_until 30 test -s "$work/out-$job" # scontrol shows one state per component
like "$(cat "$work/out-$job")" 'heterogeneous' 'a heterogeneous job is refused'
job=$(submit alice -D "$work" -o array-%a --export="ALL,$spec" -N1 --array=1-2 --wrap 'echo $SLURM_PODSTEP_HUB')
wait_until 60 bash -c "[ -s $work/array-1 ] && [ -s $work/array-2 ]"
like "$(cat "$work/array-1" "$work/array-2")" $'^10[.0-9]+:4000\n10[.0-9]+:4000$' 'a job array works: a service for each task'

# --- beside srun: what a salloc --ai-service leaves in its shell lets the first srun boot ---
manifest=/some/chat.yaml
got=$(as alice bash -c "cd $work && salloc -N2 env $spec SLURM_SPANK__SLURM_SPANK_OPTION_podstep_ai_service=$manifest srun -n2 \
  bash -c 'echo hub=\$SLURM_PODSTEP_HUB'" 2>&1)
like "$got" $'hub=10[.0-9]+:4000\nhub=10[.0-9]+:4000' 'the first srun of an allocation boots the service and runs on the host'

ok 'every node is idle' wait_until 60 all_idle
ok 'no run directory is left on any node' wait_until 20 nothing_left
done_testing

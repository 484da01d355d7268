#!/bin/bash
# In every context, with any call of Slurm's interface failing, the plugin's callbacks return 0 or end a task with 125, never crash, and
# do nothing for jobs without the option. Played by a stand-in for Slurm (tests/spank/host.c), as an ordinary user would run it.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"

host=$top_builddir/tests/spank/host plugin=$top_builddir/.libs/podstep.so
[ -x "$host" ] && [ -e "$plugin" ] || skip_all 'tests/spank/host or podstep.so is not built'
# play CONTEXT [ARGUMENT...] <<LINES: the host's output, and "rc=N".
user=() && [ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
play() { "${user[@]}" "$host" "$plugin" "$@" 2>&1; echo "rc=$?"; }
remote_calls=$(printf 'call %s\n' init init_post_opt; printf 'fork %s\n' task_init_privileged task_init; echo call exit)
ids=$(printf 'item %s\n' 'job 7' 'step 3' 'tasks 1' 'uid 65534' 'gid 65534')

# --- without the option ---
is "$(play slurmd <<<'call init')" $'init -> 0\nrc=0' 'slurmd registers nothing'
is "$(play job_script <<<'call init')" $'init -> 0\nrc=0' 'nor do prolog and epilog'
is "$(printf '%s\n' 'call init' 'call init_post_opt' 'call local_user_init' 'call exit' | play local)" \
  $'registered ai-service\ninit -> 0\ninit_post_opt -> 0\nlocal_user_init -> 0\nexit -> 0\nrc=0' 'srun without the option only registers it'
for step in 3 4294967291 4294967290 4294967292; do
  is "$(printf '%s\n' "$ids" "item step $step" "$remote_calls" | play remote | grep -v ended)" \
    $'registered ai-service\ninit -> 0\ninit_post_opt -> 0\ntask_init_privileged -> 0\ntask_init -> 0\nexit -> 0\nrc=0' \
    "slurmstepd without the option changes nothing (step $step)"
done
is "$(printf '%s\n' 'call init' 'twice' 'call init_post_opt' | play remote | grep -c registered)" 1 'listed twice, it registers once'
is "$(play remote enabled=0 <<<'call init')" $'init -> 0\nrc=0' 'enabled=0 registers nothing'

# --- every call fails, in every context ---
for context in local allocator remote slurmd job_script error; do
  for call in context option_register get_item setenv unsetenv; do
    got=$(printf '%s\n' "fail $call" "$ids" 'env SLURM_PODSTEP_ROLE=agent' "$remote_calls" 'call local_user_init' | play "$context")
    bad=$(grep -E -- '-> [^0]|-> 0.|ended with' <<<"$got" | grep -vE 'ended with (0|125)$')
    is "$bad$(tail -1 <<<"$got")" 'rc=0' "$context: spank_$call fails"
  done
done

# --- the option, and refusals ---
like "$(printf '%s\n' 'call init' 'option /x' 'option /y' "$ids" 'fork task_init' | play remote)" \
  'option -> 0.*option -> 0.*podstep: job 7 refused on .*no hub was started.*task_init ended with 125' 'a step of a job that was not booted is refused'
like "$(printf '%s\n' 'call init' 'option /x' 'fail get_item' 'fork task_init' | play remote)" 'refused on .*task_init ended with 125' \
  'a service step of which Slurm tells nothing is refused, not run bare'
like "$(printf '%s\n' 'call init' "$ids" 'env SLURM_PODSTEP_ROLE=hub' 'option /x' 'call task_init_privileged' 'fork task_init' | play remote)" \
  'refused on .*did not call the plugin before the task.*task_init ended with 125' 'a task is refused before root acts when slurmstepd was not asked to say that it is tracked'
like "$(printf '%s\n' 'call init' "$ids" 'env SLURM_PODSTEP_ROLE=hub' 'option /x' 'call init_post_opt' 'call task_init_privileged' 'fork task_init' | play remote)" \
  "refused on .*slurmstepd puts the task into the step's containers.*task_init ended with 125" 'and when it does not say so within 10 s'
like "$(printf '%s\n' 'call init' "$ids" 'env SLURM_PODSTEP_HUB=1.2.3.4:5' 'option /x' 'fork task_init' | play remote)" 'task_init ended with 0' \
  'a step inside a service is plain'
like "$(printf '%s\n' 'call init' 'item job 7' 'item step 4294967291' 'env SLURM_HET_SIZE=2' 'option /x' 'fork task_init' | play remote)" \
  'heterogeneous.*task_init ended with 125' 'a component of a heterogeneous job is refused'
like "$(printf '%s\n' 'call init' 'item job 7' 'item step 4294967291' 'option /x' 'fork task_init' | play remote 'store=relative')" \
  'plugstack.conf: store=relative.*task_init ended with 125' 'a line of plugstack.conf that cannot be used refuses services'
like "$(printf '%s\n' 'call init' 'option ' 'call init_post_opt' | play allocator)" 'is empty.*rc=1$' 'an empty value ends sbatch with 1'

# --- forged variables reach nobody with privilege ---
like "$(printf '%s\n' 'call init' 'item job 7' 'item step 1' 'item tasks 1' 'env SLURM_PODSTEP_ROLE=agent' \
  'env SLURM_PODSTEP_IMAGES=sha256:../../x' 'env LD_PRELOAD=/tmp/evil.so' 'fork task_init_privileged' | play remote)" 'task_init_privileged ended with 0' \
  'forged digests do not make a privileged callback fail: the task refuses'
done_testing

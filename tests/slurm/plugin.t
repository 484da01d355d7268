#!/bin/bash
# The SPANK plugin: bad input ends the submission, refusals end a job with 125 and drain nothing, the service's own steps get locked
# namespaces whatever the user tries, and jobs without the option see nothing of it (doc/contracts/spank.md).
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster

[ -e "$PODSTEP_PREFIX/lib/podstep/podstep.so" ] || skip_all "podstep.so is not installed in $PODSTEP_PREFIX"
cluster plugstack
at_exit cluster plugstack
forged=_SLURM_SPANK_OPTION_podstep_ai_service
store=$PODSTEP_CLUSTER_DIR/images

# run_as USER CMD...: output and "rc=N".
run_as() { as "$@" 2>&1; echo "rc=$?"; }
# agent_step SCRIPT [VARIABLE=VALUE...]: a shell where the agent would be, on one node.
agent_step() {
  local script=$1
  shift
  run_as alice env SLURM_PODSTEP_ROLE=agent "$@" srun -N1 -n1 bash -c "$script"
}
nothing_left() {
  local node
  for node in n1 n2 n3; do [ -z "$(on "$node" ls /run/podstep 2>/dev/null)" ] || return 1; done
  ! losetup -l -n -O BACK-FILE 2>/dev/null | grep -q "^$store/"
}
all_idle() { [ "$(sinfo -h -o %T | sort -u)" = idle ]; }

# --- jobs without the option ---
like "$(as alice srun --help)" '--ai-service=FILE' 'srun --help shows the option'
like "$(as alice sbatch --help)" '--ai-service=FILE' 'sbatch --help shows the option'
unlike "$(as alice srun -N1 env)" 'SLURM_PODSTEP|ai_service' 'a plain job sees nothing in its environment'
is "$(as alice srun -w n1 -N1 readlink /proc/self/ns/mnt /proc/self/ns/user)" "$(on n1 readlink /proc/self/ns/mnt /proc/self/ns/user)" \
  'a plain job stays in the namespaces of its node'

# --- bad input ends the submission ---
for command in 'srun --ai-service=/nonexistent/chat.yaml true' 'sbatch --ai-service=/nonexistent/chat.yaml --wrap true' \
  'salloc --ai-service=/nonexistent/chat.yaml true'; do
  # shellcheck disable=SC2086
  like "$(run_as alice $command)" '/nonexistent/chat.yaml.*rc=1$' "${command%% *}: a manifest that is not there is named, exit code 1"
done
like "$(run_as alice srun --ai-service= true)" 'is empty.*fix: .*rc=1$' 'an empty value is refused with a hint'
like "$(run_as alice srun "--ai-service=$(printf 'x%.0s' {1..4096})" true)" '4096 bytes.*rc=1$' 'a value of 4 KiB is refused'
as alice bash -c 'printf "#!/bin/sh\n#SBATCH --ai-service=/nonexistent/line\ntrue\n" > with-line.sh'
like "$(run_as alice sbatch with-line.sh)" '/nonexistent/line' 'the #SBATCH line counts'
like "$(run_as alice env SBATCH_AI_SERVICE=/nonexistent/variable sbatch with-line.sh)" '/nonexistent/variable' 'SBATCH_AI_SERVICE is above the #SBATCH line'
like "$(run_as alice env SBATCH_AI_SERVICE=/nonexistent/variable sbatch --ai-service=/nonexistent/command with-line.sh)" '/nonexistent/command' \
  'the command line is above SBATCH_AI_SERVICE'
like "$(run_as alice env SLURM_AI_SERVICE=/nonexistent/variable srun true)" '/nonexistent/variable' 'SLURM_AI_SERVICE is the option of srun'
is "$(squeue -h -t PD,R | wc -l)" 0 'nothing of all this was submitted'

# --- refusals on the node ---
got=$(run_as alice env $forged=/nonexistent srun -N1 true)
like "$got" 'podstep: job [0-9]+ refused on n[123]: this job asks for --ai-service, but no hub was started for it. Fix: .*rc=125$' \
  'a step whose job was never booted is refused with 125'
job=$(submit alice --export="ALL,$forged=/nonexistent/rest.yaml" -o refused.out --wrap 'echo ran bare')
wait_over "$job"
is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' 'a forged option with a bad manifest fails the job with 125'
like "$(as alice cat refused.out)" "podstep: job $job refused on n[123]: .*" 'its output says why'
unlike "$(as alice cat refused.out)" 'ran bare' 'its script did not run'
job=$(submit alice --export="ALL,SLURM_PODSTEP_SPEC=sha256:../../etc/passwd" -o refused.out --wrap 'echo ran bare')
wait_over "$job"
is "$(job_state "$job") $(job_field "$job" ExitCode)" 'FAILED 125:0' 'a forged digest of a spec fails the job with 125'
like "$(as alice cat refused.out)" 'not a digest' 'it is called what it is'
like "$(run_as alice env SLURM_PODSTEP_ROLE=agent srun -N1 -n2 true)" 'more than one task.*rc=125$' 'a step with two agents on a node is refused'
ok 'no node was drained' wait_until 20 all_idle

# --- the namespaces of the agents' step ---
got=$(agent_step 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; stat -c "%a %u" $SLURM_PODSTEP_RUN; ls $SLURM_PODSTEP_RUN; echo $SLURM_PODSTEP_RUN')
uid=$(as alice id -u)
like "$got" "0 +$uid +1.*0 +$uid +1.*deny" 'the map is the one id of the user, and setgroups is denied'
like "$got" "700 0"$'\n'"img"$'\n'"t"$'\n'"/run/podstep/[0-9]+\.0\.0\.n[123]" 'the run directory is the user'\''s alone'
attack='for what in "mount -o remount,bind,suid,dev $SLURM_PODSTEP_RUN/t" "umount $SLURM_PODSTEP_RUN/t" "setpriv --clear-groups true" "nsenter -t 1 -m true"; do
  $what >/dev/null 2>&1 && echo "possible: $what"; done; echo done'
is "$(agent_step "$attack")" "done"$'\nrc=0' 'flags cannot be remounted away, groups not dropped, other namespaces not entered'
like "$(agent_step 'touch $SLURM_PODSTEP_RUN/t/x && df --output=size -k $SLURM_PODSTEP_RUN/t')" '[0-9]+.*rc=0' 't/ is writable and bounded'
like "$(agent_step 'touch $SLURM_PODSTEP_RUN/sock; mkdir -p $SLURM_PODSTEP_RUN/img/deep/er; ln -s / $SLURM_PODSTEP_RUN/link')" 'rc=0' 'a step leaves files in its run directory'
ok 'the exit callback removes them, links not followed' wait_until 10 nothing_left
like "$(run_as alice env SLURM_PODSTEP_ROLE=hub srun -N1 -n1 bash -c 'echo $SLURM_PODSTEP_RUN; readlink /proc/self/ns/user; ls $SLURM_PODSTEP_RUN')" \
  '/run/podstep/' 'the hub'\''s step has a run directory'

# --- forged digests ---
for digests in 'sha256:../../../etc/passwd' "$(printf 'sha256:%064d,' $(seq 65))" ',' 'md5:x'; do
  like "$(agent_step 'echo ran' SLURM_PODSTEP_IMAGES="$digests")" 'refused on n[123]:.*rc=125$' "forged digests are refused: ${digests:0:30}"
done
missing=$(printf 'f%.0s' {1..64})
like "$(agent_step 'ls $SLURM_PODSTEP_RUN/img | wc -l' SLURM_PODSTEP_IMAGES="sha256:$missing")" '^0.*rc=0$' 'a digest that is not in the store mounts nothing'

# --- images ---
if command -v mksquashfs >/dev/null; then
  mkdir -p "$tmp/root/dir" "$store/sha256"
  echo hello >"$tmp/root/dir/file"; chmod 700 "$tmp/root/dir"
  mknod "$tmp/root/null" c 1 3; chmod 666 "$tmp/root/null"
  mksquashfs "$tmp/root" "$tmp/image.sqsh" -quiet -all-root >/dev/null
  hex=$(sha256sum <"$tmp/image.sqsh" | cut -d' ' -f1)
  at_exit rm -f "$store/sha256/$hex.sqsh"
  install -m 644 "$tmp/image.sqsh" "$store/sha256/$hex.sqsh"
  got=$(agent_step "m=\$SLURM_PODSTEP_RUN/img/$hex; cat \$m/dir/file; stat -c %u \$m/dir; cat \$m/null; mount -o remount,bind,dev,suid,rw \$m; touch \$m/x; cat \$m/null" \
    SLURM_PODSTEP_IMAGES="sha256:$hex,sha256:$hex")
  if [[ $got == *hello* ]]; then
    like "$got" $'hello.*\n0\n' 'an image of the site is mounted once, with its files the user'\''s own'
    like "$got" 'null: Permission denied.*null: Permission denied' 'device nodes in it do not open, before or after the attempt to remount'
    like "$got" 'touch: .*Read-only' 'it stays read-only'
  else
    skip 'this kernel mounts no idmapped squashfs through a loop device' 'an image of the site is mounted'
  fi
  chown 64101 "$store/sha256/$hex.sqsh"
  like "$(agent_step 'echo ran' SLURM_PODSTEP_IMAGES="sha256:$hex")" "$hex.*not a readable file of root.*rc=125$" 'an image that a user owns is refused'
  chown 0 "$store/sha256/$hex.sqsh"; chmod 600 "$store/sha256/$hex.sqsh"
  like "$(agent_step 'echo ran' SLURM_PODSTEP_IMAGES="sha256:$hex")" 'refused.*rc=125$' 'an image that the user may not read is not mounted for him'
  chmod 777 "$store"
  like "$(agent_step 'echo ran' SLURM_PODSTEP_IMAGES="sha256:$hex")" 'image store: .*can be written by others than root.*rc=125$' \
    'a store that others can write is refused'
  chmod 755 "$store"
else
  skip 'mksquashfs is not installed' 'images of the site are mounted'
fi

# --- plugstack.conf ---
conf=$PODSTEP_CLUSTER_DIR/etc/slurm/plugstack.conf
line=$(grep podstep.so "$conf")
printf '%s\n%s\n' "$line" "$line" >"$conf.new" && mv "$conf.new" "$conf"
like "$(agent_step 'wc -l </proc/self/uid_map; cat /proc/self/setgroups')" '1.*deny.*rc=0$' 'a plugin that is listed twice acts once'
cluster plugstack enabled=0
like "$(run_as alice srun --ai-service=x true)" 'unrecognized option.*rc=' 'enabled=0 takes the option away'
like "$(run_as alice env SLURM_PODSTEP_ROLE=agent srun -N1 -n1 readlink /proc/self/ns/user)" "$(on n1 readlink /proc/self/ns/user | sed 's/[][]/\\&/g')" \
  'and touches no step'
like "$(run_as alice podstep check)" $'plugin +MISSING +sbatch has no option --ai-service.*\nfix: plugin: .*plugstack.conf.*rc=1$' \
  'podstep check misses the option, and says where it belongs'
cluster plugstack stor=/x
like "$(run_as alice srun true)" '^rc=0$' 'a bad argument does not disturb plain jobs'
like "$(run_as alice srun --ai-service=/etc/hostname true)" "plugstack.conf: unknown argument 'stor=/x'.*rc=1$" 'and refuses services by name'
cluster plugstack

ok 'every node is idle' wait_until 20 all_idle
ok 'nothing is left on any node' wait_until 10 nothing_left
done_testing

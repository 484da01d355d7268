#!/bin/bash
# What is wrong only where the job runs (a taken port, a node without our helper, an image that went, a record that cannot be written,
# a variable that was forged) ends in one line with cause and fix, or leaves a pod that says so; nothing stays behind, nothing is drained.
# timeout: 400
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
cluster plugstack

home=$(home alice)
forged=_SLURM_SPANK_OPTION_podstep_ai_service
out() { cat "$home/$1.out" 2>/dev/null; }
# service MANIFEST SBATCH-ARGS...: a service job whose script says that it ran; prints its id.
service() { submit alice -o %j.out --ai-service="$1" "${@:2}" --wrap 'echo the script ran; sleep 60'; }
# refused JOB NAME REGEX: it failed with 125, its output is the one line, and the script did not run. unhide is called before the audit.
unhide() { :; }
refused() {
  wait_over "$1" 40
  is "$(job_state "$1") $(job_field "$1" ExitCode)" 'FAILED 125:0' "$2: the job fails with 125"
  like "$(out "$1")" "^podstep: job $1 refused on n[123]: $3"$'[^\n]*$' "$2: one line says why"
  unhide
  audit_clean "$1"
}
# hide NODE PATH: an empty file that cannot be executed lies over it, until unhide.
hide() {
  local node=$1 path=$2
  on "$node" mount --bind /dev/null "$path"
  eval "unhide() { on $node umount '$path'; unhide() { :; }; }"
}
at_exit unhide
# says JOB REGEX: some event of it does.
says() { grep -qE "$2" "$(record "$1")/events.jsonl"; }

file=$(manifest one 1)

# --- programs of ours that are missing or somebody else's on one node
libexec=$PODSTEP_PREFIX/libexec/podstep
hide n2 "$libexec/podstep-prepare"
job=$(service "$file" -N1 -w n2)
refused "$job" 'a node without podstep-prepare' ".*podstep-prepare"

# --- the record
as alice mkdir -p closed && as alice chmod 555 closed
job=$(submit alice -D "$home/closed" -o "$home/%j.out" --ai-service="$file" --wrap 'echo the script ran')
refused "$job" 'a record that cannot be written' ".*$home/closed.*Permission denied.*Fix: .*"
as alice mkdir -p full
on n1 mount -t tmpfs -o "size=16k,mode=700,uid=$(as alice id -u)" tmpfs "$home/full"
unhide() { on n1 umount "$home/full"; unhide() { :; }; }
on n1 sh -c "head -c 16384 /dev/zero >'$home/full/zeros'"
job=$(submit alice -w n1 -D "$home/full" -o "$home/%j.out" --ai-service="$file" --wrap 'echo the script ran')
refused "$job" 'a record on a full file system' ".*No space left on device.*Fix: .*"
on n1 mount -t tmpfs -o "size=256k,mode=700,uid=$(as alice id -u)" tmpfs "$home/full"
unhide() { on n1 umount "$home/full"; unhide() { :; }; }
job=$(submit alice -w n1 -D "$home/full" -o "$home/%j.out" --ai-service="$file" --wrap 'echo the script ran')
refused "$job" 'a record for which there are some KiB' ".*hold 512 KiB in the record .*No space left on device.*Fix: make room there.*"

# --- forged variables
job=$(submit alice -o %j.out --export="ALL,SLURM_PODSTEP_SPEC=sha256:$(printf '0%.0s' {1..64})" --wrap 'echo the script ran')
refused "$job" 'a digest of a spec that nobody rendered' ".*rendered spec.*No such file.*Fix: .*"
job=$(submit alice -o %j.out --export="ALL,$forged=$(printf 'x%.0s' {1..5000})" --wrap 'echo the script ran')
refused "$job" 'a forged option of 5000 bytes' '.*5000 bytes'
job=$(submit alice -o %j.out --export="ALL,$forged=" --wrap 'echo the script ran')
refused "$job" 'a forged option without a value' '.*is empty'

# --- pods that cannot run say so, the others run
printf '%s\n' 'apiVersion: v1' 'kind: Pod' 'metadata: {name: blocked}' 'spec:' '  terminationGracePeriodSeconds: 2' \
  '  containers: [{name: c, image: static-server, args: [-p, "7001"], ports: [{containerPort: 7001}]}]' >"$home/port.yaml"
rm -f "$home/free"
on n1 sh -c "busybox nc -ll -p 7001 -e true & until [ -e '$home/free' ]; do sleep 0.2; done; kill \$!" & listener=$!
wait_until 10 on n1 sh -c 'ss -Hltn sport = :7001 | grep -q .'
at_exit "touch '$home/free'"
job=$(service "$home/port.yaml" -N1 -w n1)
ok 'a port that is taken: an event says so' wait_until 30 says "$job" 'port 7001 is already taken on node n1; .*Fix: another port'
like "$(as alice podstep status "$job")" 'CreateContainerConfigError' 'and the status'
touch "$home/free"; wait $listener
ok 'and when it is free the pod starts' wait_until 30 eval 'jq -e ".pods[0].phase == \"Running\"" "$(record "$job")/status.json"'
as alice podstep stop "$job"; wait_over "$job"
audit_clean "$job"

as alice podstep image build static-tree passing --entrypoint '["/bin/httpd", "-f"]' >/dev/null 2>&1
path=$(as alice podstep image inspect passing | jq -r .path)
{ printf '%s\n' 'apiVersion: v1' 'kind: Pod' 'metadata: {name: pass}' 'spec:' '  terminationGracePeriodSeconds: 2' \
  '  containers: [{name: c, image: passing}]' ---; cat "$file"; } >"$home/two.yaml"
# broken COMMAND NAME REGEX: the image `passing` is broken by COMMAND after the submission.
broken() {
  job=$(submit alice --begin=now+1 -N1 -o %j.out --ai-service="$home/two.yaml" --wrap 'sleep 60')
  "$1"
  ok "$2: an event names the image" wait_until 40 says "$job" "ErrImagePull.*$3"
  ok "$2: the pod waits" wait_until 40 eval 'as alice podstep status "$job" | grep -qE "pass .*(ErrImagePull|ImagePullBackOff)"'
  ok "$2: the other pod serves (fault F15)" wait_until 40 answers "$job" 1
  as alice podstep stop "$job"; wait_over "$job"
  audit_clean "$job"
}
cut_it() { truncate -s 4096 "$path"; }
broken cut_it 'an image that was truncated since' '/sha256/[0-9a-f]*.sqsh is truncated: 4096 bytes of .*Fix: import it again'
as alice podstep image build static-tree passing --entrypoint '["/bin/httpd", "-f"]' >/dev/null 2>&1
remove_it() { as alice podstep image rm passing; }
broken remove_it 'an image that was removed since' 'there is no image passing in .*Fix: '

# --- an array works with the real daemons: a service of its own for each task
job=$(submit alice -N1 --array=1-2 -o array-%a.out --ai-service="$file" --wrap 'podstep wait --timeout=40 && echo ready $SLURM_PODSTEP_HUB')
wait_until 90 eval '[ -z "$(squeue -h -j "$job" 2>/dev/null)" ]'
like "$(as alice cat array-1.out array-2.out)" $'ready 10[.0-9]+:[0-9]+\n(.*\n)*ready 10[.0-9]+:[0-9]+' 'a job array works: each task has its service'
audit_clean "$job"
done_testing

#!/bin/bash
# podstep logs of a pod on the job's first node asks the agent there, not the hub beside it, whose 404 once was the answer.
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(home alice)/talker.yaml
cat >"$file" <<'END'
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: talker
    image: static-server
    command: [/bin/sh, -c, "echo one; echo two; sleep 1000"]
END
job=$(serve "$file" -N1)
ok 'the pod runs' as alice podstep wait --for=ready --timeout=60 "$job"
is "$(as alice podstep logs -j "$job" talker)" $'one\ntwo' 'its log comes from its node'
is "$(as alice podstep logs -j "$job" --tail 1 talker)" two 'or the end of it'
scancel "$job"
ok 'the job ends' wait_over "$job" 40
is "$(as alice podstep logs -j "$job" talker)" $'one\ntwo' 'afterwards it comes from the record'
audit_clean "$job"
done_testing

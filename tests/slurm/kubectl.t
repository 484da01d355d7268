#!/bin/bash
# Kubernetes' own client works with the hub of a job: it lists, watches, describes, applies, scales and deletes; what is not served is refused by name.
# timeout: 400
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
command -v kubectl >/dev/null || skip_all 'kubectl is not installed (Debian: kubernetes-client)'

# A sanitizer takes some 90 MiB in each of our programs, and the first node has seven at once (two hubs, two agents, podstep hold, the
# watch, another podstep kubectl): more than the 750 MB that go with a CPU. The agent was killed again and again, and at the tenth gave up.
memory=()
[ -z "${PODSTEP_SANITIZED:-}" ] || memory=(--mem=1200M)
job=$(serve "$(manifest web 2 200m)" -N2 "${memory[@]}")
come_up "$job" 2
node=$(first_node "$job")
socket=$(cluster run -u alice --node "$node" sh -c 'for one in /run/podstep/"$1".*/sock; do curl -sf -o /dev/null --unix-socket "$one" http://hub/api && echo "$one"; done' sh "$job")
like "$socket" '^/run/podstep/[^ ]*/sock$' "one socket of the job's on its first node is the hub's"
k() { as alice podstep kubectl -j "$job" "$@"; }
field() { k get "$1" -o "jsonpath={$2}"; }

pods=$(k get pods -o wide)
like "$pods" '^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE' 'get pods has the columns of Kubernetes'
is "$(grep -cE '^web-[^ ]+ +1/1 +Running +0 +[0-9]+[sm][^ ]* +[0-9.]+ +n[12]$' <<<"$pods")" 2 'and a row for each pod, with its node'
like "$(k get nodes)" $'n1 +Ready .*\nn2 +Ready ' 'get nodes has the nodes of the allocation'
like "$(k get deployments,rs -o wide)" 'web +2/2 +2 +2 +.* httpd +static-server +app=web' 'get deployments says what is ready, of which image'
is "$(k get all -o name | cut -d/ -f1 | sort | uniq -c | xargs)" '1 deployment.apps 2 pod 1 replicaset.apps' 'get all finds what the manifest made'
like "$(k get events)" 'Scheduled +pod/web-' 'get events tells what happened'
pod=$(k get pods -o name | head -n 1)
described=$(k describe "$pod")
like "$described" $'Ready: +True\n' 'describe knows the conditions'
like "$described" 'Events:.*Successfully assigned default/web-' 'and the events of a pod'
like "$(k describe node "$node")" 'Allocated resources:.*cpu +200m' 'describe node adds up what its pods ask for'

# A watch goes on while a Deployment is scaled.
k get pods -w >"$tmp/watch" 2>&1 &
wait_until 10 grep -q '^web-' "$tmp/watch"
# Threat T17: its port is for its own key alone.
port=$(on "$node" ss -Hltnp | sed -n 's/.* 127\.0\.0\.1:\([0-9]*\) .*"podstep",.*/\1/p')
like "$port" '^[0-9]+$' 'there is one port, on the loopback interface'
is "$(cluster run -u bob --node "$node" curl -sk -o /dev/null -w '%{http_code}' "https://127.0.0.1:$port/api/v1/pods")" 401 'a stranger is not let in'
like "$(on "$node" sh -c "ls -l -d /run/podstep/*/kubectl.*")" '^drwx------ .* alice ' 'and cannot read the key'
like "$(k scale deployment web --replicas=3)" 'scaled' 'a Deployment is scaled'
ok 'rollout status waits until it is done' k rollout status deployment/web --timeout=40s
is "$(field deployment/web .status.readyReplicas)" 3 'and three are ready'
seen() { [ "$(grep -c ' 1/1 ' "$tmp/watch")" -ge 3 ] && [ "$(cut -d' ' -f1 "$tmp/watch" | sort -u | grep -c ^web-)" = 3 ]; }
ok 'the watch has seen the third pod become ready' wait_until 20 seen || diag "$(cat "$tmp/watch")"
like "$(k delete "$pod")" 'deleted' 'a pod is deleted, and waited for'
replaced() { [ "$(field deployment/web .status.readyReplicas)" = 3 ] && [ -z "$(k get "$pod" --ignore-not-found)" ]; }
ok 'and replaced' wait_until 40 replaced

one=$(manifest_pod one '  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: static-server
    command: [/bin/sleep, "1000"]
    resources: {requests: {cpu: 100m}}')
like "$(k apply -f "$one")" 'pod/one created' 'a manifest is applied'
ok 'and its pod runs' k wait --for=condition=Ready pod/one --timeout=30s
sed -i 's/name: one}/name: one, labels: {tier: back}}/' "$one"
like "$(k apply -f "$one")" 'pod/one configured' 'applied again, what was changed is changed'
is "$(k get pods -l tier=back -o name)" pod/one 'and found by its label'
printf '  dnsPolicy: None\n' >>"$one"
# kubectl of 1.25 and later asks for strictness.
like "$(k apply -f "$one" 2>&1)" '(strict decoding error: not supported|[Ww]arning: not supported, and left out): spec.dnsPolicy' 'a field that is not supported is told'
like "$(k delete -f "$one")" 'deleted' 'what was applied is deleted'

# refused VERB REGEX ARGS...: a Status, at once.
refused() {
  local verb=$1 regex=$2 out
  shift 2
  out=$(k "$@" 2>&1) && diag "status 0"
  like "$out" "$regex" "$verb: refused by name"
}
refused logs 'pods/log is not served .* use podstep logs' logs deployment/web
refused exec 'pods/exec is not served .* use podstep exec' exec "$(k get pods -o name | head -n 1)" -- id
refused 'a kind that is not there' "doesn't have a resource type \"configmaps\"" get configmaps
refused 'an object that is not there' 'NotFound.*pods "none" not found' get pod none
refused 'orphans' 'propagationPolicy Orphan is not supported' delete deployment web --cascade=orphan
refused 'server-side apply' 'body must be JSON' apply --server-side -f "$one"
like "$(hub_api "$job" DELETE '/apis/apps/v1/namespaces/default/deployments/web?dryRun=All')" \
  'dryRun is not supported' 'a dry run is not taken for a real one'
is "$(k get deployment web -o name)" deployment.apps/web 'and nothing was deleted'

for pid in $(job_pids "$job" "$node"); do ! grep -qa cache-dir "/proc/$pid/cmdline" || kill "$pid"; done
swept() { ! on "$node" sh -c "ls -d /run/podstep/*/kubectl.*"; }
ok 'when kubectl is killed, nothing of the command stays' wait_until 20 swept
is "$(k get pod none >/dev/null 2>&1; echo $?)" 1 "the exit code is kubectl's own"
is "$(echo '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"piped"},"spec":{"containers":[{"name":"c","image":"static-server"}]}}' | k create -f - -o name)" pod/piped 'a manifest can come through a pipe'

scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

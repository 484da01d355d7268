#!/bin/bash
# The real podstep-hub, without Slurm: driven with curl over its unix socket and over TLS as an agent, killed, and ended (fault F22, threat T17).
# timeout: 120
. "$(dirname "$0")/../../lib/tap.sh"

hub=${PODSTEP_HUB:-$top_builddir/podstep-hub}
[ -x "$hub" ] || { skip 'podstep-hub is not built' 'the hub answers'; done_testing; exit; }
record=$tmp/record run=$tmp/run
mkdir "$record" "$run" && mkfifo "$tmp/in"
cat > "$record/spec.json" <<'JSON'
{"version":1,"source":"chat.yaml","objects":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"chat",
 "annotations":{"podstep.io/source":"chat.yaml:31"}},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"chat"}},
 "template":{"metadata":{"labels":{"app":"chat"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"x",
 "resources":{"limits":{"cpu":"1"}},"ports":[{"name":"http","containerPort":8080}]}]}}}}]}
JSON
sleep 300 > "$tmp/in" & feeder=$!
SLURM_JOB_ID=77 SLURMD_NODENAME=$(hostname) SLURM_PODSTEP_RECORD=$record SLURM_PODSTEP_RUN=$run \
  "$hub" < "$tmp/in" > "$tmp/out" 2> "$tmp/err" & supervisor=$!
at_exit "kill -9 $supervisor $feeder"

api() { curl -sS --max-time 5 --unix-socket "$run/sock" "http://hub$1" "${@:2}"; }
code() { api "$@" -o "$tmp/body" -w '%{http_code}'; }
answers() { [ "$(code /version)" = 200 ]; }
count() { api "$1" | grep -o '"uid":"[^"]*","resourceVersion"' | wc -l; }
has() { [ "$(count "$1")" = "$2" ]; }
node() {
  printf '{"apiVersion":"v1","kind":"Node","metadata":{"name":"%s"},"status":{"allocatable":{"cpu":"2","memory":"4Gi","pods":"110"},
    "conditions":[{"type":"Ready","status":"True"}],"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}' "$1"
}
said() { grep -q "$1" "$tmp/out"; }

ok 'the hub answers on its socket' wait_until 10 answers
like "$(cat "$tmp/out")" '^hub [0-9.]+ [0-9]+ [0-9a-f]{64}$' 'it says where it listens and its fingerprint'
read -r _ address port _ < "$tmp/out"
is "$(stat -c %a "$record/key")" 600 'the key is for the user alone'
like "$(cat "$record/key")" '^[0-9a-f]{64}$' 'and 32 random bytes'

# An agent with a certificate that boot announces, one that boot does not know, and one without.
for who in n1 stranger; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$who" \
    -keyout "$tmp/$who.key" -out "$tmp/$who.crt" 2>/dev/null
done
pin=$(openssl x509 -in "$tmp/n1.crt" -outform DER | sha256sum | cut -d' ' -f1)
printf 'expect 2\nagent n1 0 %s\n' "$pin" > "$tmp/in"
agent() { curl -sSk --tlsv1.3 --max-time 5 --cert "$tmp/$1.crt" --key "$tmp/$1.key" -o "$tmp/body" -w '%{http_code}' "https://$address:$port$2" "${@:3}"; }
pinned() { [ "$(agent n1 '/api/v1/nodes?fieldSelector=metadata.name%3Dn1')" = 200 ]; }
ok 'threat T17: an announced agent is served' wait_until 5 pinned
is "$(agent stranger /api/v1/nodes)" 401 'a certificate that boot did not announce is nobody'
is "$(curl -sk --max-time 5 -o /dev/null -w '%{http_code}' "https://$address:$port/version")" 401 'nor is a client without one'
ok 'TLS 1.2 is refused' bash -c "! curl -sk --tls-max 1.2 --max-time 5 https://$address:$port/version"
is "$(agent n1 /api/v1/pods)" 403 'an agent may not list all pods'
is "$(agent n1 /api/v1/nodes -X POST -d "$(node n2)")" 403 'an agent may not make another node'
is "$(agent n1 /api/v1/nodes -X POST -d "$(node n1)")" 201 'an agent makes its own node'
is "$(agent n1 /podstep/v1/key)" 200 'an agent gets the key'

is "$(code /api/v1/nodes -X POST -d "$(node n2)")" 201 'the second node registers'
ok 'boot hears that all have registered' wait_until 5 said '^registered$'
ok 'one replica is bound to each node' wait_until 5 has '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1' 1
ok 'and to the other' wait_until 5 has '/api/v1/pods?fieldSelector=spec.nodeName%3Dn2' 1
like "$(cat "$record/status.json")" '"phase":"Starting"' 'the record says that the service starts'

# What Kubernetes would refuse, refused as Kubernetes does.
is "$(code /api/v1/namespaces/default/pods/none)" 404 'a pod that is not there'
like "$(cat "$tmp/body")" '"reason":"NotFound"' 'is NotFound'
is "$(code /api/v1/nodes -X POST -d "$(node n1)")" 409 'a second object of that name'
is "$(code /api/v1/namespaces/default/pods -X POST -d '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"X"},"spec":{"containers":[]}}')" 422 'an invalid pod'
is "$(code /api/v1/namespaces/default/pods -X POST -d '{')" 400 'broken JSON'
is "$(code '/api/v1/pods?labelSelector=((')" 400 'a broken selector'
is "$(code /api/v1/namespaces/default/deployments/chat)" 404 'a kind under the wrong group'
is "$(code /apis/apps/v1/namespaces/default/deployments/chat -X PATCH -H 'Content-Type: application/x' -d '{}')" 415 'a patch of unknown type'
is "$(code /apis/apps/v1/namespaces/default/deployments/chat -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"resourceVersion":"1"}}')" 409 'a change of an old version'

# A watch sees a change; an old revision is gone.
api '/apis/apps/v1/deployments?watch=true&timeoutSeconds=4' > "$tmp/watch" & watcher=$!
sleep 0.5
is "$(code /apis/apps/v1/namespaces/default/deployments/chat -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"replicas":3}}')" 200 'a Deployment is scaled by a patch'
wait "$watcher"
like "$(cat "$tmp/watch")" '"type":"ADDED"' 'a watch begins with what is there'
like "$(grep MODIFIED "$tmp/watch")" '"replicas":3' 'and shows the change'
uids() { api /api/v1/pods | grep -o '"uid":"[^"]*","resourceVersion"' | sort; }
ok 'three pods are there' wait_until 5 has /api/v1/pods 3

# Fault F22: the worker is killed; nothing that was there is lost or made anew.
before=$(uids) key=$(cat "$record/key") version=$(api /api/v1/pods | grep -o '"resourceVersion":"[0-9]*"' | head -1 | tr -dc 0-9)
worker=$(pgrep -P "$supervisor")
kill -9 "$worker"
back() { local now; now=$(pgrep -P "$supervisor") && [ "$now" != "$worker" ] && answers; }
ok 'fault F22: the worker is back' wait_until 5 back
is "$(uids)" "$before" 'with the same pods'
is "$(cat "$record/key")" "$key" 'and the same key'
ok 'resourceVersions go on' test "$(api /api/v1/pods | grep -o '"resourceVersion":"[0-9]*"' | head -1 | tr -dc 0-9)" -gt "$version"
like "$(api "/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=$version")" '"code":410' 'watchers are told to list again'
ok 'the agent is still known, on the same port' wait_until 5 pinned
is "$(grep -c ^hub "$tmp/out")" 1 'so boot needs not be told again'

# The end: endpoints withdrawn, pods deleted with grace, then over, in order, while an agent waits for news in a watch.
curl -sSkN --tlsv1.3 --cert "$tmp/n1.crt" --key "$tmp/n1.key" "https://$address:$port/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&watch=true" \
  >"$tmp/watch" 2>/dev/null & watcher=$!
at_exit "kill $watcher"
ok 'an agent watches its pods' wait_until 5 grep -q ADDED "$tmp/watch"
kill -TERM "$supervisor"
deleting() { api /api/v1/pods | grep -q deletionTimestamp; }
ok 'on SIGTERM the pods are deleted with grace' wait_until 5 deleting
like "$(cat "$record/endpoints.json")" '"state":"withdrawn"' 'the endpoints are withdrawn first'
for name in $(api /api/v1/pods | grep -o '"name":"chat-[^"]*-[a-z0-9]\{5\}"' | cut -d'"' -f4 | sort -u); do
  code "/api/v1/namespaces/default/pods/$name?gracePeriodSeconds=0" -X DELETE >/dev/null
done
gone() { ! kill -0 "$supervisor" 2>/dev/null; }
ok 'the hub ends when the last pod is gone' wait_until 10 gone
wait "$supervisor"
is $? 0 'in order, whatever waited for it'
unlike "$(cat "$tmp/err")" 'ERROR: [A-Za-z]*Sanitizer|runtime error:' 'and touches nothing on its way out that is gone'
like "$(cat "$record/status.json")" '"phase":"Ended"' 'the record says so'
ok 'the socket is gone' test ! -e "$run/sock"
done_testing

#!/bin/bash
# Threat T7: the table of who gets what at a hub: every endpoint and verb, for strangers with whatever proof they bring, for agents, and for the job's user.
# timeout: 200
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
hub=$top_builddir/podstep-hub

# --- one hub with two agents whose keys are ours, over TLS and by its socket; t17-strangers.t has handshakes, floods, and keys that were replaced
mkdir -p "$tmp/record" "$tmp/run"
mkfifo "$tmp/in"
echo '{"version":1,"source":"x.yaml","objects":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"d"}},"template":{"metadata":{"labels":{"a":"d"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}]}' \
  >"$tmp/record/spec.json"
sleep 300 >"$tmp/in" &
at_exit kill -9 $!
SLURM_JOB_ID=77 SLURMD_NODENAME=$(hostname) SLURM_PODSTEP_RECORD=$tmp/record SLURM_PODSTEP_RUN=$tmp/run "$hub" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
pid=$!
at_exit kill -9 "$pid"
wait_until 10 grep -q '^hub ' "$tmp/out"
read -r _ address port _ <"$tmp/out"
base=https://$address:$port
for who in n1 n2 stranger; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=system:node:n1" -keyout "$tmp/$who.key" -out "$tmp/$who.crt" 2>/dev/null
done
pin() { openssl x509 -in "$tmp/$1.crt" -outform DER | sha256sum | cut -d' ' -f1; }
printf 'expect 2\nagent n1 0 %s\nagent n2 1 %s\n' "$(pin n1)" "$(pin n2)" >"$tmp/in"
key=$(cat "$tmp/record/key")
like "$key" '^.{16,}$' 'the hub has made a key for its pods'

# ask WHO METHOD PATH [BODY]: the status code. The claims are headers by which other servers know or trust somebody.
claims=(-H 'X-Remote-User: admin' -H 'X-Remote-Group: system:masters' -H 'Impersonate-User: system:admin' -H 'X-Forwarded-For: 127.0.0.1')
ask() {
  local who=$1 method=$2 path=$3 how=() type=application/json at=$base
  case $who in
    token) how=(-H "Authorization: Bearer $key") ;;
    basic) how=(-u "root:$key") ;;
    claims) how=("${claims[@]}") ;;
    stranger | n1 | n2) how=(--cert "$tmp/$who.crt" --key "$tmp/$who.key") ;;
    borrowed) how=(--cert "$tmp/stranger.crt" --key "$tmp/stranger.key" -H "Authorization: Bearer $key" "${claims[@]}") ;;
    owner) how=(--unix-socket "$tmp/run/sock") at=http://hub ;;
  esac
  [ "$method" != PATCH ] || type=application/merge-patch+json
  [ $# = 3 ] || how+=(-H "Content-Type: $type" -d "$4")
  curl -sk --path-as-is --max-time 5 "${how[@]}" -X "$method" -o "$tmp/body" -w '%{http_code}' "$at$path"
}
strangers=(nobody token basic claims stranger borrowed)
ready() { [ "$(ask n1 GET /version) $(ask n2 GET /version)" = '200 200' ]; }
ok 'both agents are known' wait_until 5 ready

pod() { echo '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"'"$1"'"},"spec":{"nodeName":"'"$2"'","containers":[{"name":"c","image":"x"}]}}'; }
named() { echo '{"apiVersion":"'"$1"'","kind":"'"$2"'","metadata":{"name":"'"$3"'"}}'; }
ns=/api/v1/namespaces/default pods=/api/v1/namespaces/default/pods leases=/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases
deployments=/apis/apps/v1/namespaces/default/deployments
label='{"metadata":{"labels":{"x":"y"}}}' phase='{"status":{"phase":"Running"}}'
event='{"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"mine","namespace":"default"},"reason":"R","message":"m","type":"Normal"}'
# Columns: n1, n2 and the job's user; strangers get 401 everywhere. In this order: each row builds on those before.
table=$(cat <<END
201 403 409 POST /api/v1/nodes $(named v1 Node n1)
403 201 409 POST /api/v1/nodes $(named v1 Node n2)
403 403 201 POST $pods $(pod mine n1)
403 403 201 POST $pods $(pod theirs n2)
200 200 200 GET /version
200 200 200 GET /api
200 200 200 GET /apis
200 200 200 GET /openapi/v2
200 200 200 GET /podstep/v1/key
404 404 404 POST /podstep/v1/key {}
404 404 404 GET /podstep/v1/other
404 404 404 GET /
200 200 200 GET /healthz
404 404 404 GET /metrics
404 404 404 GET /logs/
404 404 404 GET /debug/pprof/
404 404 404 GET /exec/default/mine/c
404 404 404 GET /run/default/mine/c
404 404 404 GET /containerLogs/default/mine/c
403 403 200 GET /api/v1/nodes
200 403 200 GET /api/v1/nodes?fieldSelector=metadata.name%3Dn1
403 403 200 GET /api/v1/nodes?fieldSelector=metadata.name!%3Dn2
200 403 200 GET /api/v1/nodes/n1
200 403 200 PATCH /api/v1/nodes/n1 $label
200 403 200 PATCH /api/v1/nodes/n1/status $label
403 403 200 PATCH /api/v1/nodes/n1 {"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]}}
403 403 404 GET /api/v1/nodes/none
403 403 200 GET /api/v1/pods
403 403 200 GET $pods
200 403 200 GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn1
403 200 200 GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn2
200 403 200 GET $pods/mine
403 200 200 GET $pods/theirs
404 404 404 GET $pods/none
403 403 200 PATCH $pods/mine $label
200 403 200 PATCH $pods/mine/status $phase
403 403 422 PUT $pods/mine $(pod mine n2)
405 405 405 PATCH $pods $label
405 405 405 GET $pods/mine/log
405 405 405 GET $pods/mine/log?container=../../../etc/passwd
405 405 405 GET $pods/mine/exec?command=id&stdin=true
405 405 405 POST $pods/mine/exec?command=id&stdin=true
405 405 405 GET $pods/mine/attach
405 405 405 POST $pods/mine/attach
405 405 405 GET $pods/mine/portforward
405 405 405 POST $pods/mine/portforward
405 405 405 POST $pods/mine/eviction {}
404 404 404 POST $pods/mine/binding {}
404 404 404 GET $pods/mine/proxy
404 404 404 POST $pods/mine/ephemeralcontainers {}
404 404 404 GET /api/v1/nodes/n1/proxy/pods
403 403 200 GET $deployments
403 403 200 GET $deployments/d
403 403 200 GET $deployments/d/scale
403 403 200 PATCH $deployments/d/scale {"spec":{"replicas":2}}
403 403 422 POST $deployments $(named apps/v1 Deployment d)
403 403 200 DELETE $deployments/d
403 403 200 GET /apis/apps/v1/replicasets
201 403 409 POST $leases $(named coordination.k8s.io/v1 Lease n1)
200 403 200 GET $leases/n1
200 403 200 PATCH $leases/n1 $label
403 403 200 GET $leases
403 403 200 GET ${leases/kube-node-lease/default}
201 409 409 POST $ns/events $event
403 403 200 GET $ns/events
403 403 200 DELETE $ns/events
404 404 404 GET $ns/secrets
404 404 404 GET $ns/configmaps
404 404 404 POST $ns/serviceaccounts/default/token {}
404 404 404 POST /apis/authentication.k8s.io/v1/tokenreviews {}
404 404 404 POST /apis/authorization.k8s.io/v1/subjectaccessreviews {}
404 404 404 GET /apis/rbac.authorization.k8s.io/v1/clusterroles
404 404 404 GET $pods/../nodes
404 404 404 GET //api/v1/pods
404 404 404 GET /api/v1/%6eodes
404 404 404 GET /podstep/../api/v1/nodes
200 403 200 DELETE $pods/mine
403 403 200 DELETE $pods
403 403 200 DELETE /api/v1/nodes?fieldSelector=metadata.name%3Dnone
403 403 200 DELETE /api/v1/nodes/n1
END
)
# A stranger's body is not read: the refusal is another one then, or lost with the connection.
refusal() { case $(ask "$@") in 401) echo 401 ;; 413 | 000) [ $# = 4 ] && echo 401 ;; *) echo "$1 was served" ;; esac; }
row() {
  local who got='' want="401 n1:$1 n2:$2 owner:$3"
  got=$(for who in "${strangers[@]}"; do refusal "$who" "${@:4}"; done | sort -u | xargs)
  for who in n1 n2 owner; do got+=" $who:$(ask "$who" "${@:4}")"; done
  is "$got" "$want" "$4 $5"
}
while read -r n1 n2 owner method path body; do row "$n1" "$n2" "$owner" "$method" "$path" ${body:+"$body"}; done <<<"$table"

# --- sizes, also of those who are known
head -c $((9 << 20)) /dev/zero | tr '\0' x >"$tmp/large"
like "$(ask n1 POST "$ns/events" @"$tmp/large")" '^(413|000)$' 'a body beyond 8 MiB is refused'
head -c $((2 << 20)) /dev/zero | tr '\0' x >"$tmp/long"
{ printf '{"apiVersion":"v1","kind":"Event","metadata":{"name":"long"},"message":"'; cat "$tmp/long"; printf '"}'; } >"$tmp/object"
like "$(ask n1 POST "$ns/events" @"$tmp/object")" '^4' 'and an object beyond 1.5 MiB'
claims=(-H @<(printf 'X-Long: %s' "$(head -c 70000 "$tmp/long")"))
like "$(ask claims GET /version)" '^(4..|000)$' 'a head beyond 64 KiB is refused'
is "$(ask n1 GET /version)" 200 'and the hub goes on'

# --- the hub of a job on the cluster, and the ports of `podstep kubectl` of two jobs, each with a key of its own. A kubectl that stays is enough.
mkdir -p "$(home alice)/stays"
printf '#!/bin/sh\nexec sleep 300\n' >"$(home alice)/stays/kubectl"
chmod -R a+rx "$(home alice)/stays"
mine=$(serve "$(manifest t07 1)" -N1 --nodelist=n1)
other=$(serve "$(manifest t07b 1)" -N1 --nodelist=n2)
come_up "$mine" 1
come_up "$other" 1
for job in "$mine" "$other"; do as alice env PATH="$(home alice)/stays:$PATH" podstep kubectl -j "$job" get pods >/dev/null 2>&1 & done
# door JOB NODE: its port; keys JOB NODE: where what opens it lies.
listens() { on "$1" ss -Hltnp | sed -n "s/.* $2:\([0-9]*\) .*\"$3\",.*/\1/p"; }
door() { listens "$1" '127\.0\.0\.1' podstep; }
keys() { on "$2" sh -c "ls -d /run/podstep/$1.*/kubectl.*/client.key" | xargs -r -n1 dirname; }
doors() { [ -n "$(door n1)" ] && [ -n "$(door n2)" ] && [ -n "$(keys "$mine" n1)" ] && [ -n "$(keys "$other" n2)" ]; }
ok 'both ports are open' wait_until 20 doors
for job in "$mine n1" "$other n2"; do
  read -r id node <<<"$job"
  for file in client.crt client.key; do on "$node" cat "$(keys "$id" "$node")/$file" >"$tmp/$id.$file"; done
done
job_key=$(jq -r .key "$(record "$mine")/endpoints.json")
like "$job_key" '^.{16,}$' 'the job has a key for its pods'
# knock WHERE WITH METHOD PATH: the status code, asked on n1 as bob: WHERE is the hub's port or the door.
hub_at=https://$(on n1 sh -c "ss -Hltnp" | sed -n 's/.* \([0-9.]*:[0-9]*\) .*"podstep-hub",.*/\1/p') door_at=https://127.0.0.1:$(door n1)
like "$hub_at" '^https://10\.[0-9.]+:[0-9]+$' "the hub's port is on the node's address"
cp "$tmp"/*.crt "$tmp"/*.key "$(home bob)" && chmod a+r "$(home bob)"/*.crt "$(home bob)"/*.key
at_exit "rm -f $(home bob)/*.crt $(home bob)/*.key"
knock() {
  local at=$hub_at how=()
  [ "$1" = hub ] || at=$door_at
  case $2 in
    nobody) ;;
    token) how=(-H "Authorization: Bearer $job_key") ;;
    stranger) how=(--cert stranger.crt --key stranger.key) ;;
    *) how=(--cert "$2.client.crt" --key "$2.client.key") ;;
  esac
  cluster run -u bob --node n1 -- curl -sk --max-time 5 "${how[@]}" -X "$3" -o /dev/null -w '%{http_code}' "$at$4"
}
pod=$(jq -r '.pods[0].name' "$(record "$mine")/status.json")
# What opens the door of the job's user: the code behind it.
while read -r code method path; do
  is "$(for who in nobody token stranger "$mine" "$other"; do knock hub "$who" "$method" "$path"; done)" 401401401401401 \
    "the hub's port: $method $path: 401 without a key, with the pods' key, a stranger's, the door's, another job's"
  is "$(for who in nobody token stranger "$other" "$mine"; do knock door "$who" "$method" "$path"; done)" "401401401401$code" "the door: $method $path: only for its own key"
done <<END
200 GET /version
200 GET /api/v1/nodes
200 GET /api/v1/pods
200 GET $pods/$pod
405 GET $pods/$pod/log
405 POST $pods/$pod/exec?command=id
405 POST $pods/$pod/attach
405 POST $pods/$pod/portforward
200 GET /podstep/v1/key
404 GET /metrics
404 DELETE $pods/none
END
# A pod has its node's network and its user's id, and the job's key.
for path in /version /api/v1/pods /podstep/v1/key; do
  is "$(cluster run -u alice --node n1 -- curl -sk --max-time 5 -H "Authorization: Bearer $job_key" -o /dev/null -w '%{http_code}' "$hub_at$path")" 401 \
    "$path: who comes as a pod would gets no more than a stranger"
done
is "$(jq -r '.pods[0].restarts' "$(record "$mine")/status.json") $(status_is "$mine" '.phase == "Ready"')" '0 true' 'nothing has happened to the service'
scancel "$mine" "$other"
wait_over "$mine" 40
wait_over "$other" 40
audit_clean "$mine"
audit_clean "$other"
done_testing

#!/bin/bash
# Fault F24: when the squashfuse of an image is killed, containers on that image end with RootfsLost and start again by their policy after
# it is mounted again, also when the agent's worker is another one by then; where it cannot be mounted again the pod says why.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

tree=$(home alice)/f24-tree
as alice cp -a "$(home alice)/static-tree" "$tree"
as alice sh -c "echo other >'$tree/etc/other'" # another image, so another squashfuse
at_exit rm -rf "$tree"
build() { as alice podstep image build "$tree" f24-image --entrypoint '["/bin/httpd", "-f", "-h", "/www"]' >"$tmp/image.log" 2>&1; }
ok 'a second image can be made' build
file=$(manifest f24 1)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: web, annotations: {podstep.io/port-http: auto}}
spec:
  terminationGracePeriodSeconds: 600 # nothing of a root that is gone can use it
  containers:
  - name: httpd
    image: f24-image
    args: ["-p", "$(PORT_HTTP)"]
    ports: [{name: http}]
    resources: {requests: {cpu: 100m}}
    readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: once}
spec:
  restartPolicy: Never
  containers: [{name: main, image: f24-image, command: [/bin/sh, -c, 'trap "exit 0" TERM; while :; do sleep 1; done'], resources: {requests: {cpu: 100m}}}]
END
job=$(serve "$file" -N1)
come_up "$job" 2
node=$(first_node "$job")

# squashfuse IMAGE: the pid of the one that mounts it. pod NAME FILTER: jq(1)'s FILTER holds for that pod, as the hub has it.
squashfuse() {
  local pid hex
  hex=$(as alice podstep image inspect "$1" | jq -r '.digest[7:]')
  for pid in $(job_pids "$job" "$node" squashfuse_ll); do grep -q "img/$hex" "/proc/$pid/cmdline" && echo "$pid"; done
}
pod() { hub_api "$job" GET /api/v1/namespaces/default/pods | jq -e --arg name "$1" ".items[] | select(.metadata.name | startswith(\$name)) | $2"; }
# server NAME: the pid of that pod's httpd, from its port.
server() { on "$node" ss -Hltnp "sport = :$(jq -r --arg pod "$1" '.endpoints[] | select(.pod | startswith($pod)) | .port' "$(record "$job")/endpoints.json")" | sed -n 's/.*pid=\([0-9]*\).*/\1/p'; }

ok 'the pod without probes runs' wait_until 20 status_is "$job" '.pods[] | select(.name == "once") | .phase == "Running"'
neighbour=$(server f24-) first=$(squashfuse f24-image)
like "$first" '^[0-9]+$' 'one squashfuse mounts the image'
kill -9 "$first"
ok 'the container that may start again ended with RootfsLost' wait_until 20 \
  pod web '.status.containerStatuses[0] | .restartCount == 1 and .lastState.terminated.reason == "RootfsLost"'
ok 'an event says what it has lost' wait_until 10 event "$job" Killing 'Container httpd has lost its root: the mount of its image ended'
ok 'the one that may not has failed with it, although it exits with 0' wait_until 20 \
  pod once '.status | .phase == "Failed" and (.containerStatuses[0].state.terminated | .reason == "RootfsLost" and .exitCode == 137)'
ok 'the first one answers again' wait_until 20 answers "$job" 2
second=$(squashfuse f24-image)
like "$second" '^[0-9]+$' 'the image is mounted again, by one squashfuse'
is "$(server f24-) $(pod f24- .status.containerStatuses[0].restartCount)" "$neighbour 0" 'a pod on another image is untouched'

# A new worker looks after what the one before it mounted; and now the image is gone from the store.
worker=$(worker_of "$job" "$node" podstepd)
kill -9 "$worker"
ok 'the worker is replaced' wait_until 10 another worker_of "$worker" "$job" "$node" podstepd
ok 'the service is ready' wait_until 20 answers "$job" 2
as alice podstep image rm f24-image
kill -9 "$second"
ok 'the container ends again' wait_until 20 pod web '.status.containerStatuses[0] | .lastState.terminated.reason == "RootfsLost" and .ready == false'
ok 'that its image cannot be mounted again is what it waits for' wait_until 60 \
  status_is "$job" '.pods[] | select(.name == "web") | .containers[0].reason | test("^(ErrImagePull|ImagePullBackOff): .*there is no image f24-image")'
build
ok 'when the image is there again it serves' wait_until 60 answers "$job" 2
is "$(server f24-) $(pod f24- .status.containerStatuses[0].restartCount)" "$neighbour 0" 'the pod on the other image was untouched all the time'
as alice podstep image rm f24-image >/dev/null
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

#!/bin/bash
# What a pod's manifest asks for, its containers get: volumes, variables, directory and user, probes of all kinds, restarts, last words,
# hosts' paths, shared memory, deadlines.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

dir=$(home alice)/fields
as alice mkdir -p "$dir"
at_exit rm -rf "$dir"
as alice sh -c "echo from the host >'$dir/in'"
cat >"$(home alice)/fields.yaml" <<END
apiVersion: v1
kind: Pod
metadata: {name: fields, labels: {app: many}, annotations: {podstep.io/port-http: auto}}
spec:
  terminationGracePeriodSeconds: 4
  volumes:
  - {name: shared, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: data, hostPath: {path: $dir, type: Directory}}
  - {name: made, hostPath: {path: $dir/made, type: FileOrCreate}}
  containers:
  - name: web
    image: static-server
    workingDir: /etc
    command: [/bin/sh, -c]
    args:
    - |
      trap 'echo last words of \$(POD) >/tmp/last; exit 3' TERM
      pwd >/shared/directory
      touch /shared/alive
      /bin/httpd -f -p \$(PORT_HTTP) -h /www &
      while :; do wait; done
    env:
    - {name: NAME, value: world}
    - {name: GREETING, value: "hello \$(NAME), neither \$\$(NAME) nor \$(NOBODY)"}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: APP, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    - {name: MIB, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
    ports: [{name: http}]
    resources: {requests: {cpu: 100m}, limits: {memory: 64Mi}}
    volumeMounts: [{name: shared, mountPath: /shared}, {name: data, mountPath: /data, readOnly: true}, {name: made, mountPath: /made}]
    startupProbe: {exec: {command: [/bin/busybox, test, -e, /shared/started]}, periodSeconds: 1, failureThreshold: 100}
    livenessProbe: {exec: {command: [/bin/busybox, test, -e, /shared/alive]}, periodSeconds: 1, failureThreshold: 1}
    readinessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
    terminationMessagePath: /tmp/last
  - name: side
    image: static-server
    command: [/bin/sleep, "1000"]
    securityContext: {runAsUser: 1000, runAsGroup: 100, readOnlyRootFilesystem: true}
    volumeMounts: [{name: shared, mountPath: /shared}, {name: data, mountPath: /data}]
    readinessProbe: {exec: {command: [/bin/busybox, test, -e, /shared/side]}, periodSeconds: 1, failureThreshold: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: fails}
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: static-server, command: [/bin/sh, -c, 'echo it fell over >&2; exit 9'], terminationMessagePolicy: FallbackToLogsOnError}
---
apiVersion: v1
kind: Pod
metadata: {name: short}
spec:
  activeDeadlineSeconds: 3
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: static-server, command: [/bin/sleep, "1000"]}]
END
job=$(serve "$(home alice)/fields.yaml" -N1 --mem=1200M)
# pod NAME FILTER, container NAME FILTER: jq(1)'s FILTER of a pod, or of the status of a container of the first one, as the hub has it.
pod() { hub_api "$job" GET "/api/v1/namespaces/default/pods/$1" | jq -er "$2"; }
container() { pod fields ".status.containerStatuses[] | select(.name == \"$1\") | $2"; }
# inside CONTAINER SCRIPT: what a shell in that container says, in one stream: srun keeps no order between two.
inside() { as alice podstep exec -j "$job" fields -c "$1" -- /bin/sh -c "exec 2>&1; $2" 2>"$tmp/exec.err" || sed 's/^/# /' "$tmp/exec.err" >&2; }
ok 'the pod runs' wait_until 60 container web '.state.running != null' || { diag "$(output "$job")"; scancel "$job"; done_testing; }
node=$(node_of "$job")

# --- probes, in the order of a life ---
ok 'a startup probe that fails is told' wait_until 20 event "$job" Unhealthy '^Startup probe failed: command exited with 1'
is "$(container web '[.started, .ready, .restartCount] | @csv')" 'false,false,0' 'until it passes the container has not started, is not ready, and no other probe ends it'
inside side 'touch /shared/started'
ok 'when it passes, the readiness probe connects to the port that was chosen' wait_until 20 container web '.started and .ready'
is "$(container side .ready)" false 'the other container waits for its own probe'
nok 'so the pod is not ready' status_is "$job" '.pods[] | select(.name == "fields") | .ready == "2/2"'
is "$(urls "$job")" '' 'and its endpoint neither'
inside side 'touch /shared/side'
ok 'when both are ready, so is the pod' wait_until 20 status_is "$job" '.pods[] | select(.name == "fields") | .ready == "2/2"'
ok 'and its endpoint answers' wait_until 20 answers "$job" 1

# --- what the containers find ---
is "$(inside web 'echo "$GREETING|$POD|$NODE|$APP|$MIB|$(cat /shared/directory)"')" \
  "hello world, neither \$(NAME) nor \$(NOBODY)|fields|$node|many|64|/etc" 'variables, the downward API and the working directory'
is "http://$(inside web 'echo "$ADDRESS:$PORT_HTTP"')" "$(urls "$job")" 'address and port are those of the endpoint'
like "$(inside web 'cat /etc/hosts')" "$(inside web 'echo "$ADDRESS"')[[:space:]]+fields" "the pod's name is in /etc/hosts"
is "$(inside side 'id -u; id -g; touch /x')" $'1000\n100\ntouch: /x: Read-only file system' 'runAsUser, runAsGroup and a root that is read-only'
is "$(inside web 'id -u; touch /x && echo written')" $'0\nwritten' 'the other container is 0 and may write'
is "$(inside side 'echo from side >/shared/note; ls -ln /shared/note | { read -r mode links user group rest; echo $user $group; }')$(inside web 'cat /shared/note')" \
  '1000 100from side' 'an emptyDir is shared, also by different users'
like "$(inside side '/bin/busybox dd if=/dev/zero of=/shared/big bs=64k count=32; /bin/busybox stat -c %s /shared/big; /bin/busybox rm /shared/big')" \
  $'No space left on device\n.*\n[0-9]{6,7}$' 'and has the size that was asked for'
is "$(inside web 'cat /data/in; echo x >/data/in; echo from the pod >/made')" $'from the host\n/bin/sh: can\'t create /data/in: Read-only file system' \
  'a hostPath is seen, and not written where it is read-only'
inside side 'echo from side >/data/out'
is "$(cat "$dir/made" "$dir/out") $(stat -c %u "$dir/made" "$dir/out" | sort -u)" $'from the pod\nfrom side '"$(as alice id -u)" "a file of the host's is made and written, as the job's user"
memory=$(hub_api "$job" GET "/api/v1/nodes/$node" | jq -r '.status.allocatable.memory')
like "$memory" '^[0-9]+Ki$|^[0-9]+$|^[0-9]+Mi$' 'the node says how much memory it has'
is "$(inside web '/bin/busybox df -k /dev/shm' | awk 'END {print $2}')" "$(($(numfmt --from=iec "${memory%i}") / 2048))" '/dev/shm has half of it'
inside web 'echo by memory >/dev/shm/note'
is "$(inside side 'cat /dev/shm/note')" 'by memory' 'and is one for the containers of the pod'

# --- a liveness probe that kills ---
inside side '/bin/busybox rm /shared/alive'
ok 'a container whose liveness probe fails is started again' wait_until 30 container web '.restartCount == 1 and .ready'
is "$(container web '.lastState.terminated | [.exitCode, .reason, .message] | @json')" '[3,"Error","last words of fields\n"]' 'it was asked to end, and its last words are kept'
ok 'events tell which probe' event "$job" Unhealthy '^Liveness probe failed: command exited with 1'
ok 'and what follows' event "$job" Killing '^Container web failed liveness probe, will be restarted'
ok 'it answers again' wait_until 20 answers "$job" 1
is "$(container side .restartCount)" 0 'the other container ran on'
inside side '/bin/busybox rm /shared/side'
ok 'a readiness probe that fails takes the endpoint away' wait_until 20 status_is "$job" '.pods[] | select(.name == "fields") | .ready == "1/2"'
is "$(container side .restartCount)" 0 'and ends nothing'

# --- ends ---
is "$(pod fails '[.status.phase, (.status.containerStatuses[0].state.terminated | .exitCode, .reason, .message)] | @json')" \
  '["Failed",9,"Error","it fell over\n"]' 'a container that fails without last words has the end of its log for them'
ok 'a pod that has reached its deadline has failed with it' wait_until 20 pod short '.status | .phase == "Failed" and .reason == "DeadlineExceeded"'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
done_testing

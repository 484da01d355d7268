# service.sh: a small real service for .t scripts: the image `static-server` in alice's store, a manifest, a job, its endpoints.
# shellcheck shell=bash
#
# Sourced after cluster.sh. The image is made of busybox-static alone, as contrib/examples/static does it from the archive.

# need_service: the cluster with Podstep, and the image in alice's store.
need_service() {
  need_cluster
  [ -x "$PODSTEP_PREFIX/bin/podstep" ] || skip_all 'Podstep is not installed in the cluster'
  as alice podstep image inspect static-server >/dev/null 2>&1 && return
  local tree
  tree=$(home alice)/static-tree
  as alice mkdir -p "$tree"/{bin,etc,dev,proc,sys,run,tmp,www}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  for tool in sh cat echo env httpd id ls sleep; do ln -sf busybox "$tree/bin/$tool"; done
  echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
  echo podstep >"$tree/www/index.html"
  as alice podstep image build "$tree" static-server --entrypoint '["/bin/httpd", "-f", "-h", "/www"]' >"$tmp/image.log" 2>&1 ||
    { diag "$(cat "$tmp/image.log")"; fail 'the image can be made'; done_testing; }
}

# manifest NAME REPLICAS [CPU]: a Deployment of the static server in alice's home, CPU (default 500m) for each; prints its path.
manifest() {
  local file
  file=$(home alice)/$1.yaml
  cat >"$file" <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {app: $1}}
  template:
    metadata:
      labels: {app: $1}
      annotations: {podstep.io/port-http: auto, podstep.io/api-key-env: KEY}
    spec:
      terminationGracePeriodSeconds: 2 # busybox is process 1 and has no handler for SIGTERM
      containers:
      - name: httpd
        image: static-server
        args: ["-p", "\$(PORT_HTTP)"]
        ports: [{name: http}]
        resources: {requests: {cpu: ${3:-500m}, memory: 32Mi}}
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
END
  echo "$file"
}

# manifest_pod NAME TEXT: one Pod in alice's home, TEXT being what follows `spec:` (indented by two); prints its path.
manifest_pod() {
  local file
  file=$(home alice)/$1.yaml
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n%s\n' "$1" "$2" >"$file"
  echo "$file"
}

# serve MANIFEST SBATCH-ARGS...: submit it as alice with podstep hold; print the job's id. come_up JOB COUNT [SECONDS] is one test
# point: that many endpoints answer; without them the script ends, after what there is to see.
serve() { as alice podstep submit --parsable "$1" -- "${@:2}"; }

come_up() {
  ok "$2 of $2 endpoints answer" wait_until "${3:-60}" answers "$1" "$2" && return
  diag "job $1 is $(job_state "$1"): $(output "$1") $(tail -n 5 "$(record "$1")"/daemon/*.log)"
  scancel "$1"
  done_testing
}

# record JOB [RESTART]: the record's directory.
record() { echo "$(home alice)/podstep-$1/r${2:-0}"; }

# output JOB: what the job's script and boot have said.
output() { cat "$(home alice)/slurm-$1.out"; }

# end_of JOB: the cause in the record. exit_of JOB: the exit code beside it.
end_of() { jq -r .cause "$(record "$1")/end.json"; }
exit_of() { jq -r .exitCode "$(record "$1")/end.json"; }

# said JOB NAME REGEX: a daemon's log in the record (boot, hub, agents, ...) has it.
said() { grep -qE -- "$3" "$(record "$1")/daemon/$2.log"; }

# event JOB REASON [REGEX]: the record has such an event.
event() { jq -r --arg reason "$2" 'select(.reason == $reason) | .message' "$(record "$1")/events.jsonl" | grep -qE -- "${3:-.}"; }

# status_is JOB FILTER: jq(1)'s FILTER holds for status.json.
status_is() { jq -e "$2" "$(record "$1")/status.json"; }

# urls JOB: URLs of ready endpoints.
urls() { jq -r '.endpoints[] | select(.ready) | .url' "$(record "$1")/endpoints.json" 2>/dev/null; }

# answers JOB COUNT: that many endpoints are ready and answer.
answers() {
  local url
  [ "$(urls "$1" | wc -l)" -ge "$2" ] || return 1
  for url in $(urls "$1"); do [ "$(curl -s --max-time 2 "$url")" = podstep ] || return 1; done
}

# run_of JOB NODE STEP: the run directory there of the job's step of that name (podstepd, podstep-hub); which of the two is step 0 is not
# said. hub_api JOB METHOD PATH: the Kubernetes API at the hub's own socket, as the job's user on its node.
run_of() {
  local step
  step=$(squeue -h -s -j "$1" -o '%i|%j' | sed -n "s/|$3\$//p")
  echo "/run/podstep/$1.0.${step#*.}.$2"
}
hub_api() {
  local node
  node=$(first_node "$1")
  cluster run --node "$node" -u alice -- curl -sS --unix-socket "$(run_of "$1" "$node" podstep-hub)/sock" -X "$2" "http://localhost$3"
}

# restarts JOB: names, restart counts and uids of all pods, for "nothing was restarted".
restarts() { jq -c '[.pods[] | [.name, .restarts, .uid]]' "$(record "$1")/status.json"; }

# containers JOB NODE...: pids of the job's static servers there, for "the same processes run on".
containers() {
  local node
  for node in "${@:2}"; do job_pids "$1" "$node" httpd; done | xargs
}

# node_of JOB [N]: the node of its first (N-th) pod. first_node JOB: where script, boot and hub run.
node_of() { jq -r ".pods[${2:-0}].node" "$(record "$1")/status.json"; }
first_node() { scontrol show hostnames "$(job_field "$1" NodeList)" | head -n 1; }

# A daemon is two processes of one name; the worker's parent is the supervisor (podstepd, podstep-hub) or the guard (podstep-boot).
# worker_of JOB NODE NAME, supervisor_of JOB NODE NAME: the pid.
worker_of() {
  local pid
  for pid in $(job_pids "$1" "$2" "$3"); do [ "$(parent_name "$pid")" != "$3" ] || echo "$pid"; done
}
supervisor_of() {
  local pid
  for pid in $(job_pids "$1" "$2" "$3"); do [ "$(parent_name "$pid")" = "$3" ] || echo "$pid"; done
}
parent_name() { cat "/proc/$(awk '/^PPid/ { print $2 }' "/proc/$1/status")/comm"; }

# another WHO OLD JOB NODE NAME: WHO (worker_of, supervisor_of) gives one process that is not OLD, and lives.
another() {
  local pid
  pid=$("$1" "$3" "$4" "$5")
  [[ $pid =~ ^[0-9]+$ ]] && [ "$pid" != "$2" ] && ! grep -q '^State:.*Z' "/proc/$pid/status"
}

# watch_traffic URL...: ask each URL every tenth of a second in the background; missed prints how often one did not answer since then.
watch_traffic() {
  : >"$tmp/missed"
  (while :; do
    for url in "$@"; do [ "$(curl -s --max-time 2 "$url")" = podstep ] || date +%T >>"$tmp/missed"; done
    sleep 0.1
  done) &
  traffic=$!
  at_exit kill "$traffic"
}
missed() { wc -l <"$tmp/missed"; }

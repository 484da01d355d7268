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

# serve MANIFEST SBATCH-ARGS...: submit it as alice with podstep hold; print the job's id.
serve() { as alice podstep submit --parsable "$1" -- "${@:2}"; }

# record JOB: the record's directory.
record() { echo "$(home alice)/podstep-$1/r0"; }

# urls JOB: URLs of ready endpoints.
urls() { jq -r '.endpoints[] | select(.ready) | .url' "$(record "$1")/endpoints.json" 2>/dev/null; }

# answers JOB COUNT: that many endpoints are ready and answer.
answers() {
  local url
  [ "$(urls "$1" | wc -l)" -ge "$2" ] || return 1
  for url in $(urls "$1"); do [ "$(curl -s --max-time 2 "$url")" = podstep ] || return 1; done
}

# container_ids JOB: ids and restart counts of all containers, for "nothing was restarted".
restarts() { jq -c '[.pods[] | [.name, .restarts, .uid]]' "$(record "$1")/status.json"; }

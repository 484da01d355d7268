# service.sh: what the benches on the test cluster share: a user, a manifest of the static server, its endpoints, and its end.
# shellcheck shell=bash
#
# The image `static-server` is contrib/examples/static; it is imported into the user's store when it is not there.

top_srcdir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
top_builddir=${top_builddir:-$PWD}
PODSTEP_CLUSTER=${PODSTEP_CLUSTER:-default}
export top_srcdir PODSTEP_CLUSTER
user=alice

cluster() { "$top_srcdir/contrib/cluster" "$@"; }
as() {
  local who=$1
  shift
  cluster run -u "$who" -- "$@"
}

# need_service: the cluster is up, Podstep installed, the image there. Sets home, work (shared by all nodes, removed at the end).
need_service() {
  [ "$(id -u)" = 0 ] || { echo 'bench: the test cluster needs root' >&2; exit 2; }
  cluster up >/dev/null
  eval "$(cluster env)"
  home=$PODSTEP_CLUSTER_DIR/home/$user
  work=$(as "$user" mktemp -d "$home/bench.XXXXXX")
  trap 'scancel -u "$user" >/dev/null 2>&1; rm -rf "$work"' EXIT
  as "$user" podstep image inspect static-server >/dev/null 2>&1 ||
    as "$user" "$top_srcdir/contrib/examples/static/build" >/dev/null || { echo 'bench: the image static-server cannot be made' >&2; exit 2; }
  printf '#!/bin/bash\nexec podstep hold\n' >"$work/hold.sh"
  chmod 755 "$work/hold.sh"
}

# write_manifest NAME REPLICAS: a Deployment of the static server; prints its path.
write_manifest() {
  cat >"$work/$1.yaml" <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  replicas: $2
  selector: {matchLabels: {app: $1}}
  template:
    metadata:
      labels: {app: $1}
      annotations: {podstep.io/port-http: auto}
    spec:
      containers:
      - name: web
        image: static-server
        args: ["-p", "\$(PORT_HTTP)"]
        ports: [{name: http}]
        resources: {requests: {cpu: 10m, memory: 8Mi}}
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
END
  echo "$work/$1.yaml"
}

# stage_server DIR: the same server outside of an image.
stage_server() {
  as "$user" mkdir -p "$1/www"
  cp /bin/busybox "$1/busybox"
  echo hello >"$1/www/index.html"
}

# first_nodes JOB COUNT: waits until the job has nodes, then prints COUNT of them.
first_nodes() {
  local list
  until list=$(squeue -h -j "$1" -t R -o %N 2>/dev/null) && [ -n "$list" ]; do sleep 0.02; done
  scontrol show hostnames "$list" | head -n "$2"
}

# ready_urls JOB COUNT: the URLs of ready endpoints; fails while there are fewer.
ready_urls() {
  local file urls
  file=$(echo "$home/podstep-$1"/r*/endpoints.json)
  urls=$(jq -r '.endpoints[] | select(.ready) | .url' "$file" 2>/dev/null) || return 1
  [ "$(wc -w <<<"$urls")" -ge "$2" ] && echo "$urls"
}

# finish JOB: cancelled and gone.
finish() {
  scancel "$1"
  while squeue -h -j "$1" 2>/dev/null | grep -q .; do sleep 0.05; done
}

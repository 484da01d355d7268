#!/bin/bash
# The first job that names an image imports it, once for all its nodes, with its progress shown; the second finds it there. What cannot
# be imported says why, and nothing is left of an import that does not come to its end.
# timeout: 480
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
for program in docker-registry skopeo umoci mksquashfs jq; do
  command -v "$program" >/dev/null || skip_all "$program is not installed"
done
need_service

# --- a registry on the login side, and an image in it for each part of this test
address=$PODSTEP_CLUSTER_NET.1
port=$((20000 + RANDOM % 20000)) registry=$address:$port
cat >"$tmp/registry.yml" <<YML
version: 0.1
storage: { filesystem: { rootdirectory: $tmp/registry }, delete: { enabled: true } }
http: { addr: $registry }
YML
docker-registry serve "$tmp/registry.yml" >"$tmp/registry.log" 2>&1 &
server=$!
at_exit "kill -CONT $server; kill $server"
wait_until 20 bash -c ": </dev/tcp/$address/$port"
as alice mkdir -p "$(home alice)/.config/containers"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry" >"$(home alice)/.config/containers/registries.conf"
at_exit "rm -f '$(home alice)/.config/containers/registries.conf'"

# push NAME SEED: an image of the static server whose layer only this SEED has.
push() {
  (cd "$tmp" && rm -rf oci bundle && umoci init --layout oci && umoci new --image oci:web && umoci unpack --rootless --image oci:web bundle &&
    cp -a "$(home alice)/static-tree/." bundle/rootfs/ && echo "$2" >bundle/rootfs/seed && umoci repack --image oci:web bundle &&
    umoci config --image oci:web --config.entrypoint /bin/httpd --config.entrypoint=-f --config.entrypoint=-h --config.entrypoint /www &&
    skopeo copy -q --insecure-policy --dest-tls-verify=false oci:oci:web "docker://$registry/$1") >"$tmp/push.log" 2>&1 || diag "$(cat "$tmp/push.log")"
}
# requests KIND [FROM]: how often the registry was asked for manifests or blobs, after line FROM of its log.
requests() { tail -n "+$((${2:-0} + 1))" "$tmp/registry.log" | grep -cE "\"GET /v2/[^ ]*/$1/"; }
log_lines() { wc -l <"$tmp/registry.log"; }
# web NAME IMAGE REPLICAS [POLICY]: the manifest of the static server with that image.
web() {
  local file
  file=$(manifest "$1" "$3")
  sed -i "s|image: static-server|image: $2\n        imagePullPolicy: ${4:-IfNotPresent}|" "$file"
  echo "$file"
}
store=$(home alice)/.local/state/podstep/images
nothing_left() { [ -z "$(ls -A "$store/tmp")" ]; }
pods_wait() { status_is "$1" "[.pods[].containers[0].reason // \"\" | test(\"^$2\")] | length > 0 and all"; }

# --- once for two nodes, and shown
push team/web:1 one
from=$(log_lines)
kill -STOP "$server"
job=$(serve "$(web first "$registry/team/web:1" 2)" -N2)
ok 'while the image comes, its pods wait with the reason Pulling' wait_until 60 pods_wait "$job" 'Pulling: .*team/web:1'
like "$(as alice podstep status "$job")" "$registry/team/web:1 +importing +fetching" 'podstep status shows how far it is'
like "$(as alice podstep wait --timeout=0 "$job" 2>&1)" "$registry/team/web:1: fetching" 'podstep wait says what is waited for'
kill -CONT "$server"
come_up "$job" 2
is "$(jq -r '[.pods[].node] | unique | length' "$(record "$job")/status.json")" 2 'on two nodes'
is "$(requests blobs "$from")" 2 'layer and configuration were fetched once'
is "$(requests manifests "$from")" 2 'the manifest was fetched twice: to know the tag, and with the image'
ok 'an event tells that it is pulled' wait_until 10 event "$job" Pulling 'team/web:1'
ok 'and that it was' wait_until 10 event "$job" Pulled 'team/web:1'
is "$(jq -r '.images[0].state + " " + .images[0].digest' "$(record "$job")/status.json")" \
  "there $(as alice podstep image inspect "$registry/team/web:1" | jq -r .digest)" 'the record has its digest'
ok 'nothing is left in the scratch space' nothing_left
scancel "$job"; wait_over "$job"
audit_clean "$job"

# --- the second job; Always
from=$(log_lines)
job=$(serve "$(web second "docker://$registry/team/web:1" 1)" -N1)
come_up "$job" 1
is "$(requests '[a-z]*' "$from")" 0 'the next job asks the registry for nothing'
scancel "$job"; wait_over "$job"
job=$(serve "$(web always "$registry/team/web:1" 1 Always)" -N1)
come_up "$job" 1
is "$(requests manifests "$from") $(requests blobs "$from")" '1 0' 'imagePullPolicy Always asks what the tag means, and fetches nothing when that is there'
scancel "$job"; wait_over "$job"
before=$(as alice podstep image inspect "$registry/team/web:1" | jq -r .digest)
push team/web:1 two
job=$(serve "$(web again "$registry/team/web:1" 1 Always)" -N1)
come_up "$job" 1
after=$(as alice podstep image inspect "$registry/team/web:1" | jq -r .digest)
ok 'when the tag has moved, Always brings the new image' test "$after" != "$before"
is "$(as alice podstep exec -j "$job" -- cat /seed)" two 'and the container runs on it'
scancel "$job"; wait_over "$job"

# --- a registry that only a proxy reaches: this one takes requests for other hosts too
printf '[[registry]]\nlocation = "far.example"\ninsecure = true\n' >>"$(home alice)/.config/containers/registries.conf"
job=$(as alice env http_proxy="http://$registry" podstep submit --parsable "$(web proxied far.example/team/web:1 1)" -- -N1)
come_up "$job" 1
ok 'an image comes through the proxy of the submission' as alice podstep image inspect far.example/team/web:1
scancel "$job"; wait_over "$job"

# --- an image that is not there
file=$(web missing "$registry/team/web:later" 1)
printf -- '---\n' >>"$file"; cat "$(manifest beside 1 100m)" >>"$file"
job=$(serve "$file" -N1)
ok 'an image that the registry does not have: ErrImagePull, then ImagePullBackOff' wait_until 60 status_is "$job" \
  '[.pods[] | select(.name | startswith("missing")).containers[0].reason | test("^ImagePullBackOff: cannot import .*manifest unknown")] | any'
ok 'an event said ErrImagePull first' event "$job" Failed 'Error: ErrImagePull: cannot import .*web:later'
like "$(jq -r .reason "$(record "$job")/status.json")" 'cannot import .*web:later on n[0-9].*on a login node: podstep image import' 'the reason of the service names image, node and fix'
like "$(as alice podstep status "$job")" 'web:later +(failed|importing)' 'podstep status too'
ok 'the other pod serves meanwhile' answers "$job" 1
push team/web:later three
ok 'when the image is there the pod starts by itself' wait_until 60 answers "$job" 2
scancel "$job"; wait_over "$job"
audit_clean "$job"

# --- the hub, or the import itself, is killed on the way
push team/killed:1 four
kill -STOP "$server"
job=$(serve "$(web killed "$registry/team/killed:1" 1)" -N2)
ok 'an import is on the way' wait_until 60 pods_wait "$job" Pulling
first=$(first_node "$job") uid=$(jq -r '.pods[0].uid' "$(record "$job")/status.json")
importers() { job_pids "$job" "$first" podstep | while read -r pid; do tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q 'image import' && echo "$pid"; done; }
importing_anew() { [ -n "$(importers)" ] && [ "$(importers)" != "$1" ]; }
old=$(importers) worker=$(worker_of "$job" "$first" podstep-hub)
kill -9 "$worker"
ok 'a hub that was killed imports again when it is back' wait_until 30 importing_anew "$old"
kill -9 "$(importers)"
ok 'an import that was killed is a failed one' wait_until 20 pods_wait "$job" 'ErrImagePull: cannot import .*ended with 137'
nok 'it left its scratch space' nothing_left
kill -CONT "$server"
come_up "$job" 1
is "$(jq -r '.pods[0].uid' "$(record "$job")/status.json")" "$uid" 'the next try brought it, to the same pod'
ok 'and cleaned up after the killed one' nothing_left
scancel "$job"; wait_over "$job"
audit_clean "$job"

# --- the job is cancelled on the way
push team/cancelled:1 five
kill -STOP "$server"
job=$(serve "$(web cancelled "$registry/team/cancelled:1" 1)" -N1)
ok 'an import is on the way' wait_until 60 pods_wait "$job" Pulling
scancel "$job"
ok 'a job that is cancelled while it imports ends' wait_over "$job" 40
kill -CONT "$server"
audit_clean "$job"
ok 'nothing of its import is left in the store' nothing_left
nok 'the image is not there' as alice podstep image inspect "$registry/team/cancelled:1"

# --- a node without the programs
on n1 mount --bind /dev/null /usr/bin/umoci
at_exit "cluster run --node n1 -- umount /usr/bin/umoci"
job=$(serve "$(web toolless "$registry/team/cancelled:1" 1)" -N1 -w n1)
ok 'a node without umoci says so, and where to import' wait_until 60 pods_wait "$job" \
  'ErrImagePull: cannot import .* on n1: .*umoci is not on this machine. Fix: .*on a login node: podstep image import'
on n1 umount /usr/bin/umoci
scancel "$job"; wait_over "$job"
audit_clean "$job"

# --- refused at submission: the job could not import it either
# refused FILE REGEX NAME: podstep submit fails with that.
refused() { like "$(as alice podstep submit "$1" 2>&1; echo "rc=$?")" "$2"$'[^\n]*\n''fix: .*rc=[1-9]' "$3"; }
refused "$(web never "$registry/team/never:1" 1 Never)" 'its imagePullPolicy is Never' 'imagePullPolicy Never and no image'
refused "$(web bare static-server 1 Always)" 'needs a registry to ask' 'imagePullPolicy Always of a name without a registry'
refused "$(web source oci:./layout 1)" 'no image but a source' 'a source that only import takes'
refused "$(web typo static-servr 1)" 'there is no image static-servr' 'a name that no store has'
done_testing

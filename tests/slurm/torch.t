#!/bin/bash
# PyTorch of Debian 13 with the backend podstep: every collective as computed plainly, and a training in two pods on two nodes, as with gloo.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/torch.sh"
need_service
need_fabric

dir=${PODSTEP_TORCH_DIR:-/var/tmp/podstep-torch}
torch_works trixie

# Two pods that share nothing but a directory of alice's; the job's key comes by the annotation.
home=$(home alice)
ok 'the image goes into the store' as alice podstep image build "$dir/tree" torch --entrypoint '["/usr/bin/python3"]' --workdir /tmp || done_testing
rm -rf "$home/train" && as alice mkdir -m 700 "$home/train"
# rank NUMBER: a pod of the manifest.
rank() {
  cat <<END
---
apiVersion: v1
kind: Pod
metadata:
  name: rank-$1
  annotations: {podstep.io/fabric: podstep, podstep.io/api-key-env: PODSTEP_FABRIC_KEY}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - name: train
    image: torch
    args: [/usr/share/podstep-torch/train.py, --store, /meet/store, --backends, podstep, gloo, --steps, "6", --rows, "2", --context, "32"]
    env: [{name: RANK, value: "$1"}, {name: WORLD_SIZE, value: "2"}, {name: OMP_NUM_THREADS, value: "1"}]
    resources: {requests: {cpu: "1500m", memory: 1Gi}}
    volumeMounts: [{name: meet, mountPath: /meet}]
  volumes:
  - {name: meet, hostPath: {path: $home/train, type: Directory}}
END
}
{ rank 0; rank 1; } >"$home/train.yaml"
job=$(serve "$home/train.yaml" -N2 -c2 --mem=2500M)
ended() { status_is "$job" '[.pods[].phase | select(. == "Succeeded" or . == "Failed")] | length == 2'; }
wait_until 240 ended
is "$(jq -c '[.pods[] | [.name, .phase]] | sort' "$(record "$job")/status.json")" '[["rank-0","Succeeded"],["rank-1","Succeeded"]]' 'both ranks end well' ||
  diag "$(output "$job") $(tail -n 30 "$(record "$job")"/logs/*/*/*.log "$(record "$job")"/logs/*.log 2>/dev/null)"
is "$(jq -r '[.pods[].node] | unique | length' "$(record "$job")/status.json")" 2 'on two nodes'
said=$(as alice podstep logs -j "$job" rank-0 2>&1)
like "$said" 'podstep and gloo: losses at most [0-9.e-]+ apart' 'the losses are those of gloo, to rounding'
diag "$(grep -E 'tokens per second|apart' <<<"$said")"
scancel "$job"
ok 'the job ends' wait_over "$job" 60
audit_clean "$job"
done_testing

#!/bin/bash
# A pod gets the fabric that it asks for, Podstep's own, the site's or none, with the step's credentials; what cannot be is refused.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
. "$top_srcdir/tests/lib/glibc_image.sh"
[ "$(id -u)" = 0 ] || skip_all 'a test cluster needs root'
command -v gcc >/dev/null || skip_all 'gcc is not installed'

# A TaskProlog stands for switch/hpe_slingshot, and a copy of /dev/null for the NIC; its number is one that no machine has.
PODSTEP_CLUSTER=$PODSTEP_CLUSTER-fabric
at_exit "$top_srcdir/contrib/cluster down --purge"
eval "$(cluster env)"
switch=$PODSTEP_CLUSTER_DIR/home/task-prolog nic=/dev/cxi250
echo "TaskProlog=$switch" >"$tmp/more.conf"
cluster up --conf "$tmp/more.conf" 2>"$tmp/up.log" || { diag "$(cat "$tmp/up.log")"; fail 'the cluster comes up'; done_testing; }
need_service
need_fabric
at_exit rm -f "$nic"
mknod -m 666 "$nic" c 1 3
# credentials SERVICE: what the switch gives each step from now on.
credentials() {
  printf '#!/bin/sh\n' >"$switch"
  for one in VNIS=1027,2048 SVC_IDS="$1" DEVICES=cxi250 TCS=0xf; do printf 'echo export SLINGSHOT_%s\n' "$one" >>"$switch"; done
  chmod 755 "$switch"
}
credentials 5

# An image with this machine's C library, busybox, and a program that loads libraries.
tree=$(home alice)/fabric-tree
glibc_tree "$tree"
gcc -o "$tree/bin/load" "$top_srcdir/tests/slurm/dlopen.c" -ldl || { fail 'the program builds'; done_testing; }
ok 'an image with glibc is made' as alice podstep image build "$tree" with-glibc --entrypoint '["/bin/sleep", "3600"]'

# The site's fabric: some library by two names, and a device.
policy=$PODSTEP_PREFIX/etc/podstep/fabric.conf site=$PODSTEP_CLUSTER_DIR/site
at_exit rm -f "$policy"
mkdir -p "$site" "$(dirname "$policy")"
for name in libsite.so.1 libnccl-net-sites.so; do echo 'int of_the_site;' | gcc -shared -fPIC -x c -o "$site/$name" - || fail "$name builds"; done
cat >"$policy" <<END
libraries=$site/libsite.so.1
plugin=$site/libnccl-net-sites.so
environment=FI_PROVIDER=cxi NCCL_CROSS_NIC=0
devices=/dev/fuse:/dev/missing
END

# pod NAME IMAGE [ANNOTATION]: one object of the manifest.
pod() {
  local annotations=
  [ -z "${3:-}" ] || annotations=", annotations: {podstep.io/fabric: $3}"
  cat <<END
---
apiVersion: v1
kind: Pod
metadata: {name: $1$annotations}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: c, image: $2, resources: {requests: {cpu: 100m, memory: 16Mi}}}
END
}
file=$(home alice)/fabric.yaml
{ pod ours with-glibc podstep; pod theirs with-glibc site; pod silent with-glibc; pod plain with-glibc none; pod musl static-server site; pod sidecar static-server; } >"$file"
job=$(serve "$file" -N1)
# running POD: it is Running. inside POD COMMAND: in its container.
running() { status_is "$job" ".pods[] | select(.name == \"$1\") | .phase == \"Running\"" >/dev/null; }
inside() { as alice podstep exec -j "$job" "$1" -- /bin/sh -c "$2"; }
all_running() { for name in ours theirs silent plain sidecar; do running "$name" || return 1; done; }
ok 'the pods run' wait_until 60 all_running ||
  { diag "$(output "$job") $(cat "$(record "$job")/status.json" "$(record "$job")/events.jsonl")"; scancel "$job"; done_testing; }

# variable NAME: its line among what env(1) printed.
variable() { grep "^$1=" <<<"$env"; }
env=$(inside ours env | sort)
is "$(inside ours '/bin/load libpodstep-fabric.so.0 libnccl-net-podstep.so libfabric.so.1')" \
  "$(printf '%s: loaded\n' libpodstep-fabric.so.0 libnccl-net-podstep.so libfabric.so.1)" "Podstep's own libraries load, and a libfabric"
is "$(grep SLINGSHOT <<<"$env")" $'SLINGSHOT_DEVICES=cxi250\nSLINGSHOT_SVC_IDS=5\nSLINGSHOT_TCS=0xf\nSLINGSHOT_VNIS=1027,2048' "the step's credentials are there, unchanged"
is "$(variable NCCL_NET_PLUGIN)" NCCL_NET_PLUGIN=podstep 'NCCL is told the plugin'
is "$(variable NCCL_NET_PLUGIN_REF_COUNT)" NCCL_NET_PLUGIN_REF_COUNT=1 'and not to forget it'
ok 'and the NIC is' inside ours 'test -c /dev/cxi250'
is "$(inside ours 'ls -1 /sys/class/net')" "$(on "$(first_node "$job")" ls -1 /sys/class/net)" "the node's own /sys is there, where a NIC's entries are"
nok 'nothing can be written among the libraries' inside ours ': >/opt/podstep/fabric/libfabric.so.1'

for name in theirs silent; do
  is "$(inside "$name" 'ls -1 /opt/podstep/fabric')" $'libnccl-net-sites.so\nlibsite.so.1' "$name: the site's files, and no other"
  env=$(inside "$name" env | sort)
  is "$(variable FI_PROVIDER)" FI_PROVIDER=cxi "$name: the site's recipe"
  is "$(variable NCCL_NET_PLUGIN)" NCCL_NET_PLUGIN=sites "$name: the site's plugin"
  is "$(variable SLINGSHOT_VNIS)" SLINGSHOT_VNIS=1027,2048 "$name: the credentials"
  ok "$name: the devices that the node has" inside "$name" 'test -c /dev/cxi250 && test -c /dev/fuse && ! test -e /dev/missing'
  ok "$name: the libraries load by name" inside "$name" '/bin/load libsite.so.1 libnccl-net-sites.so'
done

unlike "$(inside plain env)" 'SLINGSHOT|NCCL|LD_LIBRARY_PATH' 'none: no variable'
nok 'none: no file and no device' inside plain 'test -e /opt/podstep || test -e /dev/cxi250'

refused() { event "$job" Failed "$1" || status_is "$job" "[.. | strings | select(test(\"$1\"))] | any" >/dev/null; }
ok 'an image without glibc that asks for the fabric is refused, with the cause' wait_until 20 refused 'the image has no glibc'
nok 'and does not run' running musl
ok 'one that does not ask runs without, and an event says so' event "$job" Fabric 'no glibc.*runs without'
scancel "$job"
ok 'the job ends' wait_over "$job" 40
audit_clean "$job"

# --- what is refused
credentials 1
{ pod ours with-glibc podstep; } >"$file"
job=$(serve "$file" -N1)
ok 'the unrestricted default service is refused (threat T13)' wait_until 60 refused 'cxi250 has the default service'
scancel "$job"
ok 'the job ends' wait_over "$job" 40
chmod 666 "$policy"
job=$(serve "$file" -N1)
ok 'a policy that others can write stops the service' wait_over "$job" 60
like "$(output "$job")" "^podstep: job $job refused on n[123]: node n[123]: the site's fabric: [^ ]*fabric.conf can be written by others than root" 'and the file is named'
audit_clean "$job"

sed 's/fabric: podstep/fabric: cxi/' "$file" >"$file.bad"
chmod 644 "$file.bad"
like "$(serve "$file.bad" -N1 2>&1)" 'podstep.io/fabric\] must be site, podstep or none' 'another word is refused at submission, with the three'
done_testing

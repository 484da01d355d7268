#!/bin/bash
# Images are made from every source, once, by an ordinary user; what cannot be made says why and leaves nothing behind.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"

for program in docker-registry skopeo umoci mksquashfs unsquashfs jq; do
  command -v "$program" >/dev/null || skip_all "$program is not installed"
done
podstep=${PODSTEP_PREFIX:+$PODSTEP_PREFIX/bin/podstep}
[ -x "${podstep:-}" ] || podstep=$top_builddir/podstep

# Everything as an ordinary user where the script runs as root: root would be let through everywhere.
user=() && [ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$tmp/home")
mkdir -p "$tmp/home" "$tmp/work"
[ "$(id -u)" != 0 ] || chown 65534:65534 "$tmp/home" "$tmp/work"
cp "$podstep" "$tmp/podstep"
store=$tmp/work/store
image() { (cd "$tmp/work" && "${user[@]}" env PODSTEP_STORE="$store" "$tmp/podstep" image "$@"); }
"${user[@]}" unshare --user --map-root-user true 2>/dev/null || skip_all 'ordinary users have no user namespaces here'

nothing_left() { [ -z "$(ls -A "$store/tmp")" ]; }
# refused NAME REGEX IMAGE-ARGS...: exit 125, a cause and a fix, nothing in tmp/.
refused() {
  local name=$1 regex=$2 out status
  shift 2
  out=$(image "$@" 2>&1 >/dev/null); status=$?
  is "$status" 125 "$name: exit code 125"
  like "$out" "podstep: [^
]*$regex" "$name: the cause"
  like "$out" $'\nfix: ' "$name: a fix"
  ok "$name: nothing is left in tmp/" nothing_left
}

# --- a directory with everything that goes wrong when an ordinary user squashes it
"${user[@]}" bash -c "
  mkdir -p '$tmp/work/root/etc' '$tmp/work/root/closed' '$tmp/work/root/bin'
  cd '$tmp/work/root' && cp /bin/true bin/true && chmod 4755 bin/true
  echo 'www:x:33:34::/:/x' > etc/passwd; echo secret > closed/file; echo zero > zero; chmod 0 zero closed; mkfifo fifo
"
ok 'a directory is built' image build root tiny --cmd '["/bin/true"]' --user www --env A=1 --workdir /tmp
file=$(image inspect tiny | jq -r .path)
list=$(unsquashfs -ll "$file")
like "$list" $'\n-rwxr-xr-x root/root +[0-9]+ [^\n]*/bin/true' 'set-id bits are off and root owns everything'
like "$list" $'\n---------- root/root +5 ' 'a file of mode 0000 keeps its five bytes'
like "$list" 'closed/file' 'a closed directory keeps its contents'
is "$(image inspect tiny | jq -c '[.uid,.gid,.config.Cmd,.config.Env,.config.WorkingDir]')" '[33,34,["/bin/true"],["A=1"],"/tmp"]' \
  'USER is resolved to numbers, the command is kept'
like "$(stat -c %A "$tmp/work/root/bin/true")" s 'the directory itself is not changed'
digest=$(image inspect tiny | jq -r .digest)
is "$(image build root tiny --cmd '["/bin/true"]' --user www --env A=1 --workdir /tmp 2>/dev/null)" "$digest" 'the same directory is the same image'
ok 'a whole image is verified' image inspect --verify tiny

# --- an OCI layout with an upper layer that removes files, from umoci
(cd "$tmp/work" && "${user[@]}" bash -ec '
  chmod 755 root/closed; chmod 644 root/zero
  umoci init --layout oci && umoci new --image oci:one
  umoci unpack --rootless --image oci:one bundle && cp -r root/. bundle/rootfs/ && umoci repack --image oci:one bundle
  rm -r bundle && umoci unpack --rootless --image oci:one bundle && rm -r bundle/rootfs/closed && echo new > bundle/rootfs/new
  umoci repack --image oci:two bundle
  umoci config --image oci:two --config.user 1000:100 --config.entrypoint /bin/true --config.env B=2
  skopeo copy -q oci:oci:two docker-archive:two.tar:two:latest') >"$tmp/make.log" 2>&1 || diag "$(cat "$tmp/make.log")"
ok 'an OCI layout is imported' image import oci:oci:two two
two=$(image inspect two | jq -r .path)
list=$(unsquashfs -l "$two")
like "$list" '/new' 'the upper layer is there'
unlike "$list" '/closed' 'what the upper layer removed is gone'
is "$(image inspect two | jq -c '[.uid,.gid,.config.Entrypoint]')" '[1000,100,["/bin/true"]]' 'the configuration is kept'
is "$(image inspect two | jq -r .digest)" \
  "$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"]=="two").digest' "$tmp/work/oci/index.json")" \
  'the image is named by the digest of its manifest'
ok 'a docker archive is imported' image import docker-archive:two.tar from-archive

# --- a registry on this machine
port=$((20000 + RANDOM % 20000))
cat >"$tmp/registry.yml" <<YML
version: 0.1
storage: { filesystem: { rootdirectory: $tmp/registry } }
http: { addr: 127.0.0.1:$port }
YML
docker-registry serve "$tmp/registry.yml" >"$tmp/registry.log" 2>&1 &
at_exit "kill $!"
wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$port"
ok 'an image is pushed to the registry' skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$tmp/work/oci:two" "docker://127.0.0.1:$port/team/app:1"
ok 'an image is imported from a registry' image import --insecure "docker://127.0.0.1:$port/team/app:1"
is "$(image inspect "127.0.0.1:$port/team/app:1" | jq -r .digest)" "$(image inspect two | jq -r .digest)" \
  'the same manifest is the same image, whatever its source'
is "$(find "$store/sha256" -name '*.sqsh' | wc -l)" 3 'and its file is there once'
asked() { tail -n "+$((from + 1))" "$tmp/registry.log" | grep -cE "\"GET /v2/[^ ]*/$1/"; }
from=$(wc -l <"$tmp/registry.log")
ok 'the same name again' image import --insecure "docker://127.0.0.1:$port/team/app:1"
is "$(asked manifests) $(asked blobs)" '1 0' 'asks the registry what it means, and fetches nothing'
from=$(wc -l <"$tmp/registry.log")
ok 'a name with tag and digest is imported' image import --insecure "docker://127.0.0.1:$port/team/app:1@$(image inspect two | jq -r .digest)"
ok 'and again' image import --insecure "docker://127.0.0.1:$port/team/app:1@$(image inspect two | jq -r .digest)"
is "$(asked manifests)" 1 'of a digest the registry is asked once'
like "$(image import --porcelain docker-archive:two.tar for-programs)" '^progress [0-9]+ [0-9]+ fetching docker-archive:two.tar.*
sha256:[0-9a-f]{64}$' 'for programs the progress and the digest stand on stdout'
ok 'they are removed again' image rm for-programs "127.0.0.1:$port/team/app:1@$(image inspect two | jq -r .digest)"
refused 'a tag that is not there' 'manifest unknown' import --insecure "docker://127.0.0.1:$port/team/app:2"
refused 'a registry that nobody runs' 'fetching docker://127.0.0.1:1/x' import docker://127.0.0.1:1/x

# --- many at once
for i in 1 2 3 4; do image import --if-missing --insecure "docker://127.0.0.1:$port/team/app:1" once >"$tmp/once.$i" 2>"$tmp/err.$i" & pids[i]=$!; done
failed=0; for i in 1 2 3 4; do wait "${pids[i]}" || failed=$((failed + 1)); done
is "$failed" 0 'four imports of one name at once all succeed'
is "$(sort -u "$tmp"/once.? | wc -l)" 1 'and agree on the digest'
ok 'nothing is left in tmp/' nothing_left

# --- what must be refused
ok 'an image for another machine can be made' image build root foreign --arch riscv64
refused 'an image for another architecture' 'has no image for riscv64|made for amd64|made for arm64' import --arch riscv64 oci:oci:two other
head -c 20000 "$tmp/work/two.tar" >"$tmp/work/cut.tar"
refused 'a truncated archive' 'fetching docker-archive:cut.tar' import docker-archive:cut.tar cut
refused 'a layout that is not there' 'fetching oci:nowhere' import oci:nowhere x
refused 'a source of no known form' 'is no source' import ./root x
refused 'a bad name' 'is no image name' import oci:oci:two 'Bad Name'
refused 'a user that the image does not know' 'nobody-here' build root x --user nobody-here
manifest=$(jq -r '.manifests[0].digest' "$tmp/work/oci/index.json")
layer=$(jq -r '.layers[0].digest' "$tmp/work/oci/blobs/sha256/${manifest#sha256:}"); layer=$tmp/work/oci/blobs/sha256/${layer#sha256:}
cp "$layer" "$tmp/layer"; printf x | dd of="$layer" bs=1 seek=100 conv=notrunc 2>/dev/null
refused 'a layer that does not match its digest' 'fetching oci:oci:.*(digest|hash|match)' import "oci:oci:$(jq -r '.manifests[0].annotations[]' "$tmp/work/oci/index.json")" x
cat "$tmp/layer" >"$layer"

flat=$(image inspect tiny | jq -r .path); cp "$flat" "$tmp/flat"
printf x | dd of="$flat" bs=1 seek=200 conv=notrunc 2>/dev/null
refused 'a corrupt file, when it is verified' 'is corrupt' inspect --verify tiny
truncate -s 4096 "$flat"
refused 'a truncated file' 'is truncated|it was made with' inspect tiny
like "$(image ls)" 'tiny .*damaged' 'the list shows that it is damaged'
ok 'importing again mends it' image build root tiny --cmd '["/bin/true"]' --user www --env A=1 --workdir /tmp
ok 'and it is found again' image inspect --verify tiny
printf x | dd of="$two" bs=1 seek=200 conv=notrunc 2>/dev/null
read -ra mend < <(image inspect --verify two 2>&1 | sed -n 's/^fix: podstep image //p')
is "${mend[*]}" 'import --again oci:oci:two two' 'of an imported one that is corrupt, the fix is a command'
ok 'which works' image "${mend[@]}"
ok 'and mends it' image inspect --verify two

# --- a store that is full, or read-only
if [ "$(id -u)" = 0 ]; then
  mkdir "$tmp/full"; mount -t tmpfs -o size=64k tmpfs "$tmp/full"; at_exit "umount '$tmp/full'"
  chown 65534 "$tmp/full"
  "${user[@]}" head -c 1000000 /dev/urandom >"$tmp/work/root/big"
  store=$tmp/full refused 'a full store' 'is full' build root x
  mount -o remount,ro "$tmp/full"
  out=$(store=$tmp/full image build root x 2>&1)
  like "$out" 'cannot be written: .*Read-only' 'a read-only store: the cause'
  like "$out" 'fix: .*--store' 'a read-only store: a fix'
else
  skip 'only root can mount a small file system' 'a full store'
fi
mkdir "$tmp/foreign"; chmod 755 "$tmp/foreign"
if [ "$(id -u)" = 0 ]; then
  out=$(store=$tmp/foreign/store image build root x 2>&1)
  like "$out" 'cannot be written: .*Permission denied' "a store that is somebody else's"
fi

# --- interrupted
"${user[@]}" mkfifo "$tmp/work/slow.tar"
# stop_import SECONDS-FOR CONDITION...: starts an import of the archive that never comes, interrupts it when CONDITION holds.
stop_import() {
  image import docker-archive:slow.tar slow 2>"$tmp/slow.err" >/dev/null & local pid=$!
  wait_until 10 "$@"; pkill -TERM -P $pid -x podstep
  wait_until 10 bash -c "! kill -0 $pid"
}
ok 'an import that is interrupted at work ends' stop_import test -d "$store/tmp/slow@$(uname -n)"
like "$(cat "$tmp/slow.err")" 'interrupted' 'it says so'
ok 'and leaves nothing' nothing_left
exec 8>>"$store/lock/slow"; flock 8
ok 'an import that waits for another can be interrupted' stop_import grep -q 'waiting for another import of slow' "$tmp/slow.err"
exec 8>&-
mkdir -p "$store/tmp/killed/rootfs"; chmod 0 "$store/tmp/killed/rootfs"; [ "$(id -u)" != 0 ] || chown -R 65534 "$store/tmp/killed"
"${user[@]}" mkdir "$store/tmp/busy@elsewhere" "$store/tmp/gone@elsewhere" && touch -d '-11 minutes' "$store/tmp/gone@elsewhere"
ok 'the next work on the store goes on' image rm two
ok 'and leaves alone what another host may be at, whose locks may not be seen here' rmdir "$store/tmp/busy@elsewhere"
ok 'and removes what a killed import left' nothing_left

# --- removal
nok 'a removed name is gone' image inspect two
ok 'its file stays while another name has it' image inspect --verify once
ok 'other names are removed' image rm once from-archive "127.0.0.1:$port/team/app:1"
refused 'a name that is not there' 'there is no image' rm once
nok 'the files of an image without a name are gone' test -e "$two"
done_testing

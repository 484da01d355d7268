#!/bin/bash
# Threat T3: a file that root's code relies on (helper, store, image, fabric.conf) is refused when somebody else owns or may write it or a
# directory above it, or when a link stands in its place; one line names it.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster
[ -e "$PODSTEP_PREFIX/lib/podstep/podstep.so" ] || skip_all "podstep.so is not installed in $PODSTEP_PREFIX"
at_exit cluster plugstack

step() { as alice env SLURM_PODSTEP_ROLE=agent "$@" srun -N1 -n1 echo it ran 2>&1; echo "rc=$?"; }
trusts() { like "$(step "$@")" $'^it ran\nrc=0$' "$what: as it should be, the step runs"; }
# refuses REGEX NAME: the step is refused, with one line that matches, and does not run.
refuses() {
  local got
  got=$(step "${given[@]}")
  like "$(grep '^podstep' <<<"$got")" "^podstep: job [0-9]+ refused on n[123]: [^"$'\n'"]*$1[^"$'\n'"]*$" "$what: $2"
  like "$got" 'rc=125$' "$what: $2, the step fails with 125"
  unlike "$got" 'it ran' "$what: $2, the command does not run"
}
# tampered FILE DIRECTORY: all the ways; FILE is restored each time.
tampered() {
  local file=$1 directory=$2 mode
  mode=$(stat -c %a "$file")
  trusts "${given[@]}"
  chmod g+w "$file"; refuses "$file can be written by others than root" 'group-writable'; chmod "$mode" "$file"
  chmod o+w "$file"; refuses "$file can be written by others than root" 'world-writable'; chmod "$mode" "$file"
  chown "$uid" "$file"; refuses "$file belongs to uid $uid, not to root" "somebody else's"; chown 0 "$file"
  chmod g+w "$directory"; refuses "$directory can be written by others than root" 'a directory above it group-writable'; chmod g-w "$directory"
  mv "$file" "$file.real"
  ln -s "${file##*/}.real" "$file"; refuses "$file: .*(symbolic links|ELOOP)" 'a link in its place'
  rm "$file"; mv "$file.real" "$file"
  trusts "${given[@]}"
}
uid=$(as alice id -u)

what="root's helper" given=()
cluster plugstack
tampered "$PODSTEP_PREFIX/libexec/podstep/podstep-prepare" "$PODSTEP_PREFIX/libexec/podstep"

what='fabric.conf'
mkdir -p "$PODSTEP_PREFIX/etc/podstep"
at_exit rm -f "$PODSTEP_PREFIX/etc/podstep/fabric.conf"
echo 'default=none' >"$PODSTEP_PREFIX/etc/podstep/fabric.conf"
chmod 644 "$PODSTEP_PREFIX/etc/podstep/fabric.conf"
tampered "$PODSTEP_PREFIX/etc/podstep/fabric.conf" "$PODSTEP_PREFIX/etc/podstep"
rm -f "$PODSTEP_PREFIX/etc/podstep/fabric.conf"

# The store is looked at when the job names an image; its files: tests/slurm/plugin.t.
what='the image store'
store=$PODSTEP_CLUSTER_DIR/stores/images
at_exit rm -rf "$PODSTEP_CLUSTER_DIR/stores"
mkdir -p "$store/sha256"
cluster plugstack "store=$store"
given=("SLURM_PODSTEP_IMAGES=sha256:$(printf 'a%.0s' {1..64})")
tampered "$store" "$PODSTEP_CLUSTER_DIR/stores"
what="an image in it" hex=$(printf 'a%.0s' {1..64})
as alice sh -c 'echo secret >private'
ln -s "$(home alice)/private" "$store/sha256/$hex.sqsh"
refuses "$hex.*(symbolic links|ELOOP)" 'a link'
rm "$store/sha256/$hex.sqsh"
mkfifo "$store/sha256/$hex.sqsh"
refuses "$hex.*not a readable file of root's" 'a FIFO, which is not waited for'
rm "$store/sha256/$hex.sqsh"
: >"$store/sha256/$hex.sqsh"
chmod 664 "$store/sha256/$hex.sqsh"
refuses "$hex.*not a readable file of root's" 'group-writable'
rm "$store/sha256/$hex.sqsh"
rmdir "$store/sha256"
ln -s "$(home alice)" "$store/sha256"
refuses 'sha256.*(symbolic links|ELOOP)' 'a link above it'
all_idle() { [ "$(sinfo -h -o %T | sort -u)" = idle ]; }
ok 'no node was drained by any of it' wait_until 20 all_idle
done_testing

# torch.sh: runs a program in the tree that contrib/torch/build makes, beside Podstep's library.
# shellcheck shell=bash
#
# Sourced with $dir set to the build's folder, $TOP or $top_srcdir to the sources, $prefix or $PODSTEP_PREFIX to the installed Podstep.

# in_torch_tree VARIABLES COMMAND...: with the sources at /run/src; nothing that it writes stays; at most 400 seconds.
in_torch_tree() {
  local variables=$1
  shift
  # shellcheck disable=SC2016
  timeout 400 unshare --mount sh -ec '
    tree=$1 top=$2 libraries=$3 variables=$4; shift 4
    mount -t tmpfs none "$tree/run"; mount -t tmpfs none "$tree/tmp"
    mkdir "$tree/run/src" "$tree/run/fabric"
    for part in proc sys dev; do mount --rbind /$part "$tree/$part"; done
    mount --bind "$top" "$tree/run/src"; mount --bind "$libraries" "$tree/run/fabric"
    exec env -i PATH=/usr/bin:/usr/sbin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/run/fabric GLOO_SOCKET_IFNAME=lo $variables chroot "$tree" "$@"' \
    sh "$dir/tree" "${TOP:-$top_srcdir}" "${prefix:-$PODSTEP_PREFIX}/lib" "$variables" "$@"
}

# torch_works SUITE: builds it of that Debian in $dir, and holds every collective to what is computed plainly. Skips all where the archive cannot
# be reached. For scripts with tap.sh.
torch_works() {
  local status wire='PODSTEP_FABRIC_PROVIDER=tcp PODSTEP_FABRIC_DEVICE=lo'
  "$top_srcdir/contrib/torch/build" --suite "$1" --tree-only --prefix "$PODSTEP_PREFIX" "$dir" >"$tmp/build.log" 2>&1
  status=$?
  [ $status = 0 ] || ! grep -qE 'cannot (read the lists|fetch)' "$tmp/build.log" || skip_all "Debian's archive cannot be reached: $(tail -n 1 "$tmp/build.log")"
  is "$status" 0 'the image is made of Debian packages' || { diag "$(cat "$tmp/build.log")"; done_testing; }
  is "$(collectives "$wire" 3)" '12 cases, 3 ranks, all as computed plainly' 'every collective is right between three ranks over the wire'
  is "$(collectives PODSTEP_FABRIC_PROVIDER=shm 2)" '12 cases, 2 ranks, all as computed plainly' 'and between two over shared memory'
  like "$(collectives "$wire" 3 --death)" '^after less than 30 s: podstep: all_reduce: .* rank [12]: [^ ]+ pid [0-9]+: ' 'a rank that dies is named, soon'
}

# collectives VARIABLES ARGUMENT...: its words without those of gloo, and of what PyTorch means to rename.
collectives() {
  local variables=$1
  shift
  in_torch_tree "PYTHONWARNINGS=ignore $variables" /usr/bin/python3 /run/src/tests/fabric/collectives.py "$@" 2>&1 | grep -vE 'ProcessGroupGloo|/gloo/'
}

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

# glibc_image.sh: images with this machine's C library, for what is built here and runs in a pod.
# shellcheck shell=bash
#
# Sourced after service.sh.

# glibc_tree TREE: busybox (sh and what the tests call) and the C library, as alice's; programs are put into TREE/bin afterwards.
glibc_tree() {
  local tree=$1 tool name libc
  as alice mkdir -p "$tree"/{bin,etc,dev,proc,sys,run,tmp,lib,lib64}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  for tool in sh cat ls env sleep kill head mkdir; do ln -sf busybox "$tree/bin/$tool"; done
  libc=$(ldconfig -p | awk '$1 == "libc.so.6" && /x86-64|AArch64/ { print $NF; exit }')
  cp -L /lib64/ld-linux* "$tree/lib64/" 2>/dev/null || cp -L /lib/ld-linux* "$tree/lib/"
  for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2; do cp -L "$(dirname "$libc")/$name" "$tree/lib/"; done
}

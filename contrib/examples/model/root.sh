# root.sh: a private root of Debian sid for the model's Python programs, and how to run one of them inside.
# shellcheck shell=bash

# What the programs without PyTorch need.
# shellcheck disable=SC2034
small_packages=(python3-numpy python3-tokenizers python3-gguf libopenblas0-pthread)
MODEL_DIR=${PODSTEP_MODEL_DIR:-/var/tmp/podstep-model}

# root_prepare NAME PACKAGE...: unpack PACKAGE... of sid into the root NAME, unless it is there already.
root_prepare() {
  local root=$MODEL_DIR/$1
  shift
  [ ! -e "$root/complete" ] || return 0
  say "fetching $* of Debian sid into $root"
  rm -rf "$root"
  "$HERE/../debian-tree" sid "$MODEL_DIR/apt-sid" "$root" "$@"
  mkdir -p "$root"/{proc,sys,dev,tmp,recipe,data,in}
  touch "$root/complete"
}

# root_run NAME DATA INPUT PROGRAM...: run PROGRAM of this directory in the root NAME; it sees this directory as /recipe, DATA as /data
# (read and write) and INPUT as /in. glibc's thresholds keep freed tensors: returning them to the kernel each time halves the speed.
root_run() {
  local root=$MODEL_DIR/$1 data=$2 input=$3 become=()
  shift 3
  [ "$(id -u)" = 0 ] || become=(--map-root-user)
  # shellcheck disable=SC2016
  exec unshare "${become[@]}" --mount sh -ec '
    root=$1 recipe=$2 data=$3 input=$4; shift 4
    for part in proc sys dev; do mount --rbind /$part "$root/$part"; done
    mount --bind "$recipe" "$root/recipe"; mount --bind "$data" "$root/data"; mount --bind "$input" "$root/in"
    cd / && exec env -i PATH=/usr/bin:/usr/sbin HOME=/tmp LANG=C.UTF-8 OMP_NUM_THREADS="${OMP_NUM_THREADS:-$(nproc)}" PYTHONDONTWRITEBYTECODE=1 \
      MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_TOP_PAD_=268435456 \
      LD_LIBRARY_PATH="/$(cd "$root" && echo usr/lib/*/openblas-pthread)" chroot "$root" "$@"' \
    sh "$root" "$HERE" "$data" "$input" "$@"
}

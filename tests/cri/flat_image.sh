# flat_image.sh: flat_image FILE [KIND] makes a small flat image of the static busybox, as an import would: one owner, no devices. KIND
# `devlink` makes one whose /dev is a link.
# shellcheck shell=bash
flat_image() {
  local root
  root=$(mktemp -d "$tmp/root.XXXXXX")
  mkdir -p "$root"/{bin,etc,proc,sys,tmp,dir/below,private}
  cp /bin/busybox "$root/bin/busybox"
  for applet in sh cat id ls rm sleep dd touch chmod mount mkdir grep head kill ps setsid readlink hostname df true test; do
    ln -s busybox "$root/bin/$applet"
  done
  echo lower >"$root/dir/below/file"
  echo secret >"$root/private/file"
  chmod 0700 "$root/private"
  if [ "${2:-}" = devlink ]; then ln -s /tmp "$root/dev"; else mkdir "$root/dev"; fi
  mksquashfs "$root" "$1" -all-root -no-xattrs -noappend -quiet >/dev/null
  rm -rf "$root"
}

#!/bin/bash
# Where the kernel's overlay cannot be used, roots are made writable by fuse-overlayfs, with the same result.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/cri/session.sh"
cri_session
command -v fuse-overlayfs >/dev/null || skip_all 'fuse-overlayfs is not installed'

user=daemon run=/run/podstep/8.0.0.n1
flat_image "$tmp/a.sqsh" || skip_all 'mksquashfs failed'
a=$(digest_of "$tmp/a.sqsh")

session() {
  drive "$@" <<EOF
up
image a $a $tmp/a.sqsh
sandbox p
container c p a -- grep ' / / ' /proc/self/mountinfo; rm -r /dir/below && echo gone; echo new >/dir/new && cat /dir/new; cat /private/file
start c
wait c
log c
stop-sandbox p
remove-sandbox p
host -- grep -c ' / $run/t/state/.*overlay' /proc/self/mountinfo
down
EOF
}

for how in kernel fuse-overlayfs; do
  session PODSTEP_OVERLAY=$how
  log=$(answer log c)
  if [ $how = kernel ]; then type=' - overlay ' ; else type=' - fuse'; fi
  like "$log" "$type" "$how: the root is of that kind"
  like "$log" 'gone' "$how: a directory of the image can be removed"
  like "$log" 'new' "$how: files can be written"
  like "$log" 'secret' "$how: a directory of mode 0700 can be read"
  unlike "$log" 'argument ignored' "$how: no other program writes into the container's log"
  like "$(answer host)" '^0' "$how: nothing stays mounted"
done
session
like "$(answer log c)" ' - (overlay|fuse)' 'without an order, what the probe found is used'
done_testing

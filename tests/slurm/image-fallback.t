#!/bin/bash
# An image of the site's store is mounted in the kernel with the ids of the user, and a root is written by the kernel's overlay; where the
# kernel refuses either, squashfuse and fuse-overlayfs take over by themselves, and the pod finds the same.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
cluster plugstack
command -v fuse-overlayfs >/dev/null || skip_all 'fuse-overlayfs is not installed'
command -v gcc >/dev/null || skip_all 'gcc is not installed'

# --- an image in the site's store, which root writes ---
tree=$tmp/tree
cp -a "$(home alice)/static-tree" "$tree"
mkdir -p "$tree/tree/below" "$tree/private"
echo lower >"$tree/tree/below/file"
echo secret >"$tree/private/file"
chmod 700 "$tree/private"
image() { PODSTEP_STORE=$PODSTEP_STORE_SITE "$PODSTEP_PREFIX/bin/podstep" image "$@"; }
ok 'root makes an image in the store of the site' image build "$tree" fallback --entrypoint '["/bin/httpd", "-f", "-h", "/www"]'
at_exit image rm fallback
hex=$(image inspect fallback | jq -r '.digest[7:]')

# --- n2: no loop device, and no overlay on what is an overlay on an overlay already (the kernel stacks two at most) ---
libexec=$PODSTEP_PREFIX/libexec/podstep fakes=$PODSTEP_CLUSTER_DIR/fakes.$$
mkdir "$fakes"
at_exit rm -rf "$fakes"
cp "$libexec/podstepd" "$libexec/podstep-prepare" "$fakes"
cat >"$fakes/deep" <<END
#!/bin/bash
t=\$SLURM_PODSTEP_RUN/t
mkdir \$t/{once,probe} \$t/{lower,upper,work}{1,2} &&
  mount -t overlay -o lowerdir=\$t/lower1,upperdir=\$t/upper1,workdir=\$t/work1,userxattr none \$t/once &&
  mount -t overlay -o lowerdir=\$t/once,upperdir=\$t/upper2,workdir=\$t/work2,userxattr none \$t/probe || exit 99
exec $fakes/podstepd
END
chmod 755 "$fakes/deep"
on n2 mount --bind "$fakes/deep" "$libexec/podstepd"
at_exit on n2 umount "$libexec/podstepd"
on n2 mount --bind /dev/null /dev/loop-control
at_exit on n2 umount /dev/loop-control
# --- n3: a kernel that maps no ids of a squashfs, as before 6.2 ---
gcc -O1 -static -DCALL=SYS_mount_setattr -DANSWER=EINVAL -DREAL_PROGRAM="\"$fakes/podstep-prepare\"" -o "$fakes/unmapped" "$top_srcdir/tests/lib/without_call.c" ||
  { fail 'the program that refuses a call builds'; done_testing; }
on n3 mount --bind "$fakes/unmapped" "$libexec/podstep-prepare"
at_exit on n3 umount "$libexec/podstep-prepare"

file=$(manifest fallback 3)
sed -i 's/image: static-server/image: fallback/; s/cpu: 500m/cpu: 1500m/' "$file" # one on each node
job=$(serve "$file" -N3 -c4)
come_up "$job" 3
is "$(jq -c '[.endpoints[].node] | sort' "$(record "$job")/endpoints.json")" '["n1","n2","n3"]' 'a pod runs on each node'

# image_mount NODE: type and options of the image's mount in the agent's namespace. root_mount NODE: the type of the server's root.
image_mount() { awk -v at="/img/$hex" 'index($5, at) {print $6, $0}' "/proc/$(supervisor_of "$job" "$1" podstepd)/mountinfo" | sed -E 's/^([^ ]*) .* - ([^ ]*) .*/\2 \1/'; }
root_mount() { awk '$5 == "/"' "/proc/$(containers "$job" "$1")/mountinfo" | tail -n 1 | sed -E 's/.* - ([^ ]*) .*/\1/'; }
plain=$(image_mount n1)
if [[ $plain == squashfs* ]]; then
  like "$plain" '^squashfs ro,nosuid,nodev,[^ ]*idmapped$' 'n1: the kernel mounts the image, read-only, with mapped ids'
else
  skip "this kernel mounts no squashfs with mapped ids through a loop device ($plain)" 'n1: the kernel mounts the image'
fi
like "$(image_mount n2)" '^fuse' 'n2, without loop devices: squashfuse does'
like "$(image_mount n3)" '^fuse' 'n3, whose kernel maps no ids: squashfuse does'
like "$(root_mount n2)" '^fuse' 'n2, where the kernel refuses the overlay: fuse-overlayfs makes the root writable'
probed=$(root_mount n1)
if [ "$probed" = overlay ]; then pass 'n1: the kernel makes the root writable'; else skip "this kernel's overlay does not do ($probed)" 'n1: the kernel makes the root writable'; fi
is "$(root_mount n3)" "$probed" 'n3: as on n1'

# --- all of them find the same ---
look='exec 2>&1; id -u; cat /private/file; ls -ln / | /bin/busybox awk "{print \$1, \$3, \$9}"; /bin/busybox rm -r /tree && echo removed; ls /tree
  echo new >/www/new; cat /www/new; /bin/busybox chown 0:0 /www/new; /bin/busybox chmod 700 /www/new; ls -ln /www/new | /bin/busybox awk "{print \$1, \$3, \$4}"
  /bin/busybox mv /private /moved; cat /moved/file; ls /proc/self/fd | /bin/busybox wc -l'
for pod in $(jq -r '.pods[].name' "$(record "$job")/status.json"); do
  at=$(jq -r --arg pod "$pod" '.pods[] | select(.name == $pod) | .node' "$(record "$job")/status.json")
  as alice podstep exec -j "$job" "$pod" -- /bin/sh -c "$look" >"$tmp/$at"
done
like "$(cat "$tmp/n1")" $'^0\nsecret\n.*drwx------ 0 private\n.*removed\nls: /tree: No such file or directory\nnew\n-rwx------ 0 0\nsecret\n' 'n1: files are the user'\''s own, and can be removed, made and changed'
is "$(cat "$tmp/n2")" "$(cat "$tmp/n1")" 'n2: the same'
is "$(cat "$tmp/n3")" "$(cat "$tmp/n1")" 'n3: the same'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
on n2 umount "$libexec/podstepd"
on n2 umount /dev/loop-control
on n3 umount "$libexec/podstep-prepare"
audit_clean "$job"
done_testing

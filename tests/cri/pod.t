#!/bin/bash
# Pods run in a private containerd as an ordinary user, without Slurm: roots from flat images, one id, the step's cgroup; nothing is left.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/cri/session.sh"
cri_session

user=daemon run=/run/podstep/7.0.0.n1
flat_image "$tmp/a.sqsh" || skip_all 'mksquashfs failed'
flat_image "$tmp/link.sqsh" devlink
a=$(digest_of "$tmp/a.sqsh") link=$(digest_of "$tmp/link.sqsh")

drive <<EOF
up
image a $a $tmp/a.sqsh
image link $link $tmp/link.sqsh
sandbox p shm=1048576
sandbox s shared
container plain p a -- cat /private/file; echo \$FROM_IMAGE \$FROM_POD; cat /proc/self/status; rm -r /dir/below && echo gone; ls /proc/self/fd; df /dev/shm; exit 7
start plain
wait plain
log plain
container ro p a ro -- touch /x; echo then
start ro
wait ro
log ro
container other p a user=1000 group=1000 -- id; touch /mine; ls -ln /mine; cat /private/file; sleep 100; true
start other
exec other 5 -- id -u; exit 3
exec other 1 -- sleep 20
host -- for p in /proc/[0-9]*; do if tr '\0' ' ' <\$p/cmdline | grep -q '^sleep 100 \$'; then cmp \$p/cgroup /proc/self/cgroup && echo same; fi; done
log other
container full p a bytes=1048576 -- dd if=/dev/zero of=/big bs=64k count=100 2>&1; echo status \$?
start full
wait full
log full
container orphan s a -- setsid sleep 54321 & sleep 0.2
start orphan
wait orphan
host -- for i in 1 2 3 4 5 6 7 8 9 10; do ps ax -o args | grep '[s]leep 54321' || break; sleep 0.2; done; echo looked
container link p link -- true
start link
container none p nosuch -- true
kill-containerd
status other
exec other 5 -- echo alive
host -- kill -9 \$(cat $run/t/fuse/${a#sha256:}.pid)
exec other 5 -- ls /bin/sh
lost
stop other 1
image a $a $tmp/a.sqsh
container again p a -- echo again
start again
wait again
log again
stop-sandbox p
stop-sandbox s
remove-sandbox p
remove-sandbox s
list
host -- ls /run/containerd/runc/k8s.io $run/t/state/io.containerd.runtime.v2.task/k8s.io | grep -v : | grep .; grep -c ' - overlay ' /proc/self/mountinfo
down
EOF
unlike "$(answer up)" '^failed' 'containerd comes up and takes the sandbox image'
like "$(answer wait plain)" 'exited code=7' 'an exit is seen by an event, with its code'
ok 'and seen within 5 s' test "$(milliseconds wait plain)" -lt 5000
plain=$(answer log plain)
like "$plain" 'secret' 'a directory of mode 0700 of the image can be read'
like "$plain" 'yes yes' 'variables come from the image and from the pod'
like "$plain" 'NoNewPrivs:.1' 'no new privileges can be gained'
like "$plain" 'Seccomp:.2' "the runtime's seccomp profile is on"
like "$plain" 'gone' 'a directory of the image can be removed'
unlike "$plain" 'F [3-9]$' 'no descriptor but 0, 1 and 2 is open (and that of the listing itself)'
like "$plain" 'shm +1024' "/dev/shm has the sandbox's size"
like "$(answer log ro)" 'touch: /x: Read-only file system' 'a read-only root cannot be written'
like "$(answer log ro)" 'stdout F then' 'and the container goes on' # two streams: which line comes first is chance
other=$(answer log other)
like "$other" 'uid=1000 gid=1000' 'runAsUser is the id inside'
like "$other" '1000 +1000.*/mine' 'and owns what it makes'
like "$(answer exec other 5)" 'code=3 out=1000' 'exec runs under that id, its code comes back'
like "$(answer exec other 1)" 'timeout' 'an exec that takes too long is ended'
like "$(answer log full)" 'No space left on device.*status 1' 'the writable part is bounded'
is "$(answer host --nth 2)" 'looked' 'what outlives the init in a shared pid namespace is killed'
like "$(answer start link)" "image's /dev .* is not a directory" 'an image whose /dev is a link is refused by name'
like "$(answer container none)" 'failed to resolve image|not found' 'an image that is not there is an error'
like "$(answer status other)" 'running' 'a container survives a kill -9 of containerd'
like "$(answer exec other 5 --nth 2)" 'alive' 'and can be entered after it'
like "$(answer exec other 5 --nth 3)" 'not connected' 'a container whose squashfuse died has lost its root (fault F24)'
is "$(answer lost)" "$a " 'and the loss is told'
like "$(answer log again)" 'again' 'the image is mounted again for the next container'
is "$(answer list)" '0 sandboxes, 0 containers' 'everything is removed'
like "$(answer host)" 'same' "a container sits in the step's cgroup"
like "$(answer host --nth 4)" '^0' 'no record of a container and no overlay is left'
like "$(answer down)" 'ended with 0' 'containerd ends cleanly'
done_testing

#!/bin/bash
# Threat T12: a pod that floods its log, fills every file it may write, or whose output is read without end, takes no room and no time
# from the agent, the runtime and the pods beside it.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest t12 1)
cat >>"$file" <<'END'
---
apiVersion: v1
kind: Pod
metadata: {name: flood}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: static-server
    command: [/bin/sh, -c, "until [ -e /go ]; do sleep 0.1; done; while :; do /bin/busybox yes a line that is written for ever and ever and ever, and that nobody reads | /bin/busybox head -c 1500000; sleep 0.1; done"]
    resources: {requests: {cpu: 100m, memory: 16Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: filler}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: scratch, emptyDir: {sizeLimit: 8Mi}}]
  containers:
  - name: c
    image: static-server
    volumeMounts: [{name: scratch, mountPath: /scratch}]
    command:
    - /bin/sh
    - -c
    - |
      for f in /scratch/x /dev/shm/x /etc/hosts /dev/termination-log /etc/hostname /etc/resolv.conf /x; do
        /bin/busybox dd if=/dev/zero of=$f bs=65536 count=32768 2>/dev/null
        echo "$f $? $(/bin/busybox stat -c %s $f)"
        case $f in /dev/shm/x | /x) /bin/busybox rm $f;; esac
      done
      exec sleep 1212
    resources: {requests: {cpu: 100m, memory: 16Mi}, limits: {memory: 64Mi}}
END
job=$(serve "$file" -N1 --nodelist=n1 --mem=1000M)
come_up "$job" 1
# inside COMMAND: in the agent's mount namespace, where the job's tmpfs is.
agent=$(supervisor_of "$job" n1 podstepd) run=$(dirname "$(on n1 sh -c "ls /run/podstep/$job.*/lock")")
inside() { nsenter -t "$agent" -m sh -c "$1"; }
room() { inside "df --output=used -k $1" | tail -n 1 | xargs; }
rss() { awk '/^VmRSS/ {print int($2 / 1024)}' "/proc/$(worker_of "$job" n1 "$1")/status"; }

# --- files
filled() { [ "$(as alice podstep logs -j "$job" filler | wc -l)" = 7 ]; }
ok 'a pod has filled what it can' wait_until 60 filled || diag "$(as alice podstep logs -j "$job" filler)"
sizes=$(as alice podstep logs -j "$job" filler)
size() { awk -v file="$1" '$1 == file {print $3}' <<<"$sizes"; }
is "$(grep -cE ' 0 ' <<<"$sizes")" 0 'every one came to an end: no room, or no writing'
is "$(size /scratch/x)" $((8 << 20)) 'an emptyDir ends at its sizeLimit'
ok 'files that the agent makes for the pod end within a MiB' test $(($(size /etc/hosts) + $(size /dev/termination-log))) -le $((1 << 20))
ok "files of the runtime's cannot be written" test $(($(size /etc/hostname) + $(size /etc/resolv.conf))) -lt 65536
is "$(size /x)" $((32 << 20 )) "the container's root ends at half of its memory limit"
ok 'shared memory ends within the step' test "$(size /dev/shm/x)" -le $((500 << 20))
ok "and the runtime's own room is hardly touched" test "$(inside "du -skx $run/t" | cut -f1)" -lt 40000

# --- the log
watch_traffic $(urls "$job")
before=$(restarts "$job") runtime=$(job_pids "$job" n1 containerd)
as alice podstep exec -j "$job" flood -- /bin/sh -c ': >/go'
floods() { [ "$(room "$run/t/logs")" -gt 20000 ]; }
ok 'a log is flooded' wait_until 20 floods
most=0
for _ in $(seq 30); do used=$(room "$run/t/logs"); [ "$used" -le "$most" ] || most=$used; sleep 0.2; done
limit=$(inside "df --output=size -k $run/t/logs" | tail -n 1 | xargs)
diag "logs took $((most >> 10)) MiB of $((limit >> 10)) at most; agent $(rss podstepd) MiB"
is "$limit" $((1000 * 1024 / 8)) "logs have an eighth of the step's memory"
ok 'they have turned over: no file is larger than what is written in a few seconds' inside "ls $run/t/logs/*flood*/c/0.log.1"
ok "the runtime's own room is as before" test "$(inside "du -skx $run/t" | cut -f1)" -lt 50000
like "$(as alice podstep logs -j "$job" --tail 2 flood | sort -u)" '^a line that is written for ever.*nobody reads$' 'the end of the log can be read'
is "$(as alice timeout 30 podstep logs -j "$job" -f flood 2>/dev/null | head -c 1000000 | wc -c)" 1000000 'a reader who follows gets it'
is "$(as alice timeout 30 podstep exec -j "$job" filler -- /bin/busybox yes 2>/dev/null | head -c 1000000 | wc -c)" 1000000 "an exec'd command may write without end"
most_mib=32
[ -z "${PODSTEP_SANITIZED:-}" ] || most_mib=512
ok 'the agent takes no more memory for all of it' test "$(rss podstepd)" -lt $most_mib || diag "$(rss podstepd) MiB"
is "$(job_pids "$job" n1 containerd)" "$runtime" 'the runtime lives'
is "$(restarts "$job")" "$before" 'no pod was restarted'
is "$(missed)" 0 'and the server beside it answered every request'
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
ok 'the record is bounded' test "$(du -sm "$(record "$job")" | cut -f1)" -lt 8
audit_clean "$job"
done_testing

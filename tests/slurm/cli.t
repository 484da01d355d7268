#!/bin/bash
# The CLI tells of jobs and records what is true, names cause and fix when it cannot, and needs no step for a look.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster

podstep=${PODSTEP_PREFIX:+$PODSTEP_PREFIX/bin/podstep}
[ -x "${podstep:-}" ] || skip_all 'podstep is not installed in the cluster'
home=$(home alice)
state=$home/.local/state/podstep
p() { as alice env -u SLURM_JOB_ID "$podstep" "$@"; }
refused() {
  local name=$1 regex=$2 out status
  shift 2
  out=$(p "$@" 2>&1 >/dev/null); status=$?
  is "$status" 125 "$name: exit code 125"
  like "$out" "podstep: [^
]*$regex" "$name: the cause"
  like "$out" $'\nfix: ' "$name: a fix"
}
# put JOB FILE: stdin into the record of a job, by rename, as the hub does it.
put() { as alice sh -c "cat >'$home/cli.t/podstep-$1/r0/$2.new' && mv '$home/cli.t/podstep-$1/r0/$2.new' '$home/cli.t/podstep-$1/r0/$2'"; }
new_record() {
  as alice sh -c "mkdir -p -m 700 '$state' '$state/jobs' '$home/cli.t/podstep-$1/r0/logs/chat-0' && ln -sfn '$home/cli.t/podstep-$1' '$state/jobs/$1'"
}
status_json() { # JOB PHASE CONTAINER-STATE READY
  printf '{"version":1,"job":%s,"restart":0,"phase":"%s","nodes":[{"name":"n1","host":"n1","ready":true}],"pods":[{"name":"chat-0","namespace":"default","node":"n1","phase":"Running","ready":"%s","restarts":1,"reason":"","started":"2026-01-01T00:00:00Z","containers":[{"name":"server","state":"%s","ready":true,"restarts":1}]}]}' "$1" "$2" "$4" "$3"
}
at_exit "rm -rf '$home/cli.t'; find '$state/jobs' -lname '$home/cli.t/*' -delete"

# --- help and wrong usage
for word in render check submit hold wait status endpoint key logs exec stop image; do
  out=$(p "$word" --help 2>&1)
  like "$out" 'Usage: ?' "$word --help tells how it is used"
done
like "$(p --help)" 'podstep submit chat.yaml' '--help has a first service'
refused 'a word that is not there' 'there is no word `fly`' fly
refused 'an option that is not there' 'not expected: --fly' status --fly
refused 'a job id that is none' '`x1` is no job id' status x1
refused 'a job without a record' 'job 4000000 has no record' status 4000000
refused 'hold without a service' 'the job has no hub' hold
out=$(p check)
like "$out" $'\nSlurm +ok.*\nplugin +ok.*\nuser namespaces +ok' 'check finds Slurm, the plugin and user namespaces'
like "$out" $'\non nodes: overlay +ok +writable roots by ' 'and asks the wrapper how containers get writable roots'
out=$(as alice env PATH=/nowhere "$podstep" check); code=$?
like "$out" $'\nSlurm +MISSING.*\nfix: Slurm: install' 'without Slurm it says MISSING, and the fix'
is "$code" 1 'and ends with 1'

# --- a job with a record
job=$(submit alice -N1 -t5 --comment=podstep --wrap 'sleep 300')
wait_job "$job" RUNNING
like "$(p status)" "$job +RUNNING" 'status without a job lists a service that has no record yet'
new_record "$job"
status_json "$job" Starting waiting 0/1 | put "$job" status.json
like "$(p status "$job")" "job $job: Starting, pods 0/1 ready, time left" 'status reads the record'
like "$(p status)" "$job +RUNNING +Starting +0/1" 'and so does the list'
is "$(p status -o json "$job" | jq -r .phase)" Starting 'status as JSON'
refused 'an endpoint that is not yet there' 'no endpoint yet' endpoint "$job"
p status -w "$job" >"$tmp/watch" &
watch=$!
p wait --timeout=1 "$job" 2>"$tmp/wait"; is $? 124 'wait ends with 124 after its timeout'
like "$(cat "$tmp/wait")" 'after 1 s: .*Starting' 'and says what it waited for'
(sleep 1; status_json "$job" Ready running 1/1 | put "$job" status.json) &
ok 'wait sees that the service is ready' p wait --timeout=20 "$job"
ok 'status -w shows the page, and again when it changes' wait_until 10 eval '[ "$(grep "^job " "$tmp/watch" | sed "s/, time left.*//" | uniq)" = "$(printf "job $job: %s ready\n" "Starting, pods 0/1" "Ready, pods 1/1")" ]' ||
  diag "$(cat "$tmp/watch")"
kill "$watch"
printf '{"state":"ready","endpoints":[{"pod":"chat-0","node":"n1","name":"http","url":"http://n1:80","ready":true}]}' | put "$job" endpoints.json
is "$(p endpoint --url "$job")" http://n1:80 'endpoint --url prints the URL alone'
is "$(p endpoint --url)" http://n1:80 'the only service needs no job id'
echo secret | put "$job" key
is "$(p key "$job")" secret 'key prints the key'
echo one | put "$job" logs/chat-0/server.0.log
is "$(p logs --previous -j "$job")" one 'the log of the container before is kept in the record'
refused 'exec without a command' 'there is no command' exec -j "$job"
out=$(p exec -j "$job" -- true 2>&1); status=$?
like "$out" 'no agent of job' 'exec says when no agent answers on the node'
is "$status" 125 'with exit code 125, through the step'
# --- a stand-in for the agent: a container is a process in namespaces of its own, the socket tells its pid and its log
cat >"$home/cli.t/agent" <<'AGENT'
#!/usr/bin/python3
import http.server, json, os, socketserver, subprocess, sys
child = subprocess.Popen(["unshare", "-U", "-r", "-m", "-u", "-i", "-p", "--fork", "sh", "-c", "hostname inside; cd /tmp; exec sleep 299"],
                         env={"PATH": "/usr/bin:/bin", "IN": "side"})
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    def log_message(self, *words): pass
    def address_string(self): return "local"
    def do_GET(self):
        pids = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout.split()
        if self.path == "/podstep/v1/containers":
            body = json.dumps({"items": [{"namespace": "default", "pod": "chat-0", "container": "server", "id": "c" * 64, "pid": int(pids[0])}]})
        elif self.path.startswith("/containerLogs/default/chat-0/server?"):
            body = "live " + self.path.split("?")[1] + "\n"
        else:
            self.send_response(404); self.end_headers(); self.wfile.write(b"no such path"); return
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body.encode())
class Server(socketserver.UnixStreamServer): pass
Server(sys.argv[1], Handler).serve_forever()
AGENT
run=/run/podstep/$job.0.1.n1
on n1 sh -c "mkdir -p /run/podstep && mkdir '$run' && chown alice: '$run' && chmod 700 '$run'"
at_exit "cluster run --node n1 -- rm -rf '$run'"
as alice srun --jobid="$job" --overlap -Q python3 "$home/cli.t/agent" "$run/sock" >"$tmp/agent.log" 2>&1 &
wait_until 20 on n1 test -S "$run/sock" || diag "$(cat "$tmp/agent.log")"
is "$(p logs -j "$job")" 'live follow=false' 'the log of a container that runs comes from its node'
is "$(p logs -j "$job" --tail 5 -f chat-0 -c server)" 'live follow=true&tailLines=5' 'with what was asked for'
out=$(p exec -j "$job" -- sh -c 'hostname; pwd; echo "$IN"; id -u; echo $$' 2>&1)
like "$out" $'^inside\n/tmp\nside\n0\n[0-9]{1,2}$' 'exec enters the namespaces (its pid is small), the directory and the environment of the container'
like "$(p exec -j "$job" -- cat /proc/self/cgroup)" "job_$job/step_[0-9]" 'in the cgroup of its own step'
p exec -j "$job" -- sh -c 'exit 7' 2>/dev/null; is $? 7 'its exit code is the exit code of the command'
p exec -j "$job" -- sh -c 'kill -9 $$' 2>/dev/null; is $? 137 '128 + n for a signal'
p exec -j "$job" -- no-such-program 2>/dev/null; is $? 127 '127 for a command that is not there'
p exec -j "$job" -- /etc/passwd 2>/dev/null; is $? 126 '126 for one that cannot be executed'
is "$(echo text | p exec -i -j "$job" -- cat 2>&1)" text 'exec -i passes stdin on'
is "$(p exec -i -j "$job" -- sh -c 'test -t 0 || echo no terminal')" 'no terminal' 'which is no terminal'
like "$(as alice script -qec "$podstep exec -it -j $job -- sh -c 'tty; stty size >/dev/null && echo sized'" /dev/null </dev/null)" \
  $'/dev/pts/[0-9]+\r?\nsized' 'exec -it gives the command a terminal'
refused 'a pod that is not there' 'no pod chat-7' exec -j "$job" chat-7 -- true
is "$(as root "$podstep" status -o json "$job" | jq -r .job)" "$job" 'root becomes the owner of the job'
like "$(as root "$podstep" status -w 2>&1)" 'as root a JOBID must be named' 'root must name a job'
nok "another user's record is not read" as bob "$podstep" status "$job"

# --- two services
other=$(submit alice -N1 -t5 --comment=podstep --wrap 'sleep 300')
refused 'two services and no job id' "you have 2 services: ($job, $other|$other, $job)" endpoint
ok 'stop ends a job' p stop "$other"
ok 'which is cancelled' wait_until 20 job_is "$other" CANCELLED

# --- the end
echo two | put "$job" logs/chat-0/server.1.log
status_json "$job" Ended terminated 0/1 | put "$job" status.json
printf '{"cause":"the pod chat-0 failed","exitCode":3}' | put "$job" end.json
ok 'the first job is stopped' p stop "$job"
p wait --for=end "$job" 2>"$tmp/end"; is $? 3 'wait --for=end ends with the code of the service'
like "$(cat "$tmp/end")" 'the pod chat-0 failed' 'and tells the cause'
is "$(p logs -j "$job")" two 'logs after the end come from the record'
is "$(p logs -j "$job" --previous)" one 'and the one before'
refused 'ready can never be' 'ended before its service was ready' wait "$job"
like "$(p status "$job")" 'ended: the pod chat-0 failed' 'status tells why it ended'

# --- submit
as alice sh -c "printf 'kind: Nonsense\n' >'$home/cli.t/bad.yaml'"
out=$(p submit --dry-run "$home/cli.t/bad.yaml" -- -N2)
like "$out" "^sbatch --ai-service=$home/cli.t/bad.yaml --job-name=bad --comment=podstep -N2" 'submit --dry-run shows the line'
like "$out" "exec $podstep hold" 'and the script'
nok 'a manifest that is wrong is not queued' p submit "$home/cli.t/bad.yaml" -- -N1
refused 'a manifest that is not there' 'open the manifest nowhere.yaml' submit nowhere.yaml
done_testing

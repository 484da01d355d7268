#!/bin/bash
# Threat T17: the hub serves its own job's agents, each as the node authorizer would, and nobody else: strangers, old keys, other jobs' keys,
# slow and many connections get a refusal, take no room from the agents, and leave the hub as it was. tests/unit/hub/access.cpp has the table of verbs.
# timeout: 150
. "$(dirname "$0")/../lib/tap.sh"

hub=${PODSTEP_HUB:-$top_builddir/podstep-hub}
[ -x "$hub" ] || skip_all 'podstep-hub is not built'
# start NAME: a hub of a job of its own; sets address, port, pid, and NAME's sock, in, out.
start() {
  local name=$1
  mkdir -p "$tmp/$name/record" "$tmp/$name/run"
  mkfifo "$tmp/$name/in"
  echo '{"version":1,"source":"x.yaml","objects":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"x"}]}}]}' \
    >"$tmp/$name/record/spec.json"
  sleep 300 >"$tmp/$name/in" &
  at_exit kill -9 $!
  SLURM_JOB_ID=77 SLURMD_NODENAME=$(hostname) SLURM_PODSTEP_RECORD=$tmp/$name/record SLURM_PODSTEP_RUN=$tmp/$name/run \
    "$hub" <"$tmp/$name/in" >"$tmp/$name/out" 2>"$tmp/$name/err" &
  pid=$!
  at_exit kill -9 "$pid"
  wait_until 10 grep -q '^hub ' "$tmp/$name/out"
  read -r _ address port _ <"$tmp/$name/out"
}
start other
other=$address:$port
start mine
mine=$address:$port

for who in n1 n2 old stranger; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$who" -keyout "$tmp/$who.key" -out "$tmp/$who.crt" 2>/dev/null
done
pin() { openssl x509 -in "$tmp/$1.crt" -outform DER | sha256sum | cut -d' ' -f1; }
printf 'expect 2\nagent n1 0 %s\nagent n2 1 %s\n' "$(pin old)" "$(pin n2)" >"$tmp/mine/in"
printf 'expect 1\nagent n1 0 %s\n' "$(pin stranger)" >"$tmp/other/in"
# call WHO ADDRESS PATH CURL-ARGS...: the status code; WHO's certificate, or none.
call() {
  local who=()
  [ "$1" = nobody ] || who=(--cert "$tmp/$1.crt" --key "$tmp/$1.key")
  curl -sk --max-time 5 "${who[@]}" -o "$tmp/body" -w '%{http_code}' "https://$2$3" "${@:4}"
}
own='/api/v1/nodes?fieldSelector=metadata.name%3Dn1'
gets() { [ "$(call "$1" "$2" "$3")" = "$4" ]; }
ok 'an agent that boot announced is served' wait_until 5 gets old "$mine" "$own" 200
ok 'at another hub another one' wait_until 5 gets stranger "$other" "$own" 200

# --- keys
printf 'agent n1 0 %s\n' "$(pin n1)" >"$tmp/mine/in"
ok 'a replacement on the same node is served' wait_until 5 gets n1 "$mine" "$own" 200
is "$(call old "$mine" "$own")" 401 'the key of the agent before is worth nothing any more'
for path in /version /api /api/v1/pods /api/v1/nodes/n1 /healthz /podstep/v1/key /metrics /logs/ /debug/pprof/ /api/v1/namespaces/default/pods/p/exec /; do
  is "$(for who in nobody stranger old; do call $who "$mine" "$path"; done)" 401401401 "$path: 401 for no certificate, another job's, and an old one"
done
for method in POST PUT PATCH DELETE OPTIONS; do
  is "$(for who in nobody stranger; do call $who "$mine" /api/v1/namespaces/default/pods/p -X $method; done)" 401401 "$method: 401 too"
done
unlike "$(call nobody "$mine" /api/v1/pods -X POST -d @"$tmp/mine/record/spec.json"; cat "$tmp/body")" '^2|podstep:owner' 'a body of a stranger is not read'
like "$(call n2 "$mine" /api/v1/nodes -X POST -d '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}') $(cat "$tmp/body")" \
  '^403 .*User \\"system:node:n2\\" cannot create' "another node's key does not speak for this one"
is "$(call n2 "$mine" "$own") $(call n2 "$mine" /api/v1/namespaces/default/pods/p) $(call n1 "$mine" /apis/apps/v1/deployments) $(call n1 "$mine" /api/v1/pods)" \
  '403 403 403 403' 'nor does it see that node, a pod that is not its own, or all of the job'

# --- the handshake
refused_tls() { ! openssl s_client -connect "$mine" "$@" </dev/null 2>&1 | grep -qE '^    Protocol *: TLS|New, TLSv1.[0-3], Cipher is [A-Z]|BEGIN SSL SESSION'; }
for version in -tls1 -tls1_1 -tls1_2; do ok "TLS by ${version#-} is refused" refused_tls "$version"; done
session=$tmp/session
(sleep 1) | openssl s_client -tls1_3 -connect "$mine" -sess_out "$session" >"$tmp/handshake" 2>&1
like "$(cat "$tmp/handshake")" 'TLSv1.3' 'TLS 1.3 is spoken'
nok 'no session is given that could be resumed, or replayed with early data' test -s "$session"
cat >"$tmp/noise.py" <<'END'
import os, socket, sys
for text in (b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(100000), b"\x16\x03\x01\xff\xff" + b"\0" * 70000):
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    s.settimeout(15)
    got = b""
    try:
        s.sendall(text)
        while part := s.recv(4096): got += part
    except OSError: pass
    print("much" if len(got) > 100 or b"HTTP/1.1 200" in got else "little")
END
is "$(/usr/bin/python3 "$tmp/noise.py" "$address" "$port" | sort -u)" little 'plain HTTP and noise get nothing'

# --- many, and slow
cat >"$tmp/flood.py" <<'END'
import os, resource, socket, ssl, sys, time
address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
slow = []
for _ in range(100):  # these shake hands, and then send a request drop by drop
    s = context.wrap_socket(socket.create_connection((address, port)))
    s.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\nX-Drop: ")
    slow.append(s)
held, refused = [], 0
for i in range(count):
    try: held.append(socket.create_connection((address, port), 5))
    except OSError: refused += 1
    if len(held) > 2000: held.pop(0).close()
print("held", len(held), "refused", refused, flush=True)
sys.stdin.readline()
closed = 0
for s in slow:
    s.settimeout(0.1)
    try: closed += s.recv(1) == b""
    except ssl.SSLWantReadError: pass
    except socket.timeout: pass
    except OSError: closed += 1
print("slow ones closed", closed, flush=True)
END
rss() { awk '/^VmRSS/ {print $2}' "/proc/$(pgrep -P "$pid")/status"; }
fds() { ls "/proc/$(pgrep -P "$pid")/fd" | wc -l; }
before=$(rss) before_fds=$(fds) worker=$(pgrep -P "$pid")
# One agent keeps a watch all the while, as agents do.
curl -skN --max-time 60 --cert "$tmp/n1.crt" --key "$tmp/n1.key" "https://$mine$own&watch=true" >"$tmp/watch" &
watch=$!
at_exit kill "$watch"
mkfifo "$tmp/go"
sleep 300 >"$tmp/go" &
at_exit kill $!
/usr/bin/python3 "$tmp/flood.py" "$address" "$port" 10000 <"$tmp/go" >"$tmp/flooded" 2>&1 &
flood=$!
ok '10,000 connections are opened by nobody' wait_until 60 grep -q ^held "$tmp/flooded"
diag "$(cat "$tmp/flooded")"
is "$(call n1 "$mine" "$own") $(call n2 "$mine" '/api/v1/nodes?fieldSelector=metadata.name%3Dn2')" '200 200' 'while 2,000 of them are held, agents that connect anew are served'
like "$(fds)" '^([0-9]{1,2}|1[0-9]{2}|2[0-4][0-9])$' 'the hub holds no more than its bound of them'
ok 'the watch of an agent lives on' kill -0 "$watch"
like "$(printf '{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}' | call n1 "$mine" /api/v1/nodes -X POST -d @-)" '^201$' 'and can be told something'
ok 'it is told' wait_until 5 grep -q '"name":"n1"' "$tmp/watch"
echo >"$tmp/go"
wait "$flood"
like "$(cat "$tmp/flooded")" 'slow ones closed 100' 'slow ones have been pushed out by the others'
quiet() { [ "$(fds)" -le $((before_fds + 3)) ]; }
ok 'when they have gone nothing of them is left' wait_until 15 quiet || diag "$(fds) descriptors, $before_fds before"
after=$(rss)
# What 128 handshakes had at once, some 100 KiB each, the allocator keeps for the next; a sanitizer adds its own to each allocation.
each_kib=200
[ -z "${PODSTEP_SANITIZED:-}" ] || each_kib=800
ok 'nor more memory than its bound of them has' test $((after - before)) -lt $((128 * each_kib)) || diag "$before KiB before, $after after"
is "$(pgrep -P "$pid")" "$worker" 'it is the same worker'
is "$(grep -cE 'error|exception' "$tmp/mine/err")" 0 'which has nothing to complain about'
done_testing

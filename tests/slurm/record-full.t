#!/bin/bash
# A record whose file system fills up while the service runs: the service goes on and its status says what is wrong; no file is half
# written; a hub that is started again has everything; with room again the record is complete.
# timeout: 200
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

full=$(home alice)/full
as alice mkdir -p "$full"
on n1 mount -t tmpfs -o "size=3m,mode=700,uid=$(as alice id -u)" tmpfs "$full"
at_exit on n1 umount "$full"
job=$(submit alice -N1 -w n1 -D "$full" -o "$(home alice)/%j.out" --ai-service="$(manifest full 2)" --wrap 'podstep hold')
# The record lies on a file system of n1's own: everything is looked at there.
at=$full/podstep-$job/r0
has() { on n1 jq -e "$2" "$at/$1"; }
answers_there() {
  local url urls
  urls=$(on n1 jq -r '.endpoints[] | select(.ready) | .url' "$at/endpoints.json")
  [ "$(wc -l <<<"$urls")" = "$1" ] || return 1
  for url in $urls; do [ "$(curl -s --max-time 2 "$url")" = podstep ] || return 1; done
}
status() { cluster run --node n1 -u alice -- podstep status "$job"; }
said() { status | grep -qE "$1"; }
event_there() { on n1 jq -e "select(.reason == \"$1\")" "$at/events.jsonl"; }
ok 'two endpoints answer' wait_until 60 answers_there 2
ok 'the record holds room for bad times' on n1 test -s "$at/reserve"
servers=$(containers "$job" n1)

on n1 sh -c "cat /dev/zero >'$full/filler'" 2>/dev/null
kill -9 "${servers%% *}"
ok 'a server that dies is started again' wait_until 20 eval '[ "$(containers "$job" n1 | wc -w)" = 2 ]'
ok 'the status knows, and says that the record is full and what to do' wait_until 20 said \
  'reason: .*the record cannot be written \(.*No space left on device\): the service goes on.*Fix: make room' || diag "$(status)"
ok 'with the restart' wait_until 20 has status.json '[.pods[].restarts] | add == 1'
ok 'two endpoints answer' wait_until 20 answers_there 2
now=$(containers "$job" n1)

# Now nothing at all is left, neither is the reserve.
on n1 sh -c "cat /dev/zero >'$full/filler2'" 2>/dev/null
worker=$(worker_of "$job" n1 podstep-hub)
kill -9 "$worker"
ok 'a hub that is killed comes back' wait_until 10 another worker_of "$worker" "$job" n1 podstep-hub
sleep 3
is "$(containers "$job" n1)" "$now" 'and the same processes serve'
ok 'and answer' answers_there 2
for file in status.json endpoints.json events.jsonl journal.jsonl; do
  ok "$file is whole" on n1 jq . "$at/$file"
done

on n1 rm "$full/filler" "$full/filler2"
complete() { ! said 'cannot be written' && event_there RecordWritable; }
ok 'with room again the trouble is over, and an event says so' wait_until 30 complete || diag "$(status)"
ok 'the room for bad times is held again' wait_until 10 on n1 test -s "$at/reserve"
is "$(containers "$job" n1)" "$now" 'all the while the same processes served'
for file in status.json endpoints.json events.jsonl journal.jsonl; do
  ok "$file is whole" on n1 jq . "$at/$file"
done
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
ok 'the record says why' on n1 jq -e .cause "$at/end.json"
nok 'and holds no room any more' on n1 test -e "$at/reserve"
on n1 umount "$full"
audit_clean "$job"
done_testing

#!/bin/bash
# A service runs end to end: sbatch to ready endpoints on two nodes, the CLI, and an end that leaves nothing.
# timeout: 240
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

file=$(manifest web 2)
job=$(as alice env PODSTEP_PORT_RANGE=31000-31009 podstep submit --parsable "$file" -- -N2)
like "$job" '^[0-9]+$' 'podstep submit prints the job'
ok 'two replicas become ready and answer over the network' wait_until 40 answers "$job" 2
is "$(jq -r '[.endpoints[].node] | unique | length' "$(record "$job")/endpoints.json")" 2 'they are on two nodes'
like "$(jq -r '[.endpoints[].port | tostring] | join(" ")' "$(record "$job")/endpoints.json")" '^3100[0-9] 3100[0-9]$' 'on ports of the range that was asked for'
like "$(as alice podstep status "$job")" 'Ready, pods 2/2 ready' 'podstep status says so'
key=$(as alice podstep key "$job")
like "$key" '^[0-9a-f]{64}$' 'the job has a random key'

pod=$(jq -r '.pods[0].name' "$(record "$job")/status.json")
is "$(as alice podstep exec -j "$job" "$pod" -- /bin/sh -c 'echo $KEY')" "$key" 'a container has the key in the variable it asked for'
is "$(as alice podstep exec -j "$job" "$pod" -- /bin/sh -c 'exit 7'; echo $?)" 7 "exec gives the command's own exit code"
is "$(as alice podstep exec -j "$job" "$pod" -- /bin/nothing 2>/dev/null; echo $?)" 127 'a missing command is 127'
nok "bob cannot read the record of alice's job" as bob cat "$(record "$job")/key"

scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
audit_clean "$job"
ok 'the record can still be read' as alice podstep status "$job"
like "$(jq -r .cause "$(record "$job")/end.json")" '.' 'and says why the service ended'

job=$(as alice env PODSTEP_PORT_RANGE=80-90 podstep submit --parsable "$file" -- -N1)
ok 'a service with a range that is none ends' wait_over "$job" 60
like "$(cat "$(home alice)"/*"$job".out)" "refused on .*PODSTEP_PORT_RANGE is '80-90', not a range of ports" 'and says why'

big=$(manifest big 9)
sed -i 's/cpu: 500m/cpu: "1"/' "$big"
job=$(serve "$big" -N1 -c2)
ok 'a service that does not fit ends' wait_over "$job" 60
is "$(job_state "$job")" FAILED 'the job has failed'
like "$(cat "$(home alice)"/*"$job".out)" 'big.yaml:5: 9 replicas x 1 CPU.* need 9' 'the reason names the line of replicas, what it needs and what there is'
audit_clean "$job"
done_testing

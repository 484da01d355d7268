#!/bin/bash
# Each deliberately broken plugin fails exactly the cases of its clause, and the reference plugin fails none: the cases can fail, and know why.
# timeout: 900
. "$(dirname "$0")/../lib/tap.sh"
conformance=$top_builddir/tests/fabric/conformance
broken=$top_builddir/tests/fabric/.libs/libnccl-net-broken.so
reference=$top_builddir/tests/fabric/.libs/libnccl-net-reference.so
# A GPU whose memory kills a CPU that touches it, and a plugin that takes such memory.
export LD_LIBRARY_PATH=$top_builddir/tests/support/.libs REFERENCE_GPU=1

# clause, ABI, the cases that must fail (all others must pass)
table='
F-NET-2         12 F-CT-1/table
F-NET-3         12 F-CT-2/contexts
F-NET-4         12 F-CT-3
F-NET-5         12 F-CT-2/reload F-CT-17 F-CT-18/survivor
F-NET-6         12 F-CT-1/table F-CT-27 F-CT-32
F-NET-7-strings 12 F-CT-1/anywhere
F-NET-7-cost    12 F-CT-1/anywhere
F-NET-8-path    12 F-CT-1/properties
F-NET-8-latency 12 F-CT-1/properties
F-NET-9         12 F-CT-1/properties
F-NET-10        12 F-CT-11
F-NET-11        12 F-CT-12/groups F-CT-12/ahead F-CT-22 F-CT-25
F-NET-12        12 F-CT-7
F-NET-13        12 F-CT-5
F-NET-14        12 F-CT-1/table F-CT-2/contexts F-CT-2/creators F-CT-2/traffic F-CT-2/reload F-CT-4/self F-CT-4/null F-CT-15/many F-CT-21/handle F-CT-21/wire F-CT-30
F-NET-15        12 F-CT-4/null
F-NET-16        12 F-CT-6
F-NET-17-comm   12 F-CT-18/before-connect F-CT-18/before-accept F-CT-20 F-CT-21/handle F-CT-21/job F-CT-30
F-NET-17-again  12 F-CT-4/null
F-NET-18        12 F-CT-2/traffic
F-NET-19        12 F-CT-27 F-CT-32
F-NET-21        12 F-CT-15/reg
F-NET-22        12 F-CT-8
F-NET-23        12 F-CT-8 F-CT-28/slots F-CT-28/lines
F-NET-24-whole  12 F-CT-10
F-NET-24-tag    12 F-CT-12/groups F-CT-12/ahead
F-NET-24-ahead  12 F-CT-12/groups F-CT-12/ahead
F-NET-25-size   12 F-CT-10
F-NET-25-empty  12 F-CT-4/self F-CT-10 F-CT-12/groups F-CT-12/ahead F-CT-32
F-NET-25-large  12 F-CT-11
F-NET-26        12 F-CT-14
F-NET-27-few    12 F-CT-9 F-CT-32
F-NET-27-error  12 F-CT-9
F-NET-28        12 F-CT-27 F-CT-32
F-NET-28-large  12 F-CT-27
F-NET-28-slot   12 F-CT-32
F-NET-29        12 F-CT-6 F-CT-7 F-CT-10 F-CT-13 F-CT-15/reg F-CT-16 F-CT-17 F-CT-18/idle F-CT-18/receiving F-CT-18/sending F-CT-18/survivor F-CT-19 F-CT-20 F-CT-22 F-CT-28/slots F-CT-28/large F-CT-29 F-CT-31
F-NET-30-binds  12 F-CT-29
F-NET-30-cost   12 F-CT-29
F-NET-31        12 F-CT-18/before-connect F-CT-18/before-accept F-CT-18/idle F-CT-18/receiving F-CT-18/sending F-CT-18/survivor F-CT-20 F-CT-31
F-NET-32-other  12 F-CT-18/before-connect F-CT-18/before-accept F-CT-18/idle F-CT-18/receiving F-CT-18/sending F-CT-18/survivor F-CT-20 F-CT-31
F-NET-32-hang   12 F-CT-11 F-CT-18/idle F-CT-18/receiving F-CT-18/sending F-CT-18/survivor F-CT-20 F-CT-31
F-NET-32-name   12 F-CT-18/before-connect F-CT-18/before-accept F-CT-18/idle F-CT-18/receiving F-CT-18/sending F-CT-18/survivor F-CT-20 F-CT-31
F-NET-32-early  12 F-CT-19
F-NET-33        12 F-CT-30
F-NET-34        12 F-CT-2/creators
F-NET-35        12 F-CT-16
F-NET-36        12 F-CT-15/reg
F-PXY-1         12 F-CT-28/slots
F-PXY-2         12 F-CT-28/large
F-PXY-4         12 F-CT-25
F-PXY-5         12 F-CT-14
F-PXY-6         12 F-CT-28/lines
F-PXY-7         12 F-CT-12/groups F-CT-12/ahead F-CT-22 F-CT-25
F-PXY-8         12 F-CT-17 F-CT-18/survivor
F-OFI-3         12 F-CT-13
F-OFI-6         12 F-CT-20
F-PRO-1         10 F-CT-22 F-CT-29
F-PRO-2         12 F-CT-22
F-PRO-3         12 F-CT-22
F-PRO-3-open    12 F-CT-22
F-PRO-4         12 F-CT-22
F-PRO-4-another 12 F-CT-22
F-TUN-2         12 F-CT-23
F-TUN-3-impossible 12 F-CT-23
F-TUN-3-rows    12 F-CT-23
F-TUN-4-allocates 12 F-CT-23
F-TUN-4-ranks   12 F-CT-23
F-CT-21-job     12 F-CT-21/job
F-CT-21-handle  12 F-CT-21/handle F-CT-30
F-CT-21-wire    12 F-CT-21/wire
'

# failures OUT PLUGIN ABI PORT [LIMIT]: the cases that did not pass, sorted, in one line. What hangs takes LIMIT seconds.
failures() {
  "$conformance" --quick --deadline 3 --limit "${5:-40}" --abi "v$3" --no-device REFERENCE_DEVICES=0 --same-address "REFERENCE_PORT=$4" --job REFERENCE_JOB "$2" \
    >"$1" 2>"$1.err"
  grep -v -e '"result": "pass"' -e 'a sanitizer has its own' -e 'no step with a NIC' "$1" | sed -n 's/^{"case": "\([^"]*\)".*/\1/p' | sort | paste -sd ' '
}

# one LINE PORT: tries one broken plugin; its verdict goes to a file of the clause's name.
one() {
  local clause abi expected
  read -r clause abi expected <<<"$1"
  BROKEN=$clause failures "$tmp/$clause.json" "$broken" "$abi" "$2" >"$tmp/$clause.failed"
  tr ' ' '\n' <<<"$expected" | sort | paste -sd ' ' >"$tmp/$clause.expected"
}

# With a sanitizer's own malloc allocations are not counted.
uncounted=$("$conformance" --quick "$reference" F-CT-25 | grep -c 'a sanitizer has its own')
tried=$table
[ "$uncounted" = 0 ] || tried=$(grep -v -e '^F-PXY-4 ' -e '^F-TUN-4-allocates ' <<<"$table" | sed 's/ F-CT-25\b//')

is "$(failures "$tmp/reference.json" "$reference" 12 20999 90)" '' 'the reference plugin passes every case' || diag "$(grep -v '"pass"' "$tmp/reference.json")"
for abi in 6 7 8 9; do
  is "$(failures "$tmp/v$abi.json" "$reference" "$abi" 20999 90)" "$(printf '%s\n' F-CT-2/traffic F-CT-22 F-CT-29 | sort | paste -sd ' ')" \
    "so it does as v$abi, which has no traffic classes, profiler callback or hints" || diag "$(grep -v '"pass"' "$tmp/v$abi.json")"
done
is "$(failures "$tmp/v10.json" "$reference" 10 20999 90)" F-CT-29 'so it does as v10, which has no hints' || diag "$(grep -v '"pass"' "$tmp/v10.json")"
is "$(failures "$tmp/v11.json" "$reference" 11 20999 90)" '' 'so it does as v11' || diag "$(grep -v '"pass"' "$tmp/v11.json")"

# It has no NIC, so it looks at no credentials.
SLINGSHOT_VNIS=1024 SLINGSHOT_SVC_IDS=5,5 SLINGSHOT_DEVICES=cxi0,cxi1 SLINGSHOT_TCS=0xe "$conformance" "$reference" F-CT-24 >"$tmp/credentials.json"
like "$(cat "$tmp/credentials.json")" '"result": "fail".*SLINGSHOT_VNIS' 'where a step has Slingshot credentials it fails F-CT-24, for it takes any'

# Most of the time is spent in waiting: four at a time.
export -f one failures
export tmp conformance broken
grep . <<<"$tried" | awk '{print $0; print 20000 + NR}' | xargs -d '\n' -n 2 -P 4 bash -c 'one "$@"' bash
while read -r clause _; do
  is "$(cat "$tmp/$clause.failed")" "$(cat "$tmp/$clause.expected")" "the plugin that breaks $clause fails as it must, and nowhere else" ||
    diag "$(grep -v '"pass"' "$tmp/$clause.json"; head -n 5 "$tmp/$clause.json.err")"
done < <(grep . <<<"$tried")

# Every broken plugin is tried.
is "$(BROKEN='' "$conformance" "$broken" F-CT-1 2>&1 >/dev/null | sed -n 's/.*names none of: //p' | head -n 1 | tr ' ' '\n' | sort | paste -sd ' ')" \
  "$(grep . <<<"$table" | awk '{print $1}' | sort | paste -sd ' ')" 'every clause that is broken stands in the table'
done_testing

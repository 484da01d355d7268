#!/bin/bash
# Every clause that a source or a test cites (K-ADM-2, F-OFI-9, ...) stands in doc/contracts, with what it says.
. "$(dirname "$0")/lib/tap.sh"
cd "$top_srcdir" || exit 1

# cited FILE...: the clauses in them. F-CT-* are the conformance cases themselves; P-256 is a curve.
cited() { grep -ohwE '[FKPRS]-([A-Z]+-)?[0-9]+' "$@" | grep -vxE 'F-CT-.*|P-256' | sort -u; }

# stated FILE...: the clauses that they state, each in bold: **K-ADM-1**, and of one sort together **K-ADM-1, -2, -5**.
stated() {
  grep -ohE '\*\*[FKPRS]-[A-Z0-9, .-]*\*\*' "$@" | tr -d '*.' | awk -F ', *' '
    {sort = $1; sub(/-[0-9]+$/, "", sort); print $1; for (i = 2; i <= NF; i++) print ($i ~ /^-/ ? sort : "") $i}' | sort -u
}

sources=$(find common proto spank nodeagent containerd-shim libfabric-transport tests contrib -type f \
  \( -name '*.h' -o -name '*.cpp' -o -name '*.c' -o -name '*.proto' -o -name '*.sh' -o -name '*.t' -o -name '*.py' \) ! -name contracts.t)
# shellcheck disable=SC2086
is "$(comm -23 <(cited $sources) <(stated doc/contracts/*.md))" '' 'every clause that is cited is stated'
# shellcheck disable=SC2086
ok 'and there are some' test "$(cited $sources | wc -l)" -gt 50

printf '// Contract: K-ADM-5, K-NO-1.\n' >"$tmp/source.h"
printf -- '- **K-ADM-1, -2, -5** A pod. **K-NR-1.** Another.\n' >"$tmp/page.md"
is "$(stated "$tmp/page.md" | xargs)" 'K-ADM-1 K-ADM-2 K-ADM-5 K-NR-1' 'clauses that are stated together are all found'
is "$(comm -23 <(cited "$tmp/source.h") <(stated "$tmp/page.md"))" 'K-NO-1' 'one that is stated nowhere would be found'
done_testing

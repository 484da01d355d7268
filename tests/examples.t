#!/bin/bash
# The example's model as it is committed: small, and as good as its recipe says on text that it never saw.
. "$(dirname "$0")/lib/tap.sh"

model=$top_srcdir/contrib/examples/model
size=$(stat -c %s "$model/podstep.gguf")
ok 'the model has at most 8 MB' test "$size" -le 8000000
is "$(head -c 4 "$model/podstep.gguf")" GGUF 'and is a GGUF file'
# result NAME: its figure in RESULTS.tsv.
result() { awk -F '\t' -v name="$1" '$1 == name {print $2}' "$model/RESULTS.tsv"; }
below() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a + 0 > 0 && a + 0 <= b + 0)}'; }
bits=$(result 'held-out bits per byte')
ok 'at most 1.70 bits per byte of the held-out text are on record' below "$bits" 1.70
ok 'which is less than xz -9e needs' below "$bits" "$(result 'xz -9e')"
like "$(result 'zpaq -m5')" '^[0-9.]+$' 'what zpaq -m5 needs stands beside it'
like "$(awk -F '\t' '$1 == "parameters" {print $3}' "$model/RESULTS.tsv")" "^$size bytes" 'the record is of this model'
is "$(awk -F '\t' '!/^#/ && $1 != "package" && NF < 3 {print $1}' "$model/sources.tsv")" '' 'every source of text has its licence'
done_testing

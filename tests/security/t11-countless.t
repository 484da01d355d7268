#!/bin/bash
# Threat T11: an image of more files than any real one has is refused while it is unpacked, and nothing of it stays.
# timeout: 2400
# long
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service

work=$(home alice)/t11
rm -rf "$work"
as alice mkdir "$work"
at_exit rm -rf "$work"
install -m 644 "$top_srcdir/tests/security/hostile_image.py" "$work/make.py"
ok 'an image of two million files is made' as alice /usr/bin/python3 "$work/make.py" "$work/countless" countless
said=$(as alice podstep image import "oci:$work/countless:x" countless 2>&1; echo "rc=$?")
like "$said" 'unpacks to more than 2000000 files and directories'$'\n''fix: .*rc=125$' 'it is refused, with cause and fix'
is "$(ls -A "$(home alice)/.local/state/podstep/images/tmp")" '' 'nothing of it is left'
done_testing

#!/bin/bash
# The program in podstep-fabric(3) compiles as the page says, by pkg-config and in C, and does what it says.
. "$(dirname "$0")/../lib/tap.sh"

page=$top_srcdir/man/podstep-fabric.3
[ -e "$top_builddir/.libs/libpodstep-fabric.so" ] || skip_all 'this build has no libpodstep-fabric.so (libfabric is missing)'
# As if it were installed, before it is.
flags() {
  PKG_CONFIG_PATH=$top_builddir/libfabric-transport pkg-config --define-variable=includedir="$top_srcdir/libfabric-transport" \
    --define-variable=libdir="$top_builddir/.libs" --cflags --libs podstep-fabric
}
sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/{/^#include/,/^\.fi/p}' "$page" | sed -e '/^\.fi/d' -e 's/\\-/-/g' -e 's/\\e/\\/g' >"$tmp/example.c"
# A library with sanitizers needs them in the program too.
sanitizers=()
[ -z "${PODSTEP_SANITIZED:-}" ] || sanitizers=(-fsanitize=address,undefined)
# shellcheck disable=SC2046
ok 'it compiles without a warning' cc -std=c99 -D_GNU_SOURCE -Wall -Wextra -Werror "${sanitizers[@]}" -o "$tmp/example" "$tmp/example.c" $(flags)
like "$(LD_LIBRARY_PATH=$top_builddir/.libs timeout 60 "$tmp/example" 2>&1)" '^6 bytes from .*[0-9]+.*: hello$' 'two processes meet, and one tells what the other sent'

# Every function of the header stands in the page's text, not in its synopsis alone.
functions() { grep -o 'podstep_fabric_[a-z_]*(' "$top_srcdir/libfabric-transport/podstep/fabric.h" | tr -d '(' | sort -u; }
described=$(sed -n '/^\.SH DESCRIPTION/,/^\.SH EXAMPLES/p' "$page")
is "$(for name in $(functions); do grep -qw "$name" <<<"$described" || echo "$name"; done)" '' 'every function is described'
done_testing

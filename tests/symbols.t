#!/bin/bash
# Each shared object exports exactly the symbols of its checked-in list, tests/symbols/<name>.list, and no other.
. "$(dirname "$0")/lib/tap.sh"

# exported FILE: its defined dynamic symbols, sorted; a sanitizer's own are not the project's.
exported() { nm -D --defined-only "$1" | awk '{print $3}' | sed 's/@.*//' | grep -vE '^(__odr_asan|__asan|__ubsan|_init$|_fini$)' | LC_ALL=C sort -u; }

found=no
while read -r object; do
  found=yes
  name=$(basename "$object" .so)
  list=$top_srcdir/tests/symbols/$name.list
  if [ ! -e "$list" ]; then
    fail "$name.so has a list of its symbols" || diag "write tests/symbols/$name.list; it exports: $(exported "$object" | xargs)"
    continue
  fi
  is "$(exported "$object")" "$(grep -v '^#' "$list" | LC_ALL=C sort -u)" "$name.so exports what its list says"
done < <(find "$top_builddir" -path '*/.libs/*.so' -not -path '*/tests/*' -not -path '*/podstep-[0-9]*/*' | sort)
[ "$found" = yes ] || skip "no shared object is built in $top_builddir" 'exported symbols'

# The rule can fail: an object with one symbol too many differs from its list.
printf 'int wanted(void) {return 1;}\nint leaked(void) {return 2;}\n' | gcc -shared -fPIC -x c -o "$tmp/t.so" -
is "$(exported "$tmp/t.so" | xargs)" 'leaked wanted' 'a symbol that leaks is seen'
done_testing

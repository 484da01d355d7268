#!/bin/bash
# Every header of the project compiles alone, as the first and only include of a file.
# timeout: 600
. "$(dirname "$0")/lib/tap.sh"

# A stamp lists a header's project dependencies with their checksums: what has not changed since it compiled is not compiled again.
stamps=$top_builddir/header-stamps
mkdir -p "$stamps"
flags="-std=c++20 -fsyntax-only -Wall -Wextra -Werror -Wno-pragma-once-outside-header -I$top_srcdir -I$top_builddir"
for module in libcurl openssl protobuf-lite yaml-cpp libfabric; do
  flags="$flags $(pkg-config --cflags "$module" 2>/dev/null)"
done
flags="$flags -DPODSTEP_BINDIR=\"/b\" -DPODSTEP_LIBEXECDIR=\"/l\" -DPODSTEP_LIBDIR=\"/L\" -DPODSTEP_SYSCONFDIR=\"/e\" -DBOOST_ASIO_NO_DEPRECATED"
export flags stamps

# compile_alone HEADER: status 0 when it compiles; else the compiler's words are in HEADER's .log.
compile_alone() {
  local stamp
  stamp=$stamps/$(echo "$1" | tr / _)
  [ ! -s "$stamp" ] || ! sha256sum -c --quiet --status "$stamp" 2>/dev/null || return 0
  rm -f "$stamp"
  # shellcheck disable=SC2086
  echo "#include \"$1\"" | g++ $flags -x c++ -MMD -MF "$stamp.d" -MT x - >"$stamp.log" 2>&1 || return 1
  sed 's/^x://; s/\\$//' "$stamp.d" | tr ' ' '\n' | grep '^/' | grep -v '^/usr/' | sort -u | xargs sha256sum >"$stamp"
}
export -f compile_alone

cd "$top_srcdir" || exit 1
find common proto spank nodeagent containerd-shim libfabric-transport -name '*.h' | sort >"$tmp/headers"
# shellcheck disable=SC2016
xargs -a "$tmp/headers" -P "$(nproc)" -I{} bash -c 'compile_alone "$1" || echo "$1" >>"$2"' bash {} "$tmp/broken"
while read -r header; do
  if grep -qxF "$header" "$tmp/broken" 2>/dev/null; then
    fail "$header compiles alone" || diag "$(head -n 20 "$stamps/$(echo "$header" | tr / _).log")"
  else
    pass "$header compiles alone"
  fi
done <"$tmp/headers"

echo 'std::string missing();' >"$tmp/bad.h"
nok 'a header that needs another one first would be found' compile_alone "$tmp/bad.h"
done_testing

#!/bin/bash
# Every file of the project is of bounded size, opens with a sentence, carries no marks of unfinished work, and is formatted.
. "$(dirname "$0")/lib/tap.sh"
cd "$top_srcdir" || exit 1

# sources: all files that people write, in the tarball as in a checkout.
sources() {
  find common proto spank nodeagent containerd-shim libfabric-transport tests contrib -type f \
    \( -name '*.h' -o -name '*.cpp' -o -name '*.c' -o -name '*.proto' -o -name '*.sh' -o -name '*.t' -o -name '*.py' \) | sort
  find contrib .ci -maxdepth 1 -type f -executable 2>/dev/null | sort
}
sources >"$tmp/sources"
code() { grep -E '\.(h|cpp|c)$' "$tmp/sources"; }

# long_files LINES: files over it. long_functions LINES: functions of C++ files, from "name(...) {" at the margin to "}" at the margin.
long_files() { xargs -a "$tmp/sources" wc -l | awk -v max="$1" '$2 != "total" && $1 > max {print $2 " has " $1 " lines"}'; }
long_functions() {
  xargs awk -v max="$1" '
    FNR == 1 {start = 0}
    /^[A-Za-z_].*[)a-z] \{$/ && !/(^|> )(namespace|class|struct|enum|union|extern) / {start = FNR; name = $0}
    /^\}/ && start {if (FNR - start + 1 > max) print FILENAME ":" start " has " FNR - start + 1 " lines: " name; start = 0}'
}

# opening FILE: its first comment line, after a #! line.
opening() { sed -n '1{/^#!/d};p' "$1" | head -n 1; }
without_sentence() {
  local file
  while read -r file; do
    [[ $(opening "$file") =~ ^((//|#|/\*)\ |\"\"\").{20,} ]] || echo "$file opens with: $(opening "$file")"
  done
}

marks='TO''DO|FIX''ME|X''XX'
unfinished() { xargs grep -nwE "$marks" /dev/null; }
ragged() { xargs grep -nE '[[:space:]]+$' /dev/null; }

is "$(long_files 400)" '' 'no file is longer than 400 lines'
is "$(code | grep -v '^tests/' | long_functions 60)" '' 'no function is longer than 60 lines'
# A unit test says it by its path and by its test cases, which are sentences.
is "$(grep -v '^tests/unit/.*\.cpp$' "$tmp/sources" | without_sentence)" '' 'every file opens with a comment that says what it is'
is "$(unfinished <"$tmp/sources")" '' 'nothing is marked as unfinished'
is "$(ragged <"$tmp/sources")" '' 'no line ends with blanks'
is "$(find contrib tests -name '*.t' ! -perm -u+x)" '' 'every test script is executable'

# A room's unit tests run only when automake knows them.
forgotten() { local room; for room in "$1"/unit/*/; do grep -qxF "include tests/unit/$(basename "$room")/local.mk" "$1/local.mk" || echo "$room"; done; }
is "$(forgotten tests)" '' 'every room of unit tests is included in tests/local.mk'
mkdir -p "$tmp/unit/lost"
: >"$tmp/local.mk"
like "$(forgotten "$tmp")" 'lost' 'a room that is not would be found'

if command -v clang-format >/dev/null; then
  is "$(code | xargs clang-format --dry-run 2>&1 | grep -E 'warning' | cut -d: -f1 | sort | uniq -c | sort -rn)" '' 'clang-format would change nothing'
else
  skip 'clang-format is not installed' 'clang-format would change nothing'
fi

# Each rule finds a planted fault.
{ echo '#include <x>'; echo "// $(echo TO''DO): later "; echo 'int long_one(int a) {'; yes '  a++;' | head -n 70; echo '}'; } >"$tmp/bad.cpp"
like "$(echo "$tmp/bad.cpp" | long_functions 60)" 'has 72 lines' 'a long function is found'
like "$(echo "$tmp/bad.cpp" | without_sentence)" 'bad.cpp opens with' 'a missing sentence is found'
like "$(echo "$tmp/bad.cpp" | unfinished)" 'later' 'an unfinished mark is found'
like "$(echo "$tmp/bad.cpp" | ragged)" ':2:' 'a blank at the end of a line is found'
done_testing

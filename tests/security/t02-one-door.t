#!/bin/bash
# Threat T2: in spank/, whose code runs as root in slurmstepd, every path is opened by common/path and nothing is done to a file by its name.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top_srcdir" || exit 1

by_name='open|openat|creat|fopen|freopen|mkdir|mkdirat|rmdir|unlink|unlinkat|rename|renameat2?|symlink|link|chmod|fchmodat|chown|lchown|fchownat|[lf]?statat?'
by_name+='|access|faccessat|truncate|mknod|mount|umount2?|chdir|chroot|opendir|readlink|realpath|exec[lv]p?e?|system|popen'
by_name+='|exists|read_file|write_file_atomic|make_directories|run_tool|find_program'
# calls FILE...: lines that call one of these; fstat takes a descriptor, and these two take no name that somebody could turn:
# "ns/user" is the kernel's own link in an opened /proc/PID, and mount("", "/") changes how mounts propagate.
calls() {
  grep -nHE "(^|[^_a-zA-Z0-9>.])($by_name)\(" "$@" | grep -vE '^[^:]*:[0-9]+: *(//|\*)' | grep -vE '::fstat\(|::openat\(process, "ns/user"|::mount\("", "/", nullptr, MS_REC \| MS_SLAVE'
}
headers() { grep -nHE '#include *("common/(file|tool)\.h"|<(filesystem|fstream)>)' "$@"; }
# The submitting side is the user's own srun, sbatch or salloc: nothing of it runs as root.
mapfile -t files < <(find spank '(' -name '*.cpp' -o -name '*.h' ')' ! -path spank/submit.cpp)
is "$(calls "${files[@]}")" '' 'nothing is opened, made, removed or run by its name'
is "$(headers "${files[@]}")" '' 'and no header that does so is included'

# What would be found.
cat >"$tmp/bad.cpp" <<'END'
#include <filesystem>
#include "common/file.h"
  int fd = ::open(path.c_str(), O_RDONLY);
  if (mkdir("/x", 0700)) {}
  ::openat(dir, "ns/user", O_RDONLY);
  ::mount(image, target, "squashfs", 0, nullptr);
  (void)chown(path, 0, 0);
END
is "$(calls "$tmp/bad.cpp" | wc -l) $(headers "$tmp/bad.cpp" | wc -l)" '5 2' 'each of these would be found'
done_testing

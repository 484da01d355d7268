#!/bin/bash
# The transport's data path takes no lock: of all its objects only the NCCL plugin's set-up and the rendezvous over PMIx know one.
. "$(dirname "$0")/../lib/tap.sh"

# lockers DIRECTORY: the objects below it that call a lock, by their sources' names.
lockers() {
  local object
  while read -r object; do
    ! nm -u "$object" | grep -qE ' (pthread_(mutex|rwlock|cond|spin)_|pthread_barrier|sem_(wait|timedwait|clockwait)|mtx_lock)' || basename "$object" .o | sed 's/.*-//'
  done < <(find "$1" -path '*/.libs/*.o') | LC_ALL=C sort -u | xargs
}

objects=$top_builddir/libfabric-transport
[ -n "$(find "$objects" -path '*/.libs/*.o' -name '*progress*' 2>/dev/null)" ] || skip_all 'this build has no transport (libfabric is missing)'
like "$(lockers "$objects")" '^(by_pmix )?setup$' 'only set-up and PMIx know locks'

# The rule can fail.
mkdir -p "$tmp/.libs"
printf '#include <mutex>\nstd::mutex m;\nvoid f() { std::lock_guard<std::mutex> held(m); }\n' | g++ -x c++ -fPIC -c -o "$tmp/.libs/some-path.o" -
is "$(lockers "$tmp")" path 'another one is seen'
done_testing

#!/bin/bash
# A file includes only its own room and lower floors; the rule itself is tested with planted includes that break it.
. "$(dirname "$0")/lib/tap.sh"

# The floors, from the ground up: "room: rooms it may include beside itself". Programs never include each other, nor do the four big rooms.
floors='
common:
proto: common
spank: common
containerd-shim: common proto
libfabric-transport: common
nodeagent/supervise: common
nodeagent/loop: common
nodeagent/http: common nodeagent/loop
nodeagent/k8s: common nodeagent/loop nodeagent/http
nodeagent/cri: common proto nodeagent/loop nodeagent/http
nodeagent/pods: common nodeagent/k8s
nodeagent/node: common nodeagent/k8s
nodeagent/control: common nodeagent/k8s
'
typed='common proto nodeagent/supervise nodeagent/loop nodeagent/http nodeagent/k8s nodeagent/cri nodeagent/pods nodeagent/node nodeagent/control'
# The images of a user lie in the state directory, which record/ finds.
floors="$floors
nodeagent/record: $typed
nodeagent/images: $typed nodeagent/record"
below="$typed nodeagent/record nodeagent/images"
for program in agent hub boot cli; do floors="$floors
nodeagent/$program: $below"; done

# crossings DIR: "file includes header: why", one line for each include in DIR that crosses a floor.
crossings() {
  (cd "$1" && find common proto spank nodeagent containerd-shim libfabric-transport \( -name '*.h' -o -name '*.cpp' -o -name '*.c' -o -name '*.cc' \) \
    -exec grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' {} + 2>/dev/null) |
    awk -v floors="$floors" '
      function room(path) {
        if (match(path, /^nodeagent\/[^\/]+\//)) return substr(path, 1, RLENGTH - 1)
        if (match(path, /^[^\/]+\//)) return substr(path, 1, RLENGTH - 1)
        return ""
      }
      BEGIN {
        n = split(floors, line, "\n")
        for (i = 1; i <= n; i++) if (split(line[i], side, ":") == 2) { known[side[1]] = 1; m = split(side[2], w, " "); for (j = 1; j <= m; j++) may[side[1], w[j]] = 1 }
      }
      {
        at = index($0, ":"); file = substr($0, 1, at - 1)
        match($0, /["<][^">]+[">]/); header = substr($0, RSTART + 1, RLENGTH - 2); angled = substr($0, RSTART, 1) == "<"
        from = room(file); to = room(header)
        if (!(from in known)) print file ": its room has no floor in tests/floors.t"
        else if (header ~ /^\.\.?\//) print file " includes " header ": name it from the top"
        else if (!angled && header ~ /^(common|proto|spank|nodeagent|containerd-shim|libfabric-transport|tests)\// && to != from && !((from, to) in may))
          print file " includes " header ": " from " may not include " to
        else if (header == "nodeagent/k8s/client.h" && from ~ /^nodeagent\/(pods|node|control)$/) print file " includes " header ": a pure room takes only the types"
        else if (header ~ /^boost\/asio/ && file ~ /\.h$/ && from !~ /^nodeagent\/(loop|http)$/) print file " includes " header ": only headers of loop/ and of the rooms on a socket include Asio"
        else if (header ~ /^(boost\/(asio|beast)|curl\/|unistd\.h|sys\/|netinet\/|fcntl\.h)/ && from ~ /^nodeagent\/(pods|node|control)$/) print file " includes " header ": pure rooms do no I/O"
        else if (header ~ /^(boost|curl|yaml-cpp|CLI|google|openssl)\// && from ~ /^(spank|common)$/) print file " includes " header ": " from " is the C++ library and libc only"
        else if (header ~ /^slurm\// && from != "spank") print file " includes " header ": only spank/ knows Slurm"
      }'
}

is "$(crossings "$top_srcdir")" '' 'no file crosses a floor'

# planted FILE INCLUDE REGEX: in a tree with only that file, the rule finds it.
planted() {
  rm -rf "$tmp/tree"
  mkdir -p "$tmp/tree/$(dirname "$1")"
  echo "#include $2" >"$tmp/tree/$1"
  like "$(crossings "$tmp/tree")" "$3" "$1 may not include $2"
}
planted common/x.cpp '"nodeagent/k8s/types.h"' 'common may not include nodeagent/k8s'
planted common/x.cpp '<boost/json.hpp>' 'libc only'
planted spank/x.cpp '"nodeagent/boot/boot.h"' 'spank may not'
planted spank/x.cpp '<curl/curl.h>' 'libc only'
planted nodeagent/hub/x.h '"nodeagent/agent/x.h"' 'nodeagent/hub may not include nodeagent/agent'
planted nodeagent/pods/x.cpp '"nodeagent/k8s/client.h"' 'only the types'
planted nodeagent/control/x.cpp '<unistd.h>' 'no I/O'
planted nodeagent/control/x.cpp '"nodeagent/pods/plan.h"' 'may not include nodeagent/pods'
planted nodeagent/k8s/x.h '<boost/asio/awaitable.hpp>' 'only headers of loop'
planted nodeagent/agent/x.cpp '"../hub/x.h"' 'name it from the top'
planted nodeagent/newroom/x.cpp '"common/fd.h"' 'has no floor'
planted nodeagent/cli/x.cpp '<slurm/slurm.h>' 'only spank/'
planted nodeagent/k8s/x.cpp '"tests/unit/catch.h"' 'may not include tests'

mkdir -p "$tmp/good/nodeagent/agent"
printf '#include "nodeagent/pods/plan.h"\n#include "nodeagent/agent/worker.h"\n#include <vector>\n' >"$tmp/good/nodeagent/agent/x.cpp"
is "$(crossings "$tmp/good")" '' 'an agent that includes what is below it is fine'
done_testing

#!/bin/bash
# What our plugin skips without this run's leave is a failure: it may have lost grouped receives, network events or a GPU's memory.
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/conform.sh"
reference=$top_builddir/tests/fabric/.libs/libnccl-net-reference.so
real=$conformance
unset "${!SLINGSHOT_@}" LD_LIBRARY_PATH

# verdict ARGUMENT...: the first point of such a run, its number left out.
verdict() { (tap_count=0; conform run "$@" | grep -E '^(not )?ok' | head -n 1 | sed 's/ [0-9]* - / /'); }

# A program that answers each run with one skipped case.
conformance=$tmp/skips
printf '%s\n' '#!/bin/bash' 'echo "{\"case\": \"$SKIPPED\", \"result\": \"skip\", \"seconds\": 0.00, \"promise\": \"a promise\", \"reason\": \"$REASON\"}"' \
  >"$conformance"
chmod +x "$conformance"

# skipped CASE REASON ARGUMENT...: the verdict on this skip.
skipped() {
  export SKIPPED=$1 REASON=$2
  shift 2
  verdict "$@"
}

lost='not ok run: F-CT'
while IFS='|' read -r case reason arguments; do
  read -ra words <<<"$arguments"
  like "$(skipped "$case" "$reason" "${words[@]}" "$podstep")" "^$lost" "our plugin may not skip $case${arguments:+ with $arguments}: $reason"
done <<'END'
F-CT-12/groups|maxRecvs is 1: it takes no grouped receives|--quick
F-CT-12/ahead|maxRecvs is 1: it takes no grouped receives|
F-CT-22|it gives no network events|
F-CT-22|it gives no network events|--abi v9
F-CT-22|v9 has no profiler callback|
F-CT-22|v9 has no profiler callback|--abi v10
F-CT-2/traffic|v9 has no traffic classes|--abi v11
F-CT-3|no --no-device NAME=VALUE says how to take this plugin's devices away|--no-device A=B
F-CT-16|--self has one thread|--quick
F-CT-21/job|no --job NAME says how this plugin knows its job|--job A
F-CT-29|v10 has no setNetAttr|--abi v11
F-CT-21/wire|it has no listening TCP socket to send rubbish to|
F-CT-8||
END
while IFS='|' read -r case reason arguments; do
  read -ra words <<<"$arguments"
  like "$(skipped "$case" "$reason" "${words[@]}" "$podstep")" '^ok run: F-CT.* # SKIP' "our plugin may skip $case${arguments:+ with $arguments}: $reason"
done <<'END'
F-CT-22|v9 has no profiler callback|--abi v9
F-CT-2/traffic|v8 has no traffic classes|--abi v8
F-CT-3|no --no-device NAME=VALUE says how to take this plugin's devices away|
F-CT-16|--self has one thread|--self
F-CT-21/job|no --job NAME says how this plugin knows its job|
F-CT-29|v10 has no setNetAttr|--abi v10
F-CT-29|v8 has no setNetAttr|--abi v8
F-CT-23|it is no tuner: it exports no ncclTunerPlugin_vN|
F-CT-24|SLINGSHOT_VNIS is not set: no step with a NIC|
F-CT-27|no GPU: libcuda.so.1: cannot open shared object file|
F-CT-27|it does not take GPU memory here|
F-CT-32|it does not take GPU memory here|
END
export SLINGSHOT_VNIS=1024
like "$(skipped F-CT-24 'SLINGSHOT_VNIS is not set: no step with a NIC' "$podstep")" "^$lost" 'nor F-CT-24 where a step has a NIC'
unset SLINGSHOT_VNIS
like "$(LD_LIBRARY_PATH=$top_builddir/tests/support/.libs skipped F-CT-27 'no GPU: libcuda.so.1: cannot open shared object file' "$podstep")" "^$lost" \
  'nor F-CT-27 where there is a GPU'
like "$(PODSTEP_FABRIC_PROVIDER=cxi skipped F-CT-27 'it does not take GPU memory here' "$podstep")" "^$lost" 'nor that the NIC takes GPU memory'
like "$(skipped F-CT-22 'it gives no network events' /lib/other.so)" '^ok run: F-CT.* # SKIP' "another's plugin may"

# A plugin that takes no GPU memory, in the place of ours.
conformance=$real podstep=$reference
like "$(LD_LIBRARY_PATH=$top_builddir/tests/support/.libs verdict --quick "$reference" F-CT-27)" "^$lost" 'a plugin that takes no GPU memory fails in our place'
done_testing

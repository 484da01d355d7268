#!/bin/bash
# No run of the cases passes by what it leaves out: what our plugin skips without this run's leave is a failure, for it may have lost grouped
# receives, network events or a GPU's memory; so are cases without a line, a runner that ends in another way, and a known failure that is over.
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/conform.sh"
reference=$top_builddir/tests/fabric/.libs/libnccl-net-reference.so
real=$conformance
unset "${!SLINGSHOT_@}" LD_LIBRARY_PATH

# verdicts ARGUMENT...: the points of such a run, their numbers left out; verdict: the first.
verdicts() { (tap_count=0; conform run "$@" | grep -E '^(not )?ok' | sed 's/ [0-9]* - / /'); }
verdict() { verdicts "$@" | head -n 1; }

# A program that lists $LISTED, and answers each run with one case and what $END does then.
conformance=$tmp/skips
cat >"$conformance" <<'END'
#!/bin/bash
case " $* " in *' --list '*) printf '%s\ta promise\n' $LISTED; exit ;; esac
[ -z "$RAN" ] || echo "{\"case\": \"$RAN\", \"result\": \"$RESULT\", \"seconds\": 0.00, \"promise\": \"a promise\", \"reason\": \"$REASON\"}"
eval "$END"
END
chmod +x "$conformance"
export LISTED RAN RESULT=skip REASON END=true

# skipped CASE REASON ARGUMENT...: the verdict on this skip.
skipped() {
  LISTED=$1 RAN=$1 REASON=$2
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

# run_is LISTED RAN RESULT END: the verdict on the run, not on its case.
run_is() {
  LISTED=$1 RAN=$2 RESULT=$3 REASON='a reason' END=$4
  verdicts /lib/other.so | tail -n 1
}

whole='^ok run: the cases run'
less='^not ok run: the cases run'
like "$(run_is F-CT-8 F-CT-8 pass true)" "$whole" 'a runner that runs what it lists is believed'
like "$(run_is F-CT-8 F-CT-8 fail 'exit 1')" "$whole" 'so it is where a case failed, and it says so'
while IFS='|' read -r listed ran result end name; do
  like "$(run_is "$listed" "$ran" "$result" "$end")" "$less" "$name"
done <<'END'
F-CT-8 F-CT-9|F-CT-8|pass|true|a runner that leaves out a case fails
F-CT-8|F-CT-9|pass|true|one that runs another case instead fails
F-CT-8||pass|true|one that runs nothing fails
||pass|true|one that lists nothing fails, though it ran all that it lists
F-CT-8|F-CT-8|pass|kill -SEGV $$|one that dies of a signal after its last line fails
F-CT-8|F-CT-8|pass|exit 23|one that ends with a status of its own fails
F-CT-8|F-CT-8|pass|exit 1|one that says that a case failed, of which there is no line, fails
F-CT-8|F-CT-8|fail|true|one that says nothing of the case that failed fails
F-CT-8 F-CT-9|F-CT-8|pass|echo "{\"case\": \"F-CT-9\", \"res"|one that dies in the middle of a line fails
END

# known_is RESULT REASON: the verdict on a case that is known to fail for this reason.
known_is() {
  LISTED=F-CT-8 RAN=F-CT-8 RESULT=$1 REASON='a reason' END=true
  known=([F-CT-8]=$2)
  verdict /lib/other.so
}
like "$(known_is fail 'it is broken')" '^ok run: F-CT-8.* # SKIP known: it is broken' 'a failure that is known is skipped, with what is known of it'
like "$(known_is pass 'it is broken')" '^not ok run: F-CT-8' 'a case that is known to fail, and passes, is a failure'
like "$(known_is fail 'now and then: it is broken')" '^ok run: F-CT-8.* # SKIP known: now and then' 'what fails now and then may fail'
like "$(known_is pass 'now and then: it is broken')" '^ok run: F-CT-8: a promise$' 'and may pass'

# A plugin that takes no GPU memory, in the place of ours.
conformance=$real podstep=$reference
like "$(LD_LIBRARY_PATH=$top_builddir/tests/support/.libs verdict --quick "$reference" F-CT-27)" "^$lost" 'a plugin that takes no GPU memory fails in our place'
done_testing

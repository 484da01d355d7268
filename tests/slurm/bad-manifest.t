#!/bin/bash
# A bad manifest ends the submission: exit code 1, where and why, a hint, nothing queued and nothing kept, whoever submits it.
# timeout: 180
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
cluster plugstack

home=$(home alice)
specs=$home/.local/state/podstep/specs
as alice mkdir -p bad "$specs"
at_exit "rm -rf '$home/bad'"
dir=$home/bad
kept() { ls "$specs"; }
before=$(kept)

# refused NAME REGEX FILE: sbatch stops with 1, a line that says REGEX, a hint, within seconds, and queues nothing.
refused() {
  local out status began=$SECONDS
  out=$(as alice sbatch -N1 --ai-service="$3" --wrap true 2>&1); status=$?
  like "$out rc=$status" "$2.*rc=1$" "$1: the cause"
  like "$out" $'\nfix: [^\n]+' "$1: a hint"
  [ $((SECONDS - began)) -le 15 ] || fail "$1: it took $((SECONDS - began)) s"
}
# text NAME REGEX TEXT: the same for a manifest of this text.
text() {
  printf '%b' "$3" >"$dir/m.yaml"
  refused "$1" "$2" bad/m.yaml
}

# --- files
printf 'kind: Pod\n' >"$dir/closed.yaml"; chmod 600 "$dir/closed.yaml"; chown root "$dir/closed.yaml"
refused 'a manifest that cannot be read' 'bad/closed.yaml.*Permission denied' bad/closed.yaml
refused 'a directory' 'bad.*not a regular file' bad
as alice mkfifo bad/fifo
refused 'a FIFO' 'bad/fifo.*not a regular file' bad/fifo
head -c $(((1 << 20) + 1)) /dev/zero | tr '\0' '#' >"$dir/large.yaml"
refused 'a manifest of more than 1 MiB' 'bad/large.yaml.*(1048577|1048576)' bad/large.yaml
truncate -s 1T "$dir/huge.yaml"
refused 'a sparse file of 1 TiB' 'bad/huge.yaml.*1048576' bad/huge.yaml

# --- text
pod='apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n'
one='  containers: [{name: c, image: static-server}]\n'
text 'an empty manifest' 'bad/m.yaml:1:1: the manifest is empty' ''
text 'malformed YAML' 'bad/m.yaml:4:[0-9]+: is no valid YAML' 'kind: Pod\nspec:\n  a: [1\n  b: 2\n'
text 'no text' 'bad/m.yaml:1:1: the file is no UTF-8 text' 'a: \xff'
text 'nested 1000 deep' 'bad/m.yaml:1:[0-9]+: .*more than 32 levels deep' "a: $(printf '[%.0s' {1..1000})$(printf ']%.0s' {1..1000})"
bomb='a: &a [x,x,x,x,x,x,x,x,x,x]\n'
previous=a
for letter in b c d e f g h i j; do
  bomb+="$letter: &$letter [$(printf "*$previous,%.0s" {1..10})]\n"
  previous=$letter
done
text 'an alias bomb' 'bad/m.yaml:[0-9]+:[0-9]+: .*more than 100000 values' "$bomb"
text 'an unknown kind' 'bad/m.yaml:2:7: kind Widget' 'apiVersion: v1\nkind: Widget\nmetadata: {name: w}\n'
text 'a kind that is not supported yet' 'bad/m.yaml:2:7: kind Service is not supported yet' 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\n'
text 'an unknown field' 'bad/m.yaml:5:48: spec.containers\[0\].comand' "$pod${one%\}]*}, comand: [x]}]\n"
text 'a field that is not supported yet' 'bad/m.yaml:5:48: spec.containers\[0\].lifecycle is not supported yet' "$pod${one%\}]*}, lifecycle: {}}]\n"
text 'a wrong type' 'bad/m.yaml:5:72: spec.containers\[0\].ports\[0\].containerPort must be an integer' "$pod${one%\}]*}, ports: [{containerPort: http}]}]\n"
text 'a number that is none' 'bad/m.yaml:6:34: spec.terminationGracePeriodSeconds' "$pod$one  terminationGracePeriodSeconds: 1e99\n"
text 'two pods of one name' 'bad/m.yaml:10:18: a Pod named p is there already, at line 1' "$pod$one---\n# the same again\n$pod$one"
text 'two containers of one name' 'bad/m.yaml:5:[0-9]+: spec.containers\[1\].name' "$pod  containers: [{name: c, image: static-server}, {name: c, image: static-server}]\n"
text 'control characters do not reach the terminal' 'bad/m.yaml:2:7: kind W.x1b' 'apiVersion: v1\nkind: "W\\e[31m"\nmetadata: {name: w}\n'

# --- images
store=$home/.local/state/podstep/images
image() { text "$1" "$2" "$pod${one//static-server/$3}"; }
image 'an image that is missing' 'bad/m.yaml:5:33: spec.containers\[0\].image: there is no image nothing-like-this' nothing-like-this
image 'a name that is none' 'bad/m.yaml:5:33: .*Bad.*is no image name' '"Bad name"'
image 'a file that is missing' 'bad/m.yaml:5:33: .*/nonexistent/x.sqsh' /nonexistent/x.sqsh
digest=$(as alice podstep image inspect static-server | jq -r .digest)
file=$(as alice podstep image inspect static-server | jq -r .path)
head -c 5000 "$file" >"$dir/cut.sqsh"
image 'a truncated file' 'bad/m.yaml:5:33: .*cut.sqsh.*truncated' "$dir/cut.sqsh"
echo 'no file system' >"$dir/text.sqsh"
image 'a file that is no image' 'bad/m.yaml:5:33: .*text.sqsh' "$dir/text.sqsh"
image 'a digest that nobody has' "bad/m.yaml:5:33: .*there is no image static-server@sha256:f+" "static-server@sha256:$(printf 'f%.0s' {1..64})"
ok 'an image for another machine can be made' as alice podstep image build static-tree foreign --arch riscv64 --cmd '["/bin/true"]'
at_exit "as alice podstep image rm foreign"
image 'an image for another machine' 'bad/m.yaml:5:33: .*made for riscv64; this (node|machine) is' foreign
# A store that was tampered with: the index names a digest whose description is another image's.
other=$(printf 'e%.0s' {1..64})
as alice cp "${file%.sqsh}.json" "$store/sha256/$other.json"
as alice cp "$file" "$store/sha256/$other.sqsh"
as alice sh -c "echo sha256:$other >'$store/index/swapped'"
at_exit "rm -f '$store/sha256/$other.json' '$store/sha256/$other.sqsh' '$store/index/swapped'"
image 'a digest that does not match' "bad/m.yaml:5:33: .*$other.json describes another image, $digest" swapped

is "$(kept)" "$before" 'no spec of all these was kept'

# --- the option
printf '%b' "$pod$one" >"$dir/good.yaml"
like "$(as alice sbatch --ai-service=bad/good.yaml --ai-service=/nonexistent/last --wrap true 2>&1; echo "rc=$?")" \
  '/nonexistent/last.*rc=1$' 'an option that is given twice: the last one counts, as for every option of sbatch'
for command in 'srun -N1 --ai-service=bad/good.yaml true : -N1 true' 'sbatch -N1 --ai-service=bad/good.yaml --wrap true : -N1' \
  'salloc -N1 --ai-service=bad/good.yaml : -N1 true'; do
  # shellcheck disable=SC2086
  like "$(as alice $command 2>&1; echo "rc=$?")" $'heterogeneous jobs are not supported.*\nfix: .*rc=1$' "${command%% *}: a heterogeneous job is refused"
  is "$(kept)" "$before" 'and its first component leaves no spec'
done
held=$(submit alice --hold --ai-service=bad/good.yaml --wrap true)
kept_with=$(kept)
as alice sbatch -N1 --ai-service=bad/good.yaml --wrap true : -N1 >/dev/null 2>&1
is "$(kept)" "$kept_with" 'nor takes away the one of a job that waits'

nok 'which is there' test "$kept_with" = "$before"
scancel "$held"
as alice mkdir -p bad/state && as alice chmod 500 bad/state
like "$(as alice env XDG_STATE_HOME="$dir/state" PODSTEP_STORE="$store" sbatch --ai-service=bad/good.yaml --wrap true 2>&1; echo "rc=$?")" \
  $'bad/state/podstep: Permission denied.*\nfix: .*rc=1$' 'a state directory that cannot be written'

is "$(squeue -h -o %i | wc -l)" 0 'nothing of all this was queued'
is "$(find /tmp "$home" -maxdepth 1 -user alice -newer "$dir/closed.yaml" -name '*podstep*' 2>/dev/null)" '' 'no temporary file is left'
done_testing

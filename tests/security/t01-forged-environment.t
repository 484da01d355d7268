#!/bin/bash
# Threat T1: no variable of a job (the loader's, libc's, our own forged) reaches or bends code that runs as root. Forged options: tests/slurm/plugin.t.
# timeout: 120
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
. "$top_srcdir/tests/lib/service.sh"
need_service
cluster plugstack
command -v gcc >/dev/null || skip_all 'gcc is not installed'

# A library that tells who loaded it: the file it makes belongs to that one on the machine, also from inside a user namespace.
home=$(home alice) evil=$(home alice)/evil
rm -rf "$evil"
as alice mkdir "$evil"
at_exit rm -rf "$evil"
cat >"$tmp/evil.c" <<'END'
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
unsigned la_version(unsigned version) { return version; } /* so that LD_AUDIT takes it too: ld.so(8) */
__attribute__((constructor)) static void loaded(void) {
  char name[64] = "", path[4096];
  int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
  ssize_t n = read(fd, name, sizeof name - 1);
  if (n > 0)
    name[n - 1] = 0;
  close(fd);
  snprintf(path, sizeof path, "%s/%s.%d", EVIL, name, (int)getpid());
  close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}
END
gcc -shared -fPIC -D"EVIL=\"$evil\"" -o "$evil/evil.so" "$tmp/evil.c" || { fail 'the library builds'; done_testing; }
attack=("LD_PRELOAD=$evil/evil.so" "LD_AUDIT=$evil/evil.so" "LD_LIBRARY_PATH=$evil" "GLIBC_TUNABLES=glibc.malloc.check=3:glibc.rtld.optional_static_tls=1000000"
  "GCONV_PATH=$evil" "PODSTEP_LIBEXEC=$evil" "PATH=$evil:$PATH" BASH_ENV="$evil/evil.sh" MALLOC_CONF=junk:true)
for name in podstep-prepare mount sh crun; do printf '#!/bin/sh\n: >%s/ran.$$\n' "$evil" >"$evil/$name"; chmod 755 "$evil/$name"; done
by_root() { find "$evil" -newer "$evil/evil.so" -name '*.[0-9]*' ! -uid "$(as alice id -u)" -printf '%u %f\n'; }

# --- the agents' step, made by hand
agent_step() { as alice env SLURM_PODSTEP_ROLE=agent "${attack[@]}" "${@:2}" srun --export=ALL -N1 -n1 bash -c "$1" 2>&1; echo "rc=$?"; }
like "$(agent_step 'cat /proc/self/uid_map')" "^ *0 +$(as alice id -u) +1"$'\n''rc=0$' 'a step with all of that in its environment gets its namespaces'
like "$(find "$evil" -name 'bash.*')" 'bash\.[0-9]+' 'the library is loaded by what the user runs, so there is something to keep out'
is "$(by_root)" '' 'and by nothing that root runs'
want='^/run/podstep/[0-9]+\.[0-9]+\.0\.n[123] '$PODSTEP_CLUSTER_DIR'/images none'$'\n''rc=0$'
like "$(agent_step 'echo $SLURM_PODSTEP_RUN $SLURM_PODSTEP_STORE ${SLURM_PODSTEP_FABRIC:-none}' SLURM_PODSTEP_RUN="$evil" SLURM_PODSTEP_STORE="$evil" SLURM_PODSTEP_FABRIC="$evil/x")" \
  "$want" 'forged places are replaced by those that the plugin knows'
for count in ../../../tmp 1/../2 -1 4294967296 99999999999999999999 $'1\n2' ''; do
  like "$(agent_step 'echo $SLURM_PODSTEP_RUN' SLURM_RESTART_COUNT="$count")" '^/run/podstep/[0-9]+\.0\.0\.n[123]'$'\n''rc=0$' \
    "a restart count that is none ('${count:0:12}') names no other directory"
done
for node in '../../x' "$(printf 'n%.0s' {1..300})"; do
  like "$(agent_step 'echo $SLURM_PODSTEP_RUN' SLURMD_NODENAME="$node")" '\.n[123]'$'\n''rc=0$' 'a forged node name is not used'
done

# --- a whole service
job=$(as alice env "${attack[@]}" sbatch --parsable -N1 --ai-service="$(manifest t01 1)" --export=ALL --wrap 'podstep hold')
come_up "$job" 1
is "$(by_root)" '' 'a service of the same environment comes up, and root has loaded and run nothing of it'
is "$(find "$evil" -name 'podstep-prep*' -name '*.[0-9]*'; find "$evil" -name 'podstepd*' -name '*.[0-9]*'; find "$evil" -name 'crun.[0-9]*')" '' \
  "nor have root's helper, the agent and the runtime, whoever they are"
scancel "$job"
ok 'the cancelled job ends' wait_over "$job" 40
is "$(by_root)" '' 'nor at its end'
audit_clean "$job"
done_testing

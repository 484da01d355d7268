#!/bin/bash
# Ranks of a step find each other by PMIx, in a directory or at a socket, with the job's key; who is missing or a stranger is named.
. "$(dirname "$0")/../lib/tap.sh"
. "$top_srcdir/tests/lib/cluster.sh"
need_cluster
need_fabric
ok 'the program builds' gcc -I"$PODSTEP_PREFIX/include" -o "$(home alice)/ring" "$top_srcdir/tests/slurm/rendezvous.c" \
  -L"$PODSTEP_PREFIX/lib" -Wl,-rpath,"$PODSTEP_PREFIX/lib" -lpodstep-fabric || done_testing

# ranks SRUN-ARGS...: three ranks on three nodes; what they print, sorted.
ranks() { as alice srun -N3 -n3 --kill-on-bad-exit=0 "$@" 2>&1 | grep -v '^srun: error' | sort; }
# rounds NUMBER: what three ranks print when all is well.
rounds() {
  local i rank
  for ((i = 0; i < $1; i++)); do
    for rank in 0 1 2; do echo "meeting-$i: rank $rank of 3 heard $(((rank + 2) % 3))"; done
  done
}
pmix=$(scontrol show config | sed -n 's/^MpiDefault *= //p')
if [ "$pmix" = pmix ] && grep -q PMIx_Fence_nb "$PODSTEP_PREFIX/lib/libpodstep-fabric.so"; then
  is "$(ranks --mpi=pmix ./ring 3)" "$(rounds 3)" 'PMIx is found by itself, for three meetings one after another'
  like "$(ranks --mpi=pmix ./ring 1 1)" 'fence: the rendezvous by PMIx: rank 1 is missing after [4-9]' 'with PMIx a rank that stays away is named'
else
  skip 'Slurm or this build has no PMIx' 'PMIx is found by itself, for three meetings one after another'
  skip 'Slurm or this build has no PMIx' 'with PMIx a rank that stays away is named'
fi
like "$(ranks --mpi=none ./ring)" 'open: no rendezvous is named, and the step has no PMIx. Hint: set PODSTEP_FABRIC_RENDEZVOUS, or start with srun --mpi=pmix' \
  'without PMIx and without a place the error says what to set'

# shared TEXT: a directory of alice's for one run; every node has her home.
fresh() { meet=$(home alice)/meet-$1 && as alice mkdir -m 700 "$meet"; }
key=$(openssl rand -hex 16)
fresh one
is "$(ranks --mpi=none --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=file:$meet" ./ring 2)" "$(rounds 2)" 'ranks meet in a directory'
is "$(ls -A "$meet")" '' 'and nothing of it stays'
like "$(ranks --mpi=none --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=file:$meet" ./ring 1 2)" 'rank 2 is missing after [4-9]' 'a rank that stays away is named'
fresh two
# shellcheck disable=SC2016
like "$(ranks --mpi=none --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=file:$meet" sh -c "PODSTEP_FABRIC_KEY=$key\$((SLURM_PROCID == 1)) exec ./ring")" \
  "rank 1: the card's seal is wrong: it is damaged, or forged, or another job's key made it" 'a rank with another key is named and refused'
theirs=$(home bob)/meet
as bob mkdir -m 777 "$theirs"
chmod 755 "$(home bob)"
like "$(ranks --mpi=none --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=file:$theirs" ./ring)" 'not a directory of yours that you alone can write' "another user's directory is refused"
fresh three
as alice chmod 755 "$meet"
like "$(chmod 700 "$(home bob)"; as bob touch "$theirs/meeting-0.0.2"; mv "$theirs/meeting-0.0.2" "$meet/"
  ranks --mpi=none --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=file:$meet" ./ring)" 'meeting-0.0.2 is not a file of yours that you alone can read: uid [0-9]+' "another user's file is refused"

address=$(on n1 hostname -I | cut -d' ' -f1)
is "$(ranks --mpi=none -w n1,n2,n3 --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=tcp:$address:4455,PODSTEP_FABRIC_KEY=$key" ./ring 2)" "$(rounds 2)" 'ranks meet at a socket of the first'
like "$(ranks --mpi=none -w n1,n2,n3 --export="ALL,PODSTEP_FABRIC_RENDEZVOUS=tcp:$address:4455" ./ring)" "a socket needs the job's key" 'which needs the key'
done_testing

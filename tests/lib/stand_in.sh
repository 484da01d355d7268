# stand_in.sh: a program of the test's own in podstep-prepare's place on n2.
# shellcheck shell=bash
#
# Sourced after cluster.sh. build_stand_in NAME SOURCE [GCC-ARGUMENT...]: builds the C file SOURCE, which finds in REAL_PROGRAM where a copy of
# the real one lies; without it the script ends. put_stand_in lays it over the real one, take_stand_in takes it away again, as the end does.

build_stand_in() {
  prepare=$PODSTEP_PREFIX/libexec/podstep/podstep-prepare
  stand_in=$prepare.$1
  at_exit "rm -f '$prepare.real' '$stand_in'; on n2 umount '$prepare'"
  cp "$prepare" "$prepare.real"
  gcc -O1 -DREAL_PROGRAM="\"$prepare.real\"" "${@:3}" -o "$stand_in" "$2" || { fail "the stand-in builds: $1"; done_testing; }
  chmod 755 "$stand_in" "$prepare.real"
}
put_stand_in() { on n2 mount --bind "$stand_in" "$prepare"; }
take_stand_in() { on n2 umount "$prepare"; }

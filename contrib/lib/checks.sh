# checks.sh: the parts of contrib/check, in the order in which they run; each finds its tests by looking.
# shellcheck shell=bash

# part NAME FUNCTION: run one part and print its time; status of the function.
part() {
  local begin status=0
  begin=$(date +%s)
  echo "== $1"
  "$2" || status=$?
  echo "== $1: $(($(date +%s) - begin)) s"
  return $status
}

# All before the cluster is up: a package that makes a user replaces /etc/passwd, and with it goes what the cluster's nodes see in its place.
part_deps() {
  "$TOP/contrib/deps" all
  [ "$LONG" = no ] || "$TOP/contrib/deps" accounting
}

# quiet NAME CMD...: run a step of the build with its output in a log, shown when it fails.
quiet() {
  local log=$LOGS/$1.log
  shift
  "$@" >"$log" 2>&1 || { tail -n 60 "$log"; echo "(all of it in $log)"; return 1; }
}

# build_configured: in $BUILD, configured for $PREFIX with $FLAGS and $CONFIGURE.
build_configured() {
  local compiler=()
  ! command -v ccache >/dev/null || compiler=(CC='ccache gcc' CXX='ccache g++')
  [ -x "$TOP/configure" ] && ! newer_than_configure || quiet autogen "$TOP/autogen.sh" || return 1
  mkdir -p "$BUILD"
  cd "$BUILD" || return 1
  if [ ! -e Makefile ] || [ "$TOP/configure" -nt config.status ]; then
    quiet configure "$(realpath --relative-to=. "$TOP")/configure" --prefix="$PREFIX" --sysconfdir="$PREFIX/etc" "${CONFIGURE[@]}" \
      "${compiler[@]}" CFLAGS="$FLAGS" CXXFLAGS="$FLAGS" || return 1
    sed -n '/^  Podstep /,/^  *sanitizers/p' "$LOGS/configure.log"
  fi
}

part_build() {
  build_configured || return 1
  quiet make make -j2 all || return 1
  quiet make-check-programs make -j2 check TESTS= || return 1
  [ "$SANITIZE" = no ] || { mkdir -p "$REPORTS" && chmod 1777 "$REPORTS"; }
}

# newer_than_configure: some input of configure was edited since.
newer_than_configure() { [ -n "$(find "$TOP" -maxdepth 2 \( -name configure.ac -o -name '*.m4' -o -name Makefile.am \) -not -name aclocal.m4 -newer "$TOP/configure" -print -quit)" ]; }

# unit_programs: what automake would run as TESTS.
unit_programs() { printf 'include Makefile\nprint-tests:\n\t@echo $(TESTS)\n' | make -s -f - print-tests | tr ' ' '\n' | sed '/^$/d'; }

# tried NAME SECONDS CMD...: a test, and what sanitizers had to say meanwhile of any program that it started: of many a test keeps the stderr,
# or does not ask how they end.
tried() {
  tally_run "$@" || true
  tally_reports "$1" "$REPORTS"
}

part_unit() {
  local program path
  cd "$BUILD" || return 1
  for program in $(unit_programs); do
    wanted "$program" || continue
    path=$BUILD/$program
    [ -x "$path" ] || path=$TOP/$program # a script stays in the source tree
    tried "$program" 300 env srcdir="$TOP" top_srcdir="$TOP" top_builddir="$BUILD" "$path"
  done
}

# scripts: every .t script, static ones first.
scripts() {
  local room
  cd "$TOP" || return 1
  for room in tests tests/spank tests/cri tests/slurm tests/fault tests/security tests/regress tests/fuzz tests/fabric tests/gpu; do
    find "$room" -maxdepth 1 -name '*.t' 2>/dev/null | sort
  done
}

# script_head SCRIPT KEY: the value of "# KEY: value" in its first lines.
script_head() { sed -nE "1,12s/^# $2: *([0-9]+).*/\1/p" "$TOP/$1"; }

# needs_cluster SCRIPT: it sources the helpers for it.
needs_cluster() { grep -q 'tests/lib/cluster\.sh' "$TOP/$1"; }

# run_script SCRIPT: with its own time limit; long ones only when asked for.
run_script() {
  local limit
  if [ "$LONG" = no ] && sed -n '1,12p' "$TOP/$1" | grep -qx '# long'; then
    tally_skip "$1" 'takes long; run contrib/check --long'
    return 0
  fi
  limit=$(script_head "$1" timeout)
  tried "$1" "${limit:-300}" env top_builddir="$BUILD" PODSTEP_PREFIX="$PREFIX" bash "$TOP/$1"
}

part_static() {
  local script
  cd "$BUILD" || return 1
  for script in $(scripts); do
    if wanted "$script" && ! needs_cluster "$script"; then run_script "$script"; fi
  done
}

# install_built: into the cluster's prefix. With sanitizers the programs alone are from $BUILD: slurmd loads the plugin, and programs in pods the
# libraries, without a sanitizer's runtime, so these come from a build without, for the same prefix; last, for make installs libraries with programs.
install_built() {
  cd "$BUILD" || return 1
  [ "$SANITIZE" = yes ] || { quiet make-install make install; return; }
  (BUILD=$PLAIN CONFIGURE=(--enable-werror); build_configured && quiet make-plain make -j2 all && quiet make-install make install) &&
    quiet make-install-programs make install-binPROGRAMS install-pkglibexecPROGRAMS &&
    quiet make-install-libraries make -C "$PLAIN" install-libLTLIBRARIES
}

part_cluster() {
  local script
  install_built || { FAILED=$((FAILED + 1)); FAILURES+=("--- make install"); return 1; }
  "$TOP/contrib/cluster" up || { FAILED=$((FAILED + 1)); FAILURES+=("--- contrib/cluster up"); return 1; }
  for script in $(cluster_scripts); do
    run_script "$script"
    "$TOP/contrib/cluster" status >"$LOGS/status.log" 2>&1 || cluster_hurt "$script"
  done
  "$TOP/contrib/cluster" down
}

cluster_scripts() {
  local script
  for script in $(scripts); do
    if wanted "$script" && needs_cluster "$script"; then echo "$script"; fi
  done
}

# cluster_hurt SCRIPT: a test must leave every node usable; the next one gets a whole cluster again.
cluster_hurt() {
  if wait_for 15 "$TOP/contrib/cluster" status >"$LOGS/status.log" 2>&1; then return 0; fi
  FAILED=$((FAILED + 1))
  FAILURES+=("--- $1 left the cluster in this state:
$(cat "$LOGS/status.log")")
  "$TOP/contrib/cluster" up || true
}

part_distcheck() {
  cd "$BUILD" || return 1
  local flags="--enable-werror CFLAGS='$FLAGS' CXXFLAGS='$FLAGS'"
  # The same compiler, flags and relative paths as the build above: then nothing but common/install.cpp is compiled twice.
  ! command -v ccache >/dev/null || flags="$flags CC='ccache gcc' CXX='ccache g++'"
  tally_run 'make distcheck' 1500 make -j2 distcheck DISTCHECK_CONFIGURE_FLAGS="$flags" || true
}

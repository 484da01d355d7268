# session.sh: a session with the private containerd through cri-driver; source it after tap.sh. `drive` feeds commands from stdin,
# `answer COMMAND` prints what came back for one.
# shellcheck shell=bash
. "$top_srcdir/tests/cri/flat_image.sh"

# cri_session: skips the whole script where its parts are missing.
cri_session() {
  local program
  [ "$(id -u)" = 0 ] || skip_all 'needs root to make namespaces like those of a step'
  for program in containerd crun mksquashfs squashfuse_ll setpriv unshare; do
    command -v "$program" >/dev/null || skip_all "$program is not installed"
  done
  [ -x /bin/busybox ] || skip_all 'busybox-static is not installed'
  [ -e /dev/fuse ] || skip_all '/dev/fuse is missing'
  [ -x "$top_builddir/tests/cri/cri-driver" ] || skip_all 'tests/cri/cri-driver is not built'
  # The user of the test must reach what runs, whatever the mode of the directories above the build.
  mkdir "$tmp/libexec"
  "$top_builddir/libtool" --silent --mode=execute cp "$top_builddir/podstep-crun" "$top_builddir/podstep-pause" "$tmp/libexec/"
  "$top_builddir/libtool" --silent --mode=execute cp "$top_builddir/tests/cri/cri-driver" "$tmp/libexec/"
}

digest_of() { echo "sha256:$(sha256sum "$1" | cut -c1-64)"; }

# drive [VARIABLE=VALUE...]: commands from stdin to a new session; the answers go to $tmp/answers.
# shellcheck disable=SC2154  # run and user are the script's
drive() {
  "$top_srcdir/tests/cri/namespaces.sh" "$run" "$user" env PODSTEP_LIBEXEC="$tmp/libexec" "$@" "$tmp/libexec/cri-driver" "$run" \
    >"$tmp/answers" 2>"$tmp/messages"
  sed 's/^/# /' "$tmp/messages"
}

# answer COMMAND... [--nth N]: the text of the Nth answer to commands that begin so, without `ok MILLISECONDS COMMAND: `; a failed one
# begins with `failed`.
answer() {
  local nth=1 words=()
  while [ $# -gt 0 ]; do
    if [ "$1" = --nth ]; then nth=$2; shift 2; else words+=("$1"); shift; fi
  done
  awk -v want="${words[*]}" -v nth="$nth" '
    /^(ok|failed) [0-9.e+]+ / {
      status = $1; text = $0; sub(/^[a-z]+ [0-9.e+]+ /, "", text)
      on = 0
      if (text == want ":" || index(text, want ": ") == 1 || index(text, want " ") == 1) {
        if (++seen == nth) { on = 1; sub(/^[^:]*((sha256|HOST):[^:]*)*: ?/, "", text); print (status == "ok" ? "" : "failed ") text }
      }
      next
    }
    on && NF {print}' "$tmp/answers"
}

# milliseconds COMMAND...: how long it took, whole.
milliseconds() { awk -v want="$*" '/^(ok|failed) / {text = $0; sub(/^[a-z]+ [0-9.e+]+ /, "", text); if (index(text, want ":") == 1) {print int($2); exit}}' "$tmp/answers"; }

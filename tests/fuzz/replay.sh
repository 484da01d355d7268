#!/bin/sh
# Replays every fuzz target over its corpus: a crash, an abort or 60 seconds without an end fail the test.
set -eu
here=${srcdir:-.}/tests/fuzz
for target in card elf fabric manifest object patch policy slingshot spec stats; do
  printf '%s: ' "$target"
  examples=''
  [ "$target" != manifest ] || examples=$(echo "$here"/../../contrib/examples/*.yaml)
  # shellcheck disable=SC2086
  timeout 60 "tests/fuzz/replay-$target" "$here/corpus/$target" $examples || { echo "FAILED with $?"; exit 1; }
done

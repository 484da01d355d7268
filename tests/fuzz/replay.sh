#!/bin/sh
# Replays every fuzz target over its corpus: a crash, an abort or 60 seconds without an end fail the test.
set -eu
here=${srcdir:-.}/tests/fuzz
for target in elf fabric manifest object patch spec stats; do
  printf '%s: ' "$target"
  timeout 60 "tests/fuzz/replay-$target" "$here/corpus/$target" || { echo "FAILED with $?"; exit 1; }
done

# tests/fuzz/: one target per hostile text, replayed in `make check` over its corpus and fixed mutations of it.
check_PROGRAMS += tests/fuzz/replay-manifest tests/fuzz/replay-object tests/fuzz/replay-patch tests/fuzz/replay-spec \
  tests/fuzz/replay-card tests/fuzz/replay-elf tests/fuzz/replay-fabric tests/fuzz/replay-policy tests/fuzz/replay-slingshot tests/fuzz/replay-stats
tests_fuzz_replay_manifest_SOURCES = tests/fuzz/manifest.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_manifest_LDADD = libmanifest.la libk8s.la libcommon.la
tests_fuzz_replay_object_SOURCES = tests/fuzz/object.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_object_LDADD = libk8s.la libcommon.la
tests_fuzz_replay_patch_SOURCES = tests/fuzz/patch.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_patch_LDADD = libk8s.la libcommon.la
tests_fuzz_replay_spec_SOURCES = tests/fuzz/spec.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_spec_LDADD = libcommon.la
tests_fuzz_replay_card_SOURCES = tests/fuzz/card.cpp tests/fuzz/must.h tests/fuzz/replay.cpp
tests_fuzz_replay_card_LDADD = libfabricparts.la libcommon.la
tests_fuzz_replay_elf_SOURCES = tests/fuzz/elf.cpp tests/fuzz/must.h tests/fuzz/replay.cpp
tests_fuzz_replay_elf_LDADD = libshim.la libcommon.la
tests_fuzz_replay_fabric_SOURCES = tests/fuzz/fabric.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_fabric_LDADD = libfabricparts.la libcommon.la
tests_fuzz_replay_policy_SOURCES = tests/fuzz/policy.cpp tests/fuzz/must.h tests/fuzz/replay.cpp
tests_fuzz_replay_policy_LDADD = libcommon.la
tests_fuzz_replay_slingshot_SOURCES = tests/fuzz/slingshot.cpp tests/fuzz/must.h tests/fuzz/replay.cpp
tests_fuzz_replay_slingshot_LDADD = libcommon.la
tests_fuzz_replay_stats_SOURCES = tests/fuzz/stats.cpp tests/fuzz/replay.cpp
tests_fuzz_replay_stats_LDADD = libcommon.la
EXTRA_DIST += tests/fuzz/replay.sh
TESTS += tests/fuzz/replay.sh
EXTRA_DIST += tests/fuzz/corpus

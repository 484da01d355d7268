check_PROGRAMS += tests/unit/node/unit
TESTS += tests/unit/node/unit
tests_unit_node_unit_SOURCES = tests/unit/node/node.cpp
tests_unit_node_unit_LDADD = libcatchmain.la libnode.la libk8stypes.la libcommon.la

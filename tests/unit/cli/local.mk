check_PROGRAMS += tests/unit/cli/unit
TESTS += tests/unit/cli/unit
tests_unit_cli_unit_SOURCES = tests/unit/cli/confine.cpp tests/unit/cli/fabric.cpp tests/unit/cli/hub_door.cpp \
  tests/unit/cli/jobs.cpp tests/unit/cli/namespaces.cpp tests/unit/cli/service.cpp tests/unit/cli/text.cpp
tests_unit_cli_unit_LDADD = libcatchmain.la libcli.la

check_PROGRAMS += tests/unit/cli/render
TESTS += tests/unit/cli/render
tests_unit_cli_render_SOURCES = tests/unit/cli/render.cpp
tests_unit_cli_render_LDADD = libcatchmain.la librender.la libcommon.la

check_PROGRAMS += tests/unit/http/unit
TESTS += tests/unit/http/unit
tests_unit_http_unit_SOURCES = tests/unit/http/exchange.cpp tests/unit/http/target.cpp
tests_unit_http_unit_LDADD = libcatchmain.la libhttp.la libloop.la libcommon.la

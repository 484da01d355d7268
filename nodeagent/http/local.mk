# nodeagent/http/: the one HTTP client (libcurl) and the one server (Beast).
noinst_LTLIBRARIES += libhttp.la
libhttp_la_SOURCES = \
  nodeagent/http/client.cpp nodeagent/http/client.h \
  nodeagent/http/client_core.cpp nodeagent/http/client_core.h \
  nodeagent/http/connection.h \
  nodeagent/http/fingerprint.h \
  nodeagent/http/identity.cpp \
  nodeagent/http/server.cpp nodeagent/http/server.h \
  nodeagent/http/strangers.h \
  nodeagent/http/target.cpp nodeagent/http/target.h \
  nodeagent/http/transfer.cpp nodeagent/http/transfer.h
libhttp_la_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(OPENSSL_CFLAGS)
libhttp_la_LIBADD = libloop.la libcommon.la $(CURL_LIBS) $(OPENSSL_LIBS)

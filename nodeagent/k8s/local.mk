# nodeagent/k8s/: what this room builds. Boost.JSON is a library of its own, so that rooms which only read JSON need not link the codec.
noinst_LTLIBRARIES += libjson.la
libjson_la_SOURCES = nodeagent/k8s/boost_json.cpp nodeagent/k8s/json.cpp

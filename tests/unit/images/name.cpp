#include "nodeagent/images/name.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("All spellings of an image's name become docker's short form") {
  std::string digest = "sha256:" + std::string(64, 'a');
  struct Case {
    std::string name, expected; ///< empty: no image name
  };
  for (const Case& c : {
           Case{"llama-server", "llama-server"},
           Case{"llama-server:latest", "llama-server"},
           Case{"docker.io/library/x:1", "x:1"},
           Case{"index.docker.io/library/x", "x"},
           Case{"docker://docker.io/library/x:1", "x:1"},
           Case{"library/x", "x"},
           Case{"docker.io/team/app:latest", "team/app"},
           Case{"library/team/app", "library/team/app"},
           Case{"localhost/x", "localhost/x"},
           Case{"registry.example.org:5000/a/b:2.0", "registry.example.org:5000/a/b:2.0"},
           Case{"127.0.0.1:5000/x:Tag_1", "127.0.0.1:5000/x:Tag_1"},
           Case{"x@" + digest, "x@" + digest},
           Case{"docker.io/library/x:1@" + digest, "x:1@" + digest},
           Case{"", ""},
           Case{"Upper", ""},
           Case{"x:", ""},
           Case{"x:..", ""},
           Case{"../../etc/passwd", ""},
           Case{"a//b", ""},
           Case{"a/", ""},
           Case{"a b", ""},
           Case{"x@sha256:12", ""},
           Case{"host.example:99999/x", ""},
           Case{"-x", ""},
           Case{std::string("x\0y", 3), ""},
           Case{"x\n", ""},
           Case{std::string(201, 'a'), ""},
       }) {
    CAPTURE(c.name);
    auto name = images::normalised_name(c.name);
    CHECK((name ? *name : "") == c.expected);
    if (name)
      CHECK(*images::normalised_name(*name) == *name);
  }
}

TEST_CASE(
    "A name and its file in the index are each other's inverse, and no file hides or leaves the index") {
  for (const char* name : {"llama-server", "a/b:1", "127.0.0.1:5000/x", "a%b", ".hidden", "../x", "\xff"}) {
    std::string file = images::index_file(name);
    CAPTURE(name, file);
    CHECK(file.find('/') == std::string::npos);
    CHECK(file[0] != '.');
    CHECK(*images::index_name(file) == name);
  }
  for (const char* file : {"a%2", "a%zz", "a%2F", "%61", "a b"})
    CHECK_FALSE(images::index_name(file));
}

// Text: splitting, numbers, and hostile text made printable.
#include "common/text.h"
#include "tests/unit/catch.h"

using namespace podstep;

TEST_CASE("Splitting keeps empty parts, and an empty text has none") {
  CHECK(split("", ',').empty());
  CHECK(split("a", ',') == std::vector<std::string>{"a"});
  CHECK(split("a,,b,", ',') == std::vector<std::string>{"a", "", "b", ""});
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
}

TEST_CASE("A number is read only when nothing else stands around it and it is in range") {
  CHECK(*parse_int("42", 0, 100) == 42);
  CHECK(*parse_int("-1", -1, 100) == -1);
  for (const char* text : {"", " 1", "1 ", "+1", "1.0", "0x1", "101", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_int(text, 0, 100));
  }
}

TEST_CASE("A range of ports is two ports in order, none below the least") {
  CHECK(parse_port_range("60001-63000", 1) == std::pair<uint16_t, uint16_t>(60001, 63000));
  CHECK(parse_port_range("1024-1024", 1024).has_value());
  for (const char* none : {"0-0", "(null)", "", "5", "9-3", "1-70000", "1-2-3", "-"})
    CHECK_FALSE(parse_port_range(none, 1).has_value());
  CHECK_FALSE(parse_port_range("1023-2000", 1024).has_value());
}

TEST_CASE("Small letters are made of ASCII's capital ones alone") {
  CHECK(lower("Content-TYPE 1") == "content-type 1");
  CHECK(lower("\xc3\x84Z[") == "\xc3\x84z[");
}

TEST_CASE("Hostile text becomes printable and bounded in a message") {
  CHECK(printable("a\nb\x7f\x01") == "a\\x0ab\\x7f\\x01");
  CHECK(printable("abcdef", 3) == "abc...");
}

TEST_CASE("An error seen from one level up keeps its kind and hint") {
  Error error = Error(Kind::not_found, "no such file", "create it").in("open spec");
  CHECK(error.message == "open spec: no such file");
  CHECK(error.kind == Kind::not_found);
  CHECK(error.hint == "create it");
}

TEST_CASE("Text is UTF-8 only when every sequence is whole, shortest and no surrogate") {
  for (const char* text : {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(text));
  for (const char* text : {"\x80", "\xc3", "\xc3z", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"})
    CHECK_FALSE(is_utf8(text));
}

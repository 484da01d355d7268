// The request target of HTTP/1.1 taken apart.
#include "nodeagent/http/target.h"
#include "common/text.h"

namespace podstep::http {

namespace {
int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}
} // namespace

std::string decode_query(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_query(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += static_cast<char>(c);
      continue;
    }
    out += '%';
    out += hex[c >> 4];
    out += hex[c & 15];
  }
  return out;
}

void parse_target(std::string_view target, ServerRequest& request) {
  const auto mark = target.find('?');
  request.path = std::string(target.substr(0, mark));
  if (mark == std::string_view::npos)
    return;
  for (const auto& pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty())
      continue;
    const auto equals = pair.find('=');
    std::string name = decode_query(std::string_view(pair).substr(0, equals));
    std::string value =
        equals == std::string::npos ? "" : decode_query(std::string_view(pair).substr(equals + 1));
    request.query[name] = value;
    request.query_list.emplace_back(std::move(name), std::move(value));
  }
}

} // namespace podstep::http

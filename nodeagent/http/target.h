// The request target of HTTP/1.1 taken apart: path, and the query decoded (RFC 3986,
// application/x-www-form-urlencoded).
#pragma once
#include "nodeagent/http/server.h"
#include <string_view>

namespace podstep::http {

/// Percent-decoded text, `+` as a blank; a broken escape stays as it is.
std::string decode_query(std::string_view text);
/// Percent-encoded, so that it can stand in a query or in one segment of a path.
std::string encode_query(std::string_view text);
/// Fills path, query and query_list of `request`.
void parse_target(std::string_view target, ServerRequest& request);

} // namespace podstep::http

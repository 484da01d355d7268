// Names of images: see name.h.
#include "nodeagent/images/name.h"
#include "common/text.h"
#include "common/wire_spec.h"
#include <sys/utsname.h>

namespace podstep::images {
namespace {

/// File systems take 255 bytes; the encoding may triple a character.
constexpr size_t longest_name = 200, longest_file = 240;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_plain(char c) {
  return is_alnum(c) || c == '.' || c == '_' || c == '-';
}

bool all_plain(std::string_view part) {
  for (char c : part)
    if (!is_plain(c))
      return false;
  return !part.empty() && is_alnum(part[0]);
}

/// One part of the path below the registry: lower case, begins and ends with a letter or digit.
bool is_path_part(std::string_view part) {
  for (char c : part)
    if (!is_plain(c) || (c >= 'A' && c <= 'Z'))
      return false;
  return !part.empty() && is_alnum(part.front()) && is_alnum(part.back());
}

/// `host`, `host:port`: it is a registry when it has a dot or a port, or is localhost; else it is part of the
/// path.
bool is_registry(std::string_view first) {
  return first.find('.') != first.npos || first.find(':') != first.npos || first == "localhost";
}

bool is_host(std::string_view host) {
  size_t colon = host.find(':');
  return all_plain(host.substr(0, colon)) &&
         (colon == host.npos || parse_int(host.substr(colon + 1), 1, 65535).ok());
}

Error bad_name(std::string_view name, std::string_view why) {
  return Error(Kind::invalid, cat("`", printable(name), "` is no image name: ", why),
               "names look like llama-server, team/app:1.2 or registry.example.org/team/app:1.2");
}

} // namespace

Result<std::string> normalised_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name)
    return bad_name(name, cat("it has ", name.size(), " characters, 1 to ", longest_name, " are allowed"));
  std::string_view rest = name, digest, tag, host;
  if (rest.starts_with(docker_scheme))
    rest.remove_prefix(docker_scheme.size());
  if (size_t at = rest.find('@'); at != rest.npos) {
    digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!wire::is_digest(digest))
      return bad_name(name, "after @ there must be sha256: and 64 hexadecimal digits");
  }
  size_t slash = rest.find('/');
  if (slash != rest.npos && is_registry(rest.substr(0, slash))) {
    host = rest.substr(0, slash);
    rest = rest.substr(slash + 1);
    if (!is_host(host))
      return bad_name(name, "the registry's host or port is malformed");
  }
  if (size_t colon = rest.rfind(':'); colon != rest.npos && rest.find('/', colon) == rest.npos) {
    tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (tag.size() > 128 || !all_plain(tag))
      return bad_name(name, "its tag is malformed");
  }
  for (const std::string& part : split(rest.empty() ? "/" : rest, '/'))
    if (!is_path_part(part))
      return bad_name(name, "its parts are lower-case letters, digits, '.', '_' and '-'");
  if (host == "docker.io" || host == "index.docker.io")
    host = {};
  if (host.empty() && rest.starts_with("library/") && rest.find('/', 8) == rest.npos)
    rest.remove_prefix(8);
  std::string canonical = host.empty() ? std::string(rest) : cat(host, "/", rest);
  if (!tag.empty() && (tag != "latest" || !digest.empty()))
    canonical += cat(":", tag);
  if (!digest.empty())
    canonical += cat("@", digest);
  if (index_file(canonical).size() > longest_file)
    return bad_name(name, "it is too long");
  return canonical;
}

std::string index_file(std::string_view canonical) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string file;
  for (char c : canonical)
    if (is_plain(c) && !(file.empty() && c == '.'))
      file += c;
    else
      file += {'%', digits[(c >> 4) & 15], digits[c & 15]};
  return file;
}

Result<std::string> index_name(std::string_view file) {
  std::string name;
  for (size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '%') {
      name += file[i];
      continue;
    }
    std::string_view hex = file.substr(i + 1, 2);
    if (!is_lower_hex(hex, 2))
      return Error(Kind::invalid, cat(printable(file), " is no file of the index"));
    auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    name += static_cast<char>(value(hex[0]) * 16 + value(hex[1]));
    i += 2;
  }
  if (index_file(name) != file)
    return Error(Kind::invalid, cat(printable(file), " is no file of the index"));
  return name;
}

std::string machine_architecture() {
  struct utsname names;
  if (::uname(&names) != 0)
    return {};
  std::string machine = names.machine;
  if (machine == "x86_64")
    return "amd64";
  if (machine == "aarch64")
    return "arm64";
  return machine;
}

} // namespace podstep::images

// Wire W1: see wire_spec.h.
#include "common/wire_spec.h"
#include "common/limits.h"
#include "common/text.h"

namespace podstep::wire {

static constexpr std::string_view algorithm = "sha256:";

bool is_digest(std::string_view text) {
  return text.substr(0, algorithm.size()) == algorithm && is_lower_hex(text.substr(algorithm.size()), 64);
}

std::string_view digest_hex(std::string_view digest) {
  return digest.substr(algorithm.size());
}

Result<std::vector<std::string>> parse_images(std::string_view value) {
  std::vector<std::string> digests = split(value, ',');
  if (digests.size() > limits::images_per_job)
    return Error(Kind::invalid, cat(env_images, " names more than ", limits::images_per_job, " images"));
  for (const std::string& digest : digests)
    if (!is_digest(digest))
      return Error(Kind::invalid,
                   cat(env_images, ": '", printable(digest, 80), "' is not sha256:<64 hex digits>"));
  return digests;
}

Result<Rendered> parse_rendered(std::string_view output) {
  Rendered rendered;
  for (const std::string& line : split(output, '\n')) {
    size_t blank = line.find(' ');
    std::string key = line.substr(0, blank);
    std::string value(blank == line.npos ? std::string_view() : trim(std::string_view(line).substr(blank)));
    if (key == render_spec)
      rendered.spec = value;
    if (key == render_images)
      rendered.images = value;
    if (key == render_added)
      rendered.added = value;
  }
  if (!is_digest(rendered.spec))
    return Error(Kind::invalid,
                 cat("podstep render said '", printable(output, 100), "' instead of a digest"));
  if (auto images = parse_images(rendered.images); !images)
    return std::move(images).error();
  return rendered;
}

std::string spec_path(std::string_view state_directory, std::string_view digest) {
  return cat(state_directory, "/specs/", digest_hex(digest), ".json");
}

Result<std::string> run_name(const RunName& name) {
  bool plain =
      !name.node.empty() && name.node.size() <= 64 && name.node.front() != '.' && name.node.front() != '-';
  for (char c : name.node)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.');
  if (!plain)
    return Error(Kind::invalid, cat("'", printable(name.node, 80), "' is not a node name"));
  return cat(name.job, ".", name.restart, ".", name.step, ".", name.node);
}

} // namespace podstep::wire

// What is wrong with a document, and where: see problems.h.
#include "nodeagent/k8s/problems.h"
#include "common/text.h"
#include <algorithm>
#include <cstddef>

namespace podstep::k8s {

namespace {

bool plain_name(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
  });
}

bool same(const Segment& a, const Segment& b) {
  return a.is_index == b.is_index && (a.is_index ? a.index == b.index : a.key == b.key);
}

/// One of the two is the other, or lies inside it.
bool related(const std::vector<Segment>& a, const std::vector<Segment>& b) {
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                    b.begin(), same);
}

} // namespace

std::vector<Segment> Path::segments() const {
  std::vector<Segment> result;
  for (const Path* at = this; at->parent_; at = at->parent_)
    result.push_back({std::string(at->key_), at->index_, at->is_index_});
  std::reverse(result.begin(), result.end());
  return result;
}

std::string to_text(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& segment : segments) {
    if (segment.is_index)
      text += cat("[", segment.index, "]");
    else if (plain_name(segment.key))
      text += cat(text.empty() ? "" : ".", printable(segment.key, 80));
    else
      text += cat("[", printable(segment.key, 80), "]");
  }
  return text;
}

std::string Problem::sentence() const {
  std::string path = to_text(where);
  return path.empty() ? cat("the document ", message) : cat(path, " ", message);
}

void Problems::add(const Path& where, std::string message, std::string hint, bool at_key) {
  if (all_.size() < most)
    all_.push_back({where.segments(), std::move(message), std::move(hint), at_key});
}

void Problems::add_unrelated(const Problems& later) {
  std::vector<std::vector<Segment>> wrong = silent_;
  for (const Problem& problem : all_)
    wrong.push_back(problem.where);
  for (const Problem& problem : later.all_) {
    bool follow_up = std::any_of(wrong.begin(), wrong.end(),
                                 [&](const auto& place) { return related(place, problem.where); });
    if (!follow_up && all_.size() < most)
      all_.push_back(problem);
  }
}

} // namespace podstep::k8s

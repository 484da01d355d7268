// What is wrong with a document, and where: all of it at once, each with the path of the field.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace podstep::k8s {

/// One step into a document: a field's name, or an index.
struct Segment {
  std::string key;
  size_t index = 0;
  bool is_index = false;
};

/// Where a value stands: a chain on the stack, made into text only for a message (hostile documents make long
/// paths).
class Path {
public:
  Path() = default; ///< the document itself
  Path(const Path& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Path(const Path& parent, size_t index) : parent_(&parent), index_(index), is_index_(true) {}
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  std::vector<Segment> segments() const;

private:
  const Path* parent_ = nullptr;
  std::string_view key_;
  size_t index_ = 0;
  bool is_index_ = false;
};

/// `spec.containers[0].env[2]`; a key that is no plain field name stands in brackets:
/// `metadata.labels[app.kubernetes.io/name]`.
std::string to_text(const std::vector<Segment>& segments);

struct Problem {
  std::vector<Segment> where;
  std::string message;          ///< goes after the path: `is not supported yet`
  std::string hint;             ///< what to do, or empty
  bool at_key = false;          ///< the name is wrong, not the value
  std::string sentence() const; ///< path and message
};

/// Collects at most `most` problems: more help nobody, and a hostile document could make one per byte.
class Problems {
public:
  static constexpr size_t most = 100;
  void add(const Path& where, std::string message, std::string hint = {}, bool at_key = false);
  /// Says that the place is wrong for a reason that is told elsewhere: no follow-up errors about it.
  void add_silent(const Path& where) { silent_.push_back(where.segments()); }
  bool empty() const { return all_.empty(); }
  const std::vector<Problem>& all() const { return all_; }
  /// Adds those of `later` whose place has nothing to do with a place that is already wrong (no follow-up
  /// errors).
  void add_unrelated(const Problems& later);

private:
  std::vector<Problem> all_;
  std::vector<std::vector<Segment>> silent_;
};

} // namespace podstep::k8s

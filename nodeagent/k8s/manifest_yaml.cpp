// YAML as a tree with the place of everything in it: see manifest_yaml.h. Built from yaml-cpp's events, so
// that every bound is checked before a node is kept.
#include "nodeagent/k8s/manifest_yaml.h"
#include "common/limits.h"
#include "common/text.h"
#include "nodeagent/k8s/manifest_scalar.h"
#include <algorithm>
#include <boost/json/value.hpp>
#include <map>
#include <set>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace podstep::k8s {

namespace json = boost::json;

namespace {

/// Ends the reading of a file whose first problem makes the rest meaningless.
struct Stop {
  FileProblem problem;
};

Mark mark_of(const YAML::Mark& mark) {
  return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1};
}

class Builder final : public YAML::EventHandler {
public:
  explicit Builder(YamlFile& file) : file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {
    anchors_.clear();
    open_.clear();
    root_.reset();
  }
  void OnDocumentEnd() override {
    if (root_ && root_->type != YamlNode::Type::null)
      file_.documents.push_back(root_);
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    scalar(mark, anchor, YamlNode::Type::null, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag, {"str", "int", "float", "bool", "null"});
    scalar(mark, anchor,
           tag == "?" || tag.ends_with(":int") || tag.ends_with(":float") || tag.ends_with(":bool") ||
                   tag.ends_with(":null")
               ? YamlNode::Type::plain
               : YamlNode::Type::quoted,
           value);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag, {"seq"});
    open(mark, anchor, YamlNode::Type::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag, {"map"});
    open(mark, anchor, YamlNode::Type::map);
  }
  void OnMapEnd() override {
    merge_keys();
    close();
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Stop{{mark_of(mark), "an alias refers to what contains it", ""}};
    take(mark_of(mark), found->second);
  }

private:
  /// A list or map whose end has not come yet; of a map also the key whose value is awaited.
  struct Open {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    YamlEntry entry;
    std::set<std::string> keys;
  };

  static void check_tag(const YAML::Mark& mark, const std::string& tag,
                        std::initializer_list<std::string_view> known) {
    static constexpr std::string_view prefix = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?" || tag == "!")
      return;
    for (std::string_view name : known)
      if (tag == cat(prefix, name))
        return;
    throw Stop{{mark_of(mark), cat("the tag ", printable(tag, 60), " is not supported"), "remove it"}};
  }

  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Type type, const std::string& text) {
    auto node = std::make_shared<YamlNode>();
    node->type = type;
    node->mark = mark_of(mark);
    node->text = text;
    node->bytes = text.size();
    if (anchor)
      anchors_[anchor] = node;
    Mark here = node->mark;
    take(here, std::move(node));
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Type type) {
    if (open_.size() >= static_cast<size_t>(limits::document_depth))
      too_deep(mark_of(mark));
    Open next;
    next.node = std::make_shared<YamlNode>();
    next.node->type = type;
    next.node->mark = mark_of(mark);
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor)
      anchors_[done.anchor] = done.node;
    Mark mark = done.node->mark;
    counted_nodes_ -= done.node->nodes - 1; // its children were counted one by one
    counted_bytes_ -= done.node->bytes;
    take(mark, std::move(done.node));
  }

  [[noreturn]] static void too_deep(Mark at) {
    throw Stop{{at, cat("is nested more than ", limits::document_depth, " levels deep"), ""}};
  }

  /// A whole value: counts it, aliases expanded, and puts it where it belongs.
  void take(Mark mark, YamlPtr node) {
    counted_nodes_ += node->nodes;
    counted_bytes_ += node->bytes;
    if (counted_nodes_ > limits::document_nodes)
      throw Stop{{mark,
                  cat("the document has more than ", limits::document_nodes, " values, aliases counted"),
                  "write fewer aliases, or several manifests"}};
    if (counted_bytes_ > limits::spec_bytes)
      throw Stop{
          {mark, cat("the document has more than ", limits::spec_bytes, " bytes, aliases counted"), ""}};
    if (open_.size() + static_cast<size_t>(node->height) > static_cast<size_t>(limits::document_depth))
      too_deep(mark);
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.node->nodes += node->nodes;
    parent.node->bytes += node->bytes;
    parent.node->height = std::max(parent.node->height, node->height + 1);
    if (parent.node->type == YamlNode::Type::list)
      parent.node->items.push_back(std::move(node));
    else
      take_in_map(parent, mark, std::move(node));
  }

  void take_in_map(Open& map, Mark mark, YamlPtr node) {
    if (map.has_key) {
      map.entry.value = std::move(node);
      map.node->entries.push_back(std::move(map.entry));
      map.has_key = false;
      return;
    }
    if (node->type == YamlNode::Type::list || node->type == YamlNode::Type::map)
      throw Stop{{mark, "a key must be text", "indent what belongs to the key above"}};
    if (!map.keys.insert(node->text).second)
      file_.problems.push_back(
          {mark, cat("the key ", printable(node->text, 80), " is there twice"), "remove one of the two"});
    map.entry = {mark, node->text, nullptr};
    map.has_key = true;
  }

  /// `<<: *defaults`: what the map itself does not say comes from there (YAML 1.1, "merge key").
  void merge_keys() {
    YamlNode& map = *open_.back().node;
    auto merge = std::find_if(map.entries.begin(), map.entries.end(),
                              [](const YamlEntry& e) { return e.key == "<<"; });
    if (merge == map.entries.end())
      return;
    YamlPtr source = merge->value;
    Mark mark = merge->mark;
    map.entries.erase(merge);
    std::vector<YamlPtr> sources = source->type == YamlNode::Type::list ? source->items : std::vector{source};
    for (const YamlPtr& from : sources) {
      if (from->type != YamlNode::Type::map)
        throw Stop{{mark, "<< must name a map, or a list of maps", ""}};
      for (const YamlEntry& entry : from->entries)
        if (open_.back().keys.insert(entry.key).second)
          map.entries.push_back(entry);
    }
  }

  YamlFile& file_;
  YamlPtr root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlPtr> anchors_;
  size_t counted_nodes_ = 0, counted_bytes_ = 0; ///< of the file so far
};

} // namespace

YamlFile parse_yaml(const std::string& text) {
  YamlFile file;
  if (text.size() > limits::manifest_bytes) {
    file.problems.push_back(
        {{}, cat("the file has ", text.size(), " bytes; the limit is ", limits::manifest_bytes), ""});
    return file;
  }
  if (!is_utf8(text)) {
    file.problems.push_back({{}, "the file is no UTF-8 text", "save it as UTF-8"});
    return file;
  }
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Builder builder(file);
    while (parser.HandleNextDocument(builder)) {
      if (file.documents.size() <= limits::manifest_objects)
        continue;
      file.problems.push_back({file.documents.back()->mark,
                               cat("there are more than ", limits::manifest_objects, " objects"), ""});
      break;
    }
  } catch (const Stop& stop) {
    file.problems.push_back(stop.problem);
  } catch (const YAML::Exception& broken) {
    file.problems.push_back({mark_of(broken.mark), cat("is no valid YAML: ", printable(broken.msg)),
                             "look at the indentation and quotes there"});
  }
  return file;
}

json::value to_json(const YamlNode& node) {
  switch (node.type) {
  case YamlNode::Type::null:
    return nullptr;
  case YamlNode::Type::plain:
    return resolve_scalar(node.text);
  case YamlNode::Type::quoted:
    return json::string(node.text);
  case YamlNode::Type::list: {
    json::array list;
    for (const YamlPtr& item : node.items)
      list.push_back(to_json(*item));
    return list;
  }
  case YamlNode::Type::map: {
    json::object map;
    for (const YamlEntry& entry : node.entries)
      map.emplace(entry.key, to_json(*entry.value));
    return map;
  }
  }
  return nullptr;
}

Mark locate(const YamlNode& document, const Problem& problem) {
  const YamlNode* at = &document;
  Mark mark = document.mark;
  for (const Segment& step : problem.where) {
    if (step.is_index) {
      if (step.index >= at->items.size())
        return mark;
      at = at->items[step.index].get();
      mark = at->mark;
      continue;
    }
    auto entry = std::find_if(at->entries.begin(), at->entries.end(),
                              [&](const YamlEntry& e) { return e.key == step.key; });
    if (entry == at->entries.end())
      return mark;
    bool last = &step == &problem.where.back();
    at = entry->value.get();
    // An alias or an empty value: the key is what the reader of the file must look at.
    bool elsewhere = at->mark.line < entry->mark.line || at->type == YamlNode::Type::null;
    mark = (last && problem.at_key) || elsewhere || at->type == YamlNode::Type::map ? entry->mark : at->mark;
  }
  return mark;
}

} // namespace podstep::k8s

// YAML as a tree with the place of everything in it, bounded before it is built; the only room for yaml-cpp.
// Fed by whoever submits a job, and read with that user's rights only.
#pragma once
#include "nodeagent/k8s/problems.h"
#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <vector>

namespace podstep::k8s {

/// Line and column, both from 1.
struct Mark {
  int line = 1, column = 1;
};

/// What is wrong with a file, where. Sentence and hint as in Error.
struct FileProblem {
  Mark at;
  std::string message, hint;
};

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

struct YamlEntry {
  Mark mark;
  std::string key;
  YamlPtr value;
};

/// An alias shares the node of its anchor.
struct YamlNode {
  enum class Type { null, plain, quoted, list, map } type = Type::null;
  Mark mark;
  std::string text;               ///< of a scalar
  std::vector<YamlPtr> items;     ///< of a list
  std::vector<YamlEntry> entries; ///< of a map, merge keys (`<<`) resolved
  size_t nodes = 1, bytes = 0;    ///< of the whole subtree with aliases expanded
  int height = 1;
};

struct YamlFile {
  std::vector<YamlPtr> documents; ///< empty ones are left out
  std::vector<FileProblem> problems;
};

/// All documents of `text`, within limits::manifest_bytes, document_depth and document_nodes. What was read
/// before the first syntax error or broken bound is there too.
YamlFile parse_yaml(const std::string& text);

/// The JSON of a node, plain scalars resolved as kubectl resolves them.
boost::json::value to_json(const YamlNode& node);

/// Where `problem` is in the document; for something that is missing, where it should have been.
Mark locate(const YamlNode& document, const Problem& problem);

} // namespace podstep::k8s

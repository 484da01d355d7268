// What the tests of manifests share: the heads of good objects, and tables of a mistake and what is said of
// it.
#pragma once
#include "common/text.h"
#include "nodeagent/k8s/manifest.h"
#include "tests/unit/catch.h"

namespace podstep::k8s {

inline const std::string pod_head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n";
inline const std::string deployment_head =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n";
inline const std::string deployment_tail = "  selector: {matchLabels: {app: x}}\n"
                                           "  template:\n    metadata: {labels: {app: x}}\n"
                                           "    spec: {containers: [{name: c, image: i}]}\n";

/// Every problem as `LINE:COLUMN: sentence`.
inline std::vector<std::string> problems(const std::string& text) {
  std::vector<std::string> out;
  for (const FileProblem& p : read_manifest(text, "m.yaml").problems)
    out.push_back(cat(p.at.line, ":", p.at.column, ": ", p.message));
  return out;
}

using Lines = std::vector<std::string>;

struct Row {
  const char* text;    ///< part of a manifest
  const char* problem; ///< the only one, from its line on
};

/// Each part between `before` and `after` has exactly its one problem.
inline void check(const std::string& before, const std::vector<Row>& rows, const std::string& after = "") {
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(problems(before + row.text + "\n" + after) == Lines{row.problem});
  }
}

} // namespace podstep::k8s

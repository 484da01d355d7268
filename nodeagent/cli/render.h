// `podstep render FILE`: a manifest as the canonical JSON that travels with a job (wire W1, podstep-spec(7)).
// The manifest is hostile; it is read with the rights of whoever submits.
#pragma once
#include "nodeagent/images/store.h"
#include "nodeagent/k8s/manifest.h"

namespace podstep::cli {

/// A manifest that can be submitted, or all that is wrong with it.
struct Rendered {
  std::string spec;                     ///< canonical JSON with a newline at its end; empty beside problems
  std::vector<std::string> site_images; ///< digests that root mounts on the nodes, sorted
  std::vector<k8s::FileProblem> problems;
};

/// Renders the text of manifest `file`; images are looked up in `stores`. The same input gives the same
/// bytes.
Rendered render(const std::string& text, const std::string& file, const images::Stores& stores);

struct RenderOptions {
  std::string file;
  bool spool = false; ///< keep the spec in the state directory and print the lines of wire_spec.h
};
/// What the word does once its line is parsed: JSON or the lines for the plugin on stdout, problems on stderr
/// as `FILE:LINE:COLUMN: sentence` with `fix: ...` below. Returns the exit status, 0 or 1.
int render_file(const RenderOptions& options);

/// The word `podstep render`.
int render_main(int argc, char** argv);

} // namespace podstep::cli

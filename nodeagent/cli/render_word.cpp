// The word `podstep render`: its line and its help; what it does is in render.h.
#include "nodeagent/cli/render.h"
#include "nodeagent/cli/word.h"
#include <CLI/CLI.hpp>

namespace podstep::cli {

int render_main(int argc, char** argv) {
  RenderOptions options;
  CLI::App app("Check a manifest and print what a job would run, as JSON with all defaults.",
               "podstep render");
  app.add_option("FILE", options.file, "the manifest: podstep-manifest(7)")->required();
  app.add_flag(
      "--spool", options.spool,
      "keep the result in the state directory and print its digest and those of the site's images, as "
      "the plugin wants them");
  app.footer("Every mistake is told at once, as FILE:LINE:COLUMN: PATH and what is wrong, with a fix.\n"
             "Example:\n  podstep render chat.yaml");
  if (int code = parse(app, argc, argv); code >= 0)
    return code;
  return render_file(options);
}

} // namespace podstep::cli

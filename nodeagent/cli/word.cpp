// What all words do alike: parsing their line and telling of failure. See word.h.
#include "nodeagent/cli/word.h"
#include "common/text.h"
#include <CLI/CLI.hpp>
#include <cstdio>

namespace podstep::cli {

int parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return -1;
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    return fail(Error(Kind::invalid, error.what(), cat(app.get_name(), " --help")));
  }
}

int fail(const Error& error) {
  std::fflush(stdout);
  std::fprintf(stderr, "podstep: %s\n", error.message.c_str());
  if (!error.hint.empty())
    std::fprintf(stderr, "fix: %s\n", error.hint.c_str());
  return exit_failed;
}

} // namespace podstep::cli

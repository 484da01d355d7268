// The manual page of manifests against the reader's own list of fields.
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/k8s/manifest.h"
#include "tests/unit/catch.h"
#include <algorithm>

using namespace podstep;

namespace {

/// The fields that a section of podstep-manifest(7) describes, sorted: the `.B` line after each `.TP`.
std::vector<std::string> described(const std::string& section) {
  auto page = read_file(PODSTEP_SOURCE "/man/podstep-manifest.7", 1 << 20);
  REQUIRE(page);
  std::vector<std::string> found;
  bool inside = false, item = false;
  for (const std::string& line : split(*page, '\n')) {
    if (line.starts_with(".SH "))
      inside = line == ".SH " + section;
    else if (inside && item && line.starts_with(".B "))
      found.push_back(line.substr(3));
    item = line == ".TP";
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> supported(const char* kind) {
  std::vector<std::string> fields = k8s::manifest_fields(kind);
  std::sort(fields.begin(), fields.end());
  return fields;
}

} // namespace

TEST_CASE("podstep-manifest(7) describes every field of a Pod that is read, and no other") {
  CHECK(described("FIELDS OF A POD") == supported("Pod"));
}

TEST_CASE("podstep-manifest(7) describes every field of a Deployment that is read, and no other") {
  CHECK(described("FIELDS OF A DEPLOYMENT") == supported("Deployment"));
}

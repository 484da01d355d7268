// Names of images as docker spells them: one canonical short form for all aliases, and its file name in the
// index.
#pragma once
#include "common/result.h"
#include "nodeagent/k8s/first_use.h"
#include <string>
#include <string_view>

namespace podstep::images {

using k8s::docker_scheme;

/// The canonical short form (distribution/reference, "familiar name"), a docker:// before it left away:
/// `docker.io/library/x:latest`, `library/x` and `x` are all `x`; `docker.io/a/b:1` is `a/b:1`; other
/// registries keep their host. Error: invalid, when it is no image name.
Result<std::string> normalised_name(std::string_view name);

/// The canonical name as one file name: everything but letters, digits, `.`, `_` and `-` percent-encoded; a
/// first `.` too.
std::string index_file(std::string_view canonical);
/// The canonical name of a file in the index. Error: invalid for a file that index_file() does not make.
Result<std::string> index_name(std::string_view file);

/// Go's name of the machine that this program runs on, as image configurations use it: `amd64`, `arm64`.
std::string machine_architecture();

} // namespace podstep::images

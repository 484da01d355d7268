// The argument vector of podstep-prepare: see request.h.
#include "spank/prepare/request.h"
#include "common/limits.h"
#include "common/text.h"
#include "common/wire_spec.h"

namespace podstep::prepare {

Result<Request> parse_request(const std::vector<std::string>& argv) {
  constexpr size_t fixed = 7;
  if (argv.size() < fixed || argv.size() > fixed + limits::images_per_job)
    return Error(Kind::invalid, cat("podstep-prepare: ", argv.size(), " arguments"));
  Request request;
  if (argv[1] != "agent" && argv[1] != "hub")
    return Error(Kind::invalid, cat("no such role: ", printable(argv[1])));
  request.agent = argv[1] == "agent";
  request.name = argv[2];
  if (request.name.empty() || request.name.front() == '.' || request.name.find('/') != std::string::npos)
    return Error(Kind::invalid, cat("not a name of a run directory: ", printable(request.name)));
  PODSTEP_TRY(int64_t uid, parse_int(argv[3], 0, UINT32_MAX - 1));
  PODSTEP_TRY(int64_t gid, parse_int(argv[4], 0, UINT32_MAX - 1));
  PODSTEP_TRY(int64_t memory, parse_int(argv[5], 0, INT64_MAX >> 20));
  request.uid = uid_t(uid), request.gid = gid_t(gid), request.memory_mb = uint64_t(memory);
  if (argv[6] != "-")
    request.store = argv[6];
  for (size_t i = fixed; i < argv.size(); ++i) {
    if (!wire::is_digest(argv[i]))
      return Error(Kind::invalid, cat("not a digest: ", printable(argv[i], 80)));
    request.digests.push_back(argv[i]);
  }
  return request;
}

} // namespace podstep::prepare

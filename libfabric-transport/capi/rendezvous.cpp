// Meeting and showing each other addresses, in C: see podstep/fabric.h and podstep-fabric(3).
#include "libfabric-transport/rendezvous/rendezvous.h"
#include "common/environment.h"
#include "common/text.h"
#include "libfabric-transport/capi/objects.h"

using namespace podstep;
using namespace podstep::capi;
using podstep::fabric::Rendezvous;

struct podstep_fabric_rendezvous {
  std::unique_ptr<Rendezvous> rendezvous;
  podstep_fabric errors; ///< only its sentence
};

namespace {

/// Rank and number of ranks as the caller says, or as srun does; nullopt leaves it to the place.
Result<std::optional<fabric::Who>> who(const podstep_fabric_rendezvous_options& given,
                                       const std::string& where) {
  if (given.ranks > 0 && given.rank >= 0)
    return std::optional<fabric::Who>({uint32_t(given.rank), uint32_t(given.ranks)});
  auto rank = variable_if_set("SLURM_PROCID"), ranks = variable_if_set("SLURM_NTASKS");
  if (where == "pmix" || !rank || !ranks)
    return std::optional<fabric::Who>();
  PODSTEP_TRY(int64_t number, parse_int(*rank, 0, fabric::most_ranks));
  PODSTEP_TRY(int64_t all, parse_int(*ranks, 1, fabric::most_ranks));
  return std::optional<fabric::Who>({uint32_t(number), uint32_t(all)});
}

fabric::Carrier carrier_of(const podstep_fabric_carrier& c) {
  return {[c](const std::string& key, const std::string& value) {
            return c.put(c.context, key.c_str(), value.data(), value.size());
          },
          [c](const std::string& key, std::string& value, uint32_t timeout_ms) {
            std::string room(fabric::card_head_bytes + fabric::blob_bytes, '\0');
            size_t bytes = 0;
            int rc = c.get(c.context, key.c_str(), room.data(), room.size(), &bytes, timeout_ms);
            if (rc == 0)
              value.assign(room.data(), std::min(bytes, room.size()));
            return rc;
          }};
}

Result<std::unique_ptr<Rendezvous>> open_rendezvous(const podstep_fabric_rendezvous_options& given) {
  PODSTEP_TRY(fabric::Settings settings, fabric::read_settings(variable_if_set));
  Rendezvous::Options options;
  options.where = given.where ? given.where : settings.rendezvous;
  if (options.where.empty() && variable_if_set("PMIX_NAMESPACE"))
    options.where = "pmix";
  options.name = given.name ? given.name : "default";
  options.timeout =
      given.timeout_ms > 0 ? Duration(std::chrono::milliseconds(given.timeout_ms)) : settings.connect_timeout;
  options.job = settings.job;
  PODSTEP_TRY(options.key, fabric::read_key(settings));
  PODSTEP_TRY(options.who, who(given, options.where));
  if (given.carrier)
    options.carrier = carrier_of(*given.carrier);
  return Rendezvous::open(std::move(options), system_clock());
}

} // namespace

PODSTEP_API int podstep_fabric_rendezvous_open(const podstep_fabric_rendezvous_options* options,
                                               podstep_fabric_rendezvous** out, char* error,
                                               size_t error_bytes) {
  *out = nullptr;
  podstep_fabric first;
  int code = guarded(first, [&]() -> Result<int> {
    podstep_fabric_rendezvous_options given{};
    if (options)
      std::memcpy(&given, options, std::min(options->size, sizeof given));
    auto made = std::make_unique<podstep_fabric_rendezvous>();
    PODSTEP_TRY(made->rendezvous, open_rendezvous(given));
    *out = made.release();
    return PODSTEP_FABRIC_OK;
  });
  if (error && error_bytes > 0)
    snprintf(error, error_bytes, "%s", first.error);
  return code;
}

PODSTEP_API void podstep_fabric_rendezvous_close(podstep_fabric_rendezvous* rendezvous) {
  delete rendezvous;
}
PODSTEP_API const char* podstep_fabric_rendezvous_error(const podstep_fabric_rendezvous* rendezvous) {
  return rendezvous->errors.error;
}
PODSTEP_API int podstep_fabric_rendezvous_rank(const podstep_fabric_rendezvous* rendezvous) {
  return int(rendezvous->rendezvous->rank());
}
PODSTEP_API int podstep_fabric_rendezvous_ranks(const podstep_fabric_rendezvous* rendezvous) {
  return int(rendezvous->rendezvous->ranks());
}

PODSTEP_API int podstep_fabric_rendezvous_put(podstep_fabric_rendezvous* rendezvous, const void* data,
                                              size_t bytes) {
  return guarded(rendezvous->errors, [&]() -> Result<int> {
    PODSTEP_CHECK(rendezvous->rendezvous->put(std::string(static_cast<const char*>(data), bytes)));
    return PODSTEP_FABRIC_OK;
  });
}

PODSTEP_API int podstep_fabric_rendezvous_fence(podstep_fabric_rendezvous* rendezvous) {
  return guarded(rendezvous->errors, [&]() -> Result<int> {
    PODSTEP_CHECK(rendezvous->rendezvous->fence());
    return PODSTEP_FABRIC_OK;
  });
}

PODSTEP_API int podstep_fabric_rendezvous_get(podstep_fabric_rendezvous* rendezvous, int rank, void* data,
                                              size_t room, size_t* bytes) {
  return guarded(rendezvous->errors, [&]() -> Result<int> {
    PODSTEP_TRY(std::string_view blob, rendezvous->rendezvous->get(uint32_t(rank)));
    if (bytes)
      *bytes = blob.size();
    if (blob.size() > room)
      return Error(Kind::invalid,
                   cat("rank ", rank, " shows ", blob.size(), " bytes, there is room for ", room));
    blob.copy(static_cast<char*>(data), blob.size());
    return PODSTEP_FABRIC_OK;
  });
}

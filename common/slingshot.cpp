// The Slingshot credentials of a step: see slingshot.h.
#include "common/slingshot.h"
#include "common/limits.h"
#include "common/text.h"
#include <algorithm>
#include <charconv>

namespace podstep::fabric {

namespace {

constexpr const char* vnis_name = "SLINGSHOT_VNIS";
constexpr const char* services_name = "SLINGSHOT_SVC_IDS";
constexpr const char* devices_name = "SLINGSHOT_DEVICES";
constexpr const char* classes_name = "SLINGSHOT_TCS";
constexpr size_t most_devices = 16;
constexpr size_t most_bytes = 512;
constexpr uint32_t default_service = 1;

Error bad(const char* name, const std::string& why) {
  return Error(Kind::invalid, cat(name, ": ", why),
               "start the pod from an unmodified srun step: Slurm sets this variable");
}

Result<std::vector<int64_t>> numbers(const char* name, const std::string& text, int64_t min, int64_t max) {
  std::vector<int64_t> out;
  for (const std::string& part : split(text, ',')) {
    auto n = parse_int(part, min, max);
    if (!n)
      return bad(name, n.error().message);
    out.push_back(*n);
  }
  return out;
}

Result<std::vector<CxiDevice>> devices(const std::string& names, const std::string& services,
                                       bool allow_default) {
  PODSTEP_TRY(std::vector<int64_t> ids, numbers(services_name, services, 1, UINT32_MAX));
  std::vector<std::string> parts = split(names, ',');
  if (parts.empty() || parts.size() > most_devices)
    return bad(devices_name, cat("names ", parts.size(), " devices"));
  if (parts.size() != ids.size())
    return bad(services_name, cat("has ", ids.size(), " services for ", parts.size(), " devices"));
  std::vector<CxiDevice> out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!is_cxi_device(parts[i]))
      return bad(devices_name, cat("'", printable(parts[i], 40), "' is not a CXI device"));
    for (const CxiDevice& earlier : out)
      if (earlier.name == parts[i])
        return bad(devices_name, cat(parts[i], " stands there twice"));
    if (ids[i] == default_service && !allow_default)
      return Error(Kind::forbidden,
                   cat(services_name, ": ", parts[i], " has the default service, which restricts nobody"),
                   "ask the site for switch/hpe_slingshot, or for leave to use the default service");
    out.push_back({parts[i], uint32_t(ids[i])});
  }
  return out;
}

Result<uint32_t> classes(const std::string& text) {
  std::string_view digits = text;
  if (digits.substr(0, 2) != "0x")
    return bad(classes_name, cat("'", printable(text, 40), "' is not 0x and a bit mask"));
  digits.remove_prefix(2);
  uint32_t mask = 0;
  auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), mask, 16);
  if (digits.empty() || ec != std::errc() || end != digits.data() + digits.size())
    return bad(classes_name, cat("'", printable(text, 40), "' is not 0x and a bit mask"));
  return mask;
}

} // namespace

bool is_cxi_device(std::string_view name) {
  constexpr std::string_view prefix = "cxi";
  if (!name.starts_with(prefix) || name.size() > prefix.size() + 3)
    return false;
  auto number = parse_int(name.substr(prefix.size()), 0, 255);
  return number && name == cat(prefix, *number); // no leading zeros
}

std::vector<std::string> step_credentials(const char* const* environment) {
  std::vector<std::string> out;
  for (; environment && *environment && out.size() < limits::fabric_variables; ++environment) {
    std::string_view one = *environment;
    if (one.starts_with("SLINGSHOT_") || one.starts_with("FI_CXI_COLL_"))
      out.emplace_back(one);
  }
  return out;
}

Result<std::optional<Slingshot>> parse_slingshot(const Lookup& lookup, bool allow_default_service) {
  const char* required[] = {vnis_name, services_name, devices_name};
  std::string values[3];
  size_t found = 0;
  for (size_t i = 0; i < 3; ++i) {
    auto value = lookup(required[i]);
    if (!value)
      continue;
    if (value->size() > most_bytes)
      return bad(required[i], cat("is longer than ", most_bytes, " bytes"));
    values[i] = *value;
    ++found;
  }
  if (found == 0)
    return std::optional<Slingshot>();
  for (size_t i = 0; i < 3; ++i)
    if (values[i].empty())
      return bad(required[i], "is not set, although others of its family are");

  Slingshot out;
  PODSTEP_TRY(std::vector<int64_t> vnis, numbers(vnis_name, values[0], 1, 65535));
  if (vnis.size() > 2)
    return bad(vnis_name, cat("has ", vnis.size(), " VNIs; a step has one, and the job perhaps another"));
  out.step_vni = uint16_t(vnis[0]);
  if (vnis.size() == 2) {
    if (vnis[1] == vnis[0])
      return bad(vnis_name, "names the same VNI twice");
    out.job_vni = uint16_t(vnis[1]);
  }
  PODSTEP_TRY(out.devices, devices(values[2], values[1], allow_default_service));
  if (auto mask = lookup(classes_name)) {
    PODSTEP_TRY(out.traffic_classes, classes(*mask));
  }
  return std::optional<Slingshot>(std::move(out));
}

Result<uint16_t> choose_vni(const Slingshot& slingshot, VniScope scope) {
  if (scope == VniScope::step)
    return slingshot.step_vni;
  if (slingshot.job_vni)
    return *slingshot.job_vni;
  return Error(Kind::not_found,
               "the job has no VNI of its own, so its steps cannot reach each other over Slingshot",
               "submit with --network=job_vni, where the site allows it");
}

} // namespace podstep::fabric

// The variables of the transport: see settings.h.
#include "libfabric-transport/settings.h"
#include "common/fd.h"
#include "common/text.h"
#include "common/wire_stats.h"
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::fabric {

namespace {

constexpr const char* table[] = {
    "PODSTEP_FABRIC_PROVIDER",
    "PODSTEP_FABRIC_DEVICE",
    "PODSTEP_FABRIC_IFNAME",
    "PODSTEP_FABRIC_TIMEOUT",
    "PODSTEP_FABRIC_CONNECT_TIMEOUT",
    "PODSTEP_FABRIC_KEY_FILE",
    "PODSTEP_FABRIC_VNI",
    env_allow_default,
    wire::env_statistics,
    "PODSTEP_FABRIC_KEY",
    "PODSTEP_FABRIC_RENDEZVOUS",
    "PODSTEP_FABRIC_DMABUF",
};

constexpr size_t most_bytes = 4096;
constexpr size_t least_key = 16;

Result<std::string> text(const Lookup& lookup, size_t index) {
  auto value = lookup(table[index]);
  if (!value)
    return std::string();
  if (value->size() > most_bytes)
    return Error(Kind::invalid, cat(table[index], " is longer than ", most_bytes, " bytes"));
  return *value;
}

Result<Duration> seconds(const Lookup& lookup, size_t index, Duration fallback) {
  PODSTEP_TRY(std::string value, text(lookup, index));
  if (value.empty())
    return fallback;
  auto number = parse_int(value, 1, 86400);
  if (!number)
    return std::move(number).error().in(table[index]);
  return Duration(std::chrono::seconds(*number));
}

/// One of two words; the second means true.
Result<bool> choice(const Lookup& lookup, size_t index, const char* no, const char* yes) {
  PODSTEP_TRY(std::string value, text(lookup, index));
  if (value.empty() || value == no)
    return false;
  if (value == yes)
    return true;
  return Error(Kind::invalid,
               cat(table[index], ": '", printable(value, 40), "' is neither ", no, " nor ", yes));
}

uint64_t job_number(const std::optional<std::string>& id) {
  constexpr Key name = {0x706f6473746570, 0x6a6f62};
  return id && !id->empty() ? siphash(name, id->data(), id->size()) | 1 : 0;
}

} // namespace

std::span<const char* const> variables() {
  return table;
}

Result<Settings> read_settings(const Lookup& lookup) {
  Settings out;
  PODSTEP_TRY(out.provider, text(lookup, 0));
  PODSTEP_TRY(out.device, text(lookup, 1));
  PODSTEP_TRY(out.interface, text(lookup, 2));
  PODSTEP_TRY(out.timeout, seconds(lookup, 3, out.timeout));
  PODSTEP_TRY(out.connect_timeout, seconds(lookup, 4, out.connect_timeout));
  PODSTEP_TRY(out.key_file, text(lookup, 5));
  PODSTEP_TRY(bool of_job, choice(lookup, 6, "step", "job"));
  out.vni = of_job ? VniScope::job : VniScope::step;
  PODSTEP_TRY(out.allow_default_service, choice(lookup, 7, "0", "1"));
  PODSTEP_TRY(out.statistics, text(lookup, 8));
  PODSTEP_TRY(out.key_text, text(lookup, 9));
  PODSTEP_TRY(out.rendezvous, text(lookup, 10));
  PODSTEP_TRY(bool dmabuf, choice(lookup, 11, "0", "1"));
  if (auto said = lookup(table[11]); said && !said->empty())
    out.dmabuf = dmabuf;
  if (!out.key_text.empty() && !out.key_file.empty())
    return Error(Kind::invalid, "PODSTEP_FABRIC_KEY and PODSTEP_FABRIC_KEY_FILE are both set", "unset one");
  if (!out.key_text.empty() && out.key_text.size() < least_key)
    return Error(Kind::invalid, cat("PODSTEP_FABRIC_KEY has less than ", least_key, " characters"),
                 "openssl rand -hex 16");
  out.job = job_number(lookup("SLURM_JOB_ID"));
  return out;
}

Result<Key> read_key(const Settings& settings) {
  if (!settings.key_text.empty()) {
    constexpr Key first = {0x706f6473746570, 1}, second = {0x706f6473746570, 2};
    const std::string& secret = settings.key_text;
    return Key{siphash(first, secret.data(), secret.size()),
               siphash(second, secret.data(), secret.size()) | 1};
  }
  if (settings.key_file.empty())
    return Key{};
  std::string name = cat("PODSTEP_FABRIC_KEY_FILE: ", settings.key_file);
  OwnedFd fd(open(settings.key_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid())
    return errno_error(name);
  struct stat st {};
  if (fstat(fd.get(), &st) != 0)
    return errno_error(name);
  if (!S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 077) != 0)
    return Error(Kind::forbidden, cat(name, ": not a file of yours that only you can read"),
                 "chmod 600, and owned by the user of the job");
  PODSTEP_TRY(std::string digits, read_all(fd.get(), 64, name));
  digits = trim(digits);
  if (!is_lower_hex(digits, 32))
    return Error(Kind::invalid, cat(name, ": not 32 lower-case hexadecimal digits"), "openssl rand -hex 16");
  Key key{};
  for (size_t i = 0; i < 2; ++i)
    std::from_chars(digits.data() + 16 * i, digits.data() + 16 * (i + 1), key[i], 16);
  return key;
}

} // namespace podstep::fabric

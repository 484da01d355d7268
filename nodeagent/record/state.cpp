// The user's state directory: where it lies, also as seen from inside the agent's user namespace. See
// record.h.
#include "nodeagent/record/state.h"
#include "common/file.h"
#include "common/text.h"
#include "nodeagent/record/record.h"
#include <cerrno>
#include <cstdlib>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace podstep::record {

Result<uid_t> outer_uid(std::string_view uid_map, uid_t uid) {
  for (const std::string& line : split(uid_map, '\n')) {
    std::vector<int64_t> numbers;
    for (const std::string& word : split(line, ' '))
      if (!word.empty()) {
        PODSTEP_TRY(int64_t n, parse_int(word, 0, UINT32_MAX));
        numbers.push_back(n);
      }
    if (numbers.size() == 3 && uid >= numbers[0] && uid - numbers[0] < numbers[2])
      return static_cast<uid_t>(numbers[1] + (uid - numbers[0]));
  }
  return Error(Kind::not_found, cat("user id ", uid, " has no mapping in this user namespace"));
}

namespace {

constexpr const char* other_place = "set XDG_STATE_HOME to a directory of your own on the shared file system";

/// The caller's account on the host: inside the agent's user namespace everybody is called 0.
Result<uid_t> account() {
  PODSTEP_TRY(std::string map, read_file("/proc/self/uid_map", 64 << 10));
  return outer_uid(map, ::geteuid());
}

Result<std::string> home_of(uid_t uid) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::vector<char> buffer(64 << 10);
  int err = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  if (err != 0)
    return errno_error(cat("look up the home of user ", uid), err);
  if (!found || !found->pw_dir || found->pw_dir[0] != '/')
    return Error(Kind::not_found, cat("user ", uid, " has no home directory in passwd"), other_place);
  return std::string(found->pw_dir);
}

/// Makes the directory, or checks that the one that is there belongs to the caller and nobody else writes it.
Result<void> private_directory(const std::string& path) {
  if (auto made = make_directories(path, 0700); !made) {
    Error error = std::move(made).error();
    error.hint = other_place;
    return error;
  }
  struct stat st;
  if (::stat(path.c_str(), &st) != 0)
    return errno_error(cat("stat ", path));
  if (st.st_uid != ::geteuid())
    return Error(Kind::forbidden, cat(path, " belongs to user ", st.st_uid, ", not to you"), other_place);
  if (st.st_mode & 022)
    return Error(Kind::forbidden, cat(path, " can be written by others"), cat("chmod 700 ", path));
  return {};
}

} // namespace

Result<std::string> state_directory() {
  std::string base;
  const char* xdg = ::getenv("XDG_STATE_HOME");
  if (xdg && xdg[0] == '/') { // XDG Base Directory Specification: a relative path is invalid and ignored
    base = xdg;
  } else {
    PODSTEP_TRY(uid_t uid, account());
    PODSTEP_TRY(std::string home, home_of(uid));
    base = home + "/.local/state";
  }
  while (base.size() > 1 && base.back() == '/')
    base.pop_back();
  std::string path = base + "/podstep";
  PODSTEP_CHECK(private_directory(path));
  for (const char* below : {"/specs", "/jobs", "/images"})
    PODSTEP_CHECK(private_directory(path + below));
  return path;
}

} // namespace podstep::record

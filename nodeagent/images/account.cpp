// USER of an image: see account.h.
#include "nodeagent/images/account.h"
#include "common/path.h"
#include "common/text.h"
#include <fcntl.h>
#include <optional>

namespace podstep::images {
namespace {

constexpr size_t database_bytes = 4 << 20;

/// The line of a colon-separated database whose field `column` is `key`.
std::optional<std::vector<std::string>> lookup(std::string_view database, size_t column,
                                               std::string_view key) {
  for (const std::string& line : split(database, '\n'))
    if (auto fields = split(line, ':'); fields.size() >= 3 && fields[column] == key)
      return fields;
  return std::nullopt;
}

Result<int64_t> id_of(const std::string& text) {
  return parse_int(text, 0, UINT32_MAX - 1);
}

std::string read_database(int root, const std::string& name) {
  auto fd = open_beneath(root, name, O_RDONLY | O_NONBLOCK);
  auto text = fd ? read_all(fd->get(), database_bytes, name) : Result<std::string>(fd.error());
  return text ? *text : std::string();
}

} // namespace

Result<Account> resolve_account(std::string_view user, std::string_view passwd, std::string_view group) {
  Account account;
  if (user.empty())
    return account;
  size_t colon = user.find(':');
  std::string name(user.substr(0, colon)), group_name(colon == user.npos ? "" : user.substr(colon + 1));
  if (auto uid = id_of(name)) {
    account.uid = *uid;
    if (auto entry = lookup(passwd, 2, name); entry && entry->size() >= 4)
      account.gid = id_of((*entry)[3]).value_or(0);
  } else if (auto entry = lookup(passwd, 0, name); entry && entry->size() >= 4) {
    PODSTEP_TRY(account.uid, id_of((*entry)[2]));
    PODSTEP_TRY(account.gid, id_of((*entry)[3]));
  } else {
    return Error(Kind::not_found, cat("the image's USER ", printable(name), " is not in its etc/passwd"),
                 "give the user as a number");
  }
  if (group_name.empty())
    return account;
  if (auto gid = id_of(group_name)) {
    account.gid = *gid;
  } else if (auto entry = lookup(group, 0, group_name)) {
    PODSTEP_TRY(account.gid, id_of((*entry)[2]));
  } else {
    return Error(Kind::not_found,
                 cat("the image's group ", printable(group_name), " is not in its etc/group"),
                 "give the group as a number");
  }
  return account;
}

Result<Account> account_in(const std::string& root, std::string_view user) {
  OwnedFd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid())
    return errno_error(cat("open ", printable(root)));
  return resolve_account(user, read_database(fd.get(), "etc/passwd"), read_database(fd.get(), "etc/group"));
}

} // namespace podstep::images

// USER of an image, resolved to numbers by the image's own passwd and group (OCI image specification,
// config.md: User).
#pragma once
#include "common/result.h"
#include <cstdint>
#include <string>
#include <string_view>

namespace podstep::images {

struct Account {
  int64_t uid = 0, gid = 0;
};
/// `user`: empty, `name`, `uid`, `name:group`, `uid:gid`. The group of a user without one is its primary
/// group, 0 when the image does not know the user. Error: not_found, naming what the image does not know.
Result<Account> resolve_account(std::string_view user, std::string_view passwd, std::string_view group);
/// The same, with etc/passwd and etc/group read beneath the directory `root`, never through a link.
Result<Account> account_in(const std::string& root, std::string_view user);

} // namespace podstep::images

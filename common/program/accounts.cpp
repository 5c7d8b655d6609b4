#include "program/accounts.hpp"

#include <grp.h>
#include <pwd.h>

namespace mtcp::program {

#ifdef MTCP_STATIC

std::optional<account> find_user(const std::string& name) { return find_user_in("/etc/passwd", name); }

std::optional<account> find_user(uid_t number) { return find_user_in("/etc/passwd", number); }

std::optional<gid_t> find_group(const std::string& name) { return find_group_in("/etc/group", name); }

#else

namespace {

std::optional<account> account_of(const passwd* known) {
  if (known == nullptr) return std::nullopt;
  return account{known->pw_uid, known->pw_gid};
}

}  // namespace

std::optional<account> find_user(const std::string& name) { return account_of(::getpwnam(name.c_str())); }

std::optional<account> find_user(uid_t number) { return account_of(::getpwuid(number)); }

std::optional<gid_t> find_group(const std::string& name) {
  const group* known = ::getgrnam(name.c_str());
  if (known == nullptr) return std::nullopt;
  return known->gr_gid;
}

#endif

}  // namespace mtcp::program

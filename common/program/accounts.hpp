// The users and groups of this machine, by name or number.
//
// A program that is linked with shared libraries asks whatever nsswitch.conf names (LDAP, systemd). A static one must
// not: the C library would load other shared libraries for that, which need not fit, so it reads the files.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace mtcp::program {

struct account {
  uid_t user = 0;
  gid_t group = 0;  ///< the user's own
};

std::optional<account> find_user(const std::string& name);
std::optional<account> find_user(uid_t number);
std::optional<gid_t> find_group(const std::string& name);

/// The same, in files of the form of passwd(5) and group(5).
std::optional<account> find_user_in(const char* file, const std::string& name);
std::optional<account> find_user_in(const char* file, uid_t number);
std::optional<gid_t> find_group_in(const char* file, const std::string& name);

}  // namespace mtcp::program

// The part of accounts.hpp that reads files. The C library's functions for one file load nothing else.
#include <grp.h>
#include <pwd.h>

#include <cstdio>
#include <memory>

#include "program/accounts.hpp"

namespace mtcp::program {
namespace {

struct close_file {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using file_ptr = std::unique_ptr<std::FILE, close_file>;

template <class Matches>
std::optional<account> first_user(const char* name_of_file, Matches matches) {
  const file_ptr file(std::fopen(name_of_file, "re"));
  if (file == nullptr) return std::nullopt;
  while (const passwd* one = ::fgetpwent(file.get()))
    if (matches(*one)) return account{one->pw_uid, one->pw_gid};
  return std::nullopt;
}

}  // namespace

std::optional<account> find_user_in(const char* file, const std::string& name) {
  return first_user(file, [&](const passwd& one) { return one.pw_name == name; });
}

std::optional<account> find_user_in(const char* file, uid_t number) {
  return first_user(file, [&](const passwd& one) { return one.pw_uid == number; });
}

std::optional<gid_t> find_group_in(const char* name_of_file, const std::string& name) {
  const file_ptr file(std::fopen(name_of_file, "re"));
  if (file == nullptr) return std::nullopt;
  while (const group* one = ::fgetgrent(file.get()))
    if (one->gr_name == name) return one->gr_gid;
  return std::nullopt;
}

}  // namespace mtcp::program

// The names of the hosts file. Some have hundreds of thousands (lists of what is to be blocked), so it is read once
// after each change, and not for every lookup, as c-ares does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/net/dial/zoned_address.hpp"

namespace mtcp::detail {

class hosts_file {
 public:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds interval{1};  ///< between two looks at the file's age

  explicit hosts_file(std::string path) : path_(std::move(path)) {}
  hosts_file(const hosts_file&) = delete;
  hosts_file& operator=(const hosts_file&) = delete;

  /// The addresses of `name`, IPv6 first, each family in the order of the file; none if it does not stand there.
  /// Letters are compared without case, and a dot at the end does not count.
  std::vector<ip_address> find(std::string_view name, clock::time_point now);
  /// How often it has been read.
  unsigned times_read() const noexcept { return times_read_; }

 private:
  /// What tells one state of the file from another.
  struct state {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(const state&, const state&) = default;
  };
  using line = std::pair<std::string_view, zoned_address>;  // the name is a part of text_

  static state state_of(const std::string& path);
  void renew(clock::time_point now);
  void read();
  void add(std::string_view words);

  std::string path_;
  state state_;
  clock::time_point next_look_{};
  std::string text_;         // in lower case
  std::vector<line> lines_;  // by name; those of one name in their order
  unsigned times_read_ = 0;
};

}  // namespace mtcp::detail

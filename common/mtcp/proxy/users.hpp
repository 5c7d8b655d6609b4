// Who may use the local listener: names and passwords, and the file that they stand in.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mtcp::proxy {

class user_table {
 public:
  /// One `name:password` per line. A name has no colon (RFC 7617, section 2), a password may; both have 1 to 255 bytes
  /// (RFC 1929). Empty lines and lines that begin with `#` are passed over. Throws std::invalid_argument, which names
  /// the line and holds no part of it.
  static user_table parse(std::string_view text);

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

  /// Compares with every user, and every byte by explicit length, so that the time tells nothing but lengths.
  bool admits(std::string_view name, std::string_view password) const noexcept;

 private:
  struct entry {
    std::string name;
    std::string password;
  };
  void add_line(std::string_view line);

  std::vector<entry> entries_;
};

}  // namespace mtcp::proxy

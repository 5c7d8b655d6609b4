// Which addresses of a server have worked on a path: to be tried first, and when there are no name servers. Pure.
#pragma once

#include <optional>
#include <vector>

#include "mtcp/address.hpp"

namespace mtcp {

class known_addresses {
 public:
  static constexpr std::size_t most = 4;

  /// The server has answered there, and proved to be it.
  void worked(const ip_address& address);
  /// Something took the connection there and did not prove to be the server.
  void failed(const ip_address& address);

  /// Those that worked, the last one first.
  const std::vector<ip_address>& all() const noexcept { return known_; }
  /// `found` in the order in which to try: the address that worked last, or its family, first (RFC 8305, section 4,
  /// lets history decide); then families in turn; what failed last comes last.
  std::vector<ip_address> in_order(std::vector<ip_address> found) const;

 private:
  std::vector<ip_address> known_;
  std::optional<ip_address> failed_;  // last, and has not worked since
};

}  // namespace mtcp

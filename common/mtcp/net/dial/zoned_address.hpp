// Addresses that may have a zone: "fe80::1%eth0" or "fe80::1%2" (RFC 4007, section 11). The zone is the interface on
// whose link a link-local address is meant. Interfaces come and go, so it is looked up when the address is to be used.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mtcp/address.hpp"

namespace mtcp {

class zoned_address {
 public:
  /// As parse_address(), and with a zone behind a link-local address; no other takes one. Whether the interface exists
  /// is not asked.
  static std::optional<zoned_address> parse(std::string_view text);

  const std::string& zone() const noexcept { return zone_; }  ///< empty if there is none
  const ip_address& without_zone() const noexcept { return address_; }
  /// With the index of the interface. Error: no_such_device if there is no such interface just now.
  result<ip_address> here() const;

 private:
  zoned_address(ip_address address, std::string zone) : address_(std::move(address)), zone_(std::move(zone)) {}

  ip_address address_;
  std::string zone_;
};

}  // namespace mtcp

// Addresses that have been learnt in different ways, in the one form in which they can be compared.
#pragma once

#include "mtcp/address.hpp"

namespace mtcp {

/// unmapped(), and without the zone of a link-local address.
inline ip_address plain(const ip_address& address) {
  const ip_address known = unmapped(address);
  return known.is_v6() ? ip_address(asio::ip::address_v6(known.to_v6().to_bytes())) : known;
}

}  // namespace mtcp

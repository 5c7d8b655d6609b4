// What c-ares says of a name, in our words.
#pragma once

#include <ares.h>

#include <chrono>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/error.hpp"

namespace mtcp::detail {

/// What one query gave. Without an error there is at least one address.
struct lookup_answer {
  error_code error;
  std::vector<ip_address> addresses;  ///< in the order in which to try them (RFC 6724)
  std::chrono::seconds ttl{0};        ///< how long they may be kept

  /// `found` as ares_getaddrinfo() gives it to its callback; null if there is nothing. Addresses of another family than
  /// AF_INET or AF_INET6 was asked for, which c-ares takes from whoever sends them, are left out.
  static lookup_answer of(int family, int status, const ares_addrinfo* found);
};

}  // namespace mtcp::detail

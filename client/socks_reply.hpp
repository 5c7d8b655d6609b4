// What SOCKS5 says of an error (RFC 1928, section 6).
#pragma once

#include "mtcp/net/async.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/socks/socks5.hpp"

namespace mtcp::client {

inline socks::reply reply_to(const error_code& error) {
  if (!error) return socks::reply::succeeded;
  const auto refusal = refusal_of(error);
  return refusal ? socks::reply_to(*refusal) : socks::reply::general_failure;
}

}  // namespace mtcp::client

// What SOCKS5 says of an error (RFC 1928, section 6).
#pragma once

#include "mtcp/async.hpp"
#include "mtcp/error.hpp"
#include "mtcp/proxy/socks5.hpp"
#include "mtcp/refusal.hpp"

namespace mtcp::client {

inline proxy::reply reply_to(const error_code& error) {
  if (!error) return proxy::reply::succeeded;
  if (error == errc::tunnel_down) return proxy::reply::network_unreachable;
  if (error == errc::quota_used_up) return proxy::reply::not_allowed;
  const auto refusal = refusal_of(error);
  return refusal ? proxy::reply_to(*refusal) : proxy::reply::general_failure;
}

}  // namespace mtcp::client

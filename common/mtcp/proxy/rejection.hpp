// How a proxy in front of a server lets its client down.
#pragma once

#include <cstdint>
#include <string>

#include "mtcp/proxy_options.hpp"

namespace mtcp::proxy {

struct rejection {
  enum class kind : std::uint8_t {
    foreign,         ///< it speaks another protocol, or breaks this one
    closed,          ///< it ended the connection instead of answering
    login_wanted,    ///< and there is no user
    login_refused,   ///< user or password is wrong, or it takes another kind of login
    server_refused,  ///< it did not connect to the server, and said why: `code`
  };
  kind what = kind::foreign;
  unsigned code = 0;  ///< the reply of SOCKS5 (RFC 1928, section 6), or the status of HTTP
  friend bool operator==(const rejection&, const rejection&) = default;
};

/// In words: "the proxy refused the server: connection refused (reply 5)".
std::string to_string(const rejection& why, proxy_options::protocol spoken);

}  // namespace mtcp::proxy

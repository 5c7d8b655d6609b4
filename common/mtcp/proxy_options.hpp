// A proxy that stands in front of a server: a client's bridges are dialled through it.
#pragma once

#include <cstdint>
#include <string>

namespace mtcp {

/// It is asked for a connection to the server by the server's name, which nobody else looks up.
struct proxy_options {
  enum class protocol : std::uint8_t {
    socks5,  ///< RFC 1928, CONNECT; with a user the login of RFC 1929
    http,    ///< RFC 9110, CONNECT (section 9.3.6); with a user the login Basic (RFC 7617)
  };
  protocol speaks = protocol::socks5;
  std::string host{};      ///< a name, or an IPv4 or IPv6 literal without brackets
  std::uint16_t port = 0;  ///< not 0
  std::string user{};      ///< up to 255 bytes; empty: no login
  std::string password{};  ///< 1 to 255 bytes if there is a user; secret
  friend bool operator==(const proxy_options&, const proxy_options&) = default;
};

/// "socks5://HOST:PORT": without the user, to be shown.
std::string to_string(const proxy_options& proxy);

}  // namespace mtcp

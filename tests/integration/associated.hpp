// A UDP association through both programs, and the header of its datagrams (RFC 1928, section 7).
#pragma once

#include <cstdint>
#include <string>

#include "integration/deployment.hpp"
#include "support/socket.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {

struct associated {
  explicit associated(const deployment& halves, const std::string& declared = "0.0.0.0", std::uint16_t port = 0)
      : associated(halves.socks_port(), declared, port) {}
  explicit associated(std::uint16_t proxy, const std::string& declared = "0.0.0.0", std::uint16_t port = 0)
      : control("127.0.0.1", proxy) {
    control.send(octets({5, 1, 0}) + octets({5, 3, 0}) + socks_address(declared, port));
    reply = control.receive(12).substr(2);
    if (reply.size() == 10)
      relay =
          static_cast<std::uint16_t>(static_cast<unsigned char>(reply[8]) << 8 | static_cast<unsigned char>(reply[9]));
  }
  void send(udp_socket& from, const std::string& host, std::uint16_t port, const std::string& payload,
            int fragment = 0) const {
    from.send(octets({0, 0, fragment}) + socks_address(host, port) + payload, "127.0.0.1", relay);
  }

  socket control;
  std::string reply;
  std::uint16_t relay = 0;
};

}  // namespace mtcp::lab

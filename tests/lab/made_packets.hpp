// Packets as the two ends of a connection send them, for tests.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lab/packet.hpp"

namespace mtcp::lines {

enum tcp_flags : std::uint8_t { fin = 1, syn = 2, rst = 4, ack = 16 };

struct made {
  direction way = direction::up;
  std::uint8_t flags = ack;
  std::uint16_t port = 4000;  ///< of the client; the server's is 8443
  std::size_t size = 1500;    ///< in all
  std::uint32_t sequence = 1000;
  bool six = false;  ///< IPv6
  std::uint8_t protocol = flow_key::tcp;
};

inline packet make(const made& m) {
  const bool up = m.way == direction::up;
  const std::size_t addresses = m.six ? 8 : 12, address = m.six ? 16 : 4, tcp = m.six ? 40 : 20;
  packet p(m.size);
  p[0] = m.six ? 0x60 : 0x45;
  p[m.six ? 6 : 9] = m.protocol;
  p[addresses] = p[addresses + address] = m.six ? 0xfd : 10;
  p[addresses + address - 1] = up ? 1 : 2;
  p[addresses + 2 * address - 1] = up ? 2 : 1;
  const auto put = [&p](std::size_t at, std::uint16_t value) {
    p[at] = static_cast<std::uint8_t>(value >> 8);
    p[at + 1] = static_cast<std::uint8_t>(value);
  };
  put(tcp + (up ? 0 : 2), m.port);
  put(tcp + (up ? 2 : 0), 8443);
  put(tcp + 4, static_cast<std::uint16_t>(m.sequence >> 16));
  put(tcp + 6, static_cast<std::uint16_t>(m.sequence));
  p[tcp + 11] = 77;  // what it acknowledges
  p[tcp + 12] = 5 << 4;
  p[tcp + 13] = m.flags;
  return p;
}

}  // namespace mtcp::lines

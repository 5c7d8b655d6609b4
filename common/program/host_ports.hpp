// A host and one port, or a range of them: where the network treats a port, or one connection's addresses and ports,
// badly for a while, the next dial takes another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mtcp/types.hpp"

namespace mtcp::program {

struct host_ports {
  std::string host;
  std::uint16_t port = 0;
  std::uint16_t last_port = 0;  ///< of a range; 0 for one port alone
  friend bool operator==(const host_ports&, const host_ports&) = default;
};

/// HOST:PORT or HOST:FIRST-LAST, with brackets around an IPv6 host.
std::string to_string(const host_ports& all);
/// Each by itself.
std::vector<core::target> each_port(const host_ports& all);

/// A server of bridges: HOST:PORT, HOST:FIRST-LAST, or HOST alone for port 8443. Throws std::invalid_argument, saying
/// what was expected, as the next one does.
host_ports parse_server(const std::string& text);
/// HOST:PORT or HOST:FIRST-LAST, up to 1,024 ports, where a server listens. An empty host, or "*", stands for every
/// address of this machine.
host_ports parse_listen_ports(const std::string& text);

}  // namespace mtcp::program

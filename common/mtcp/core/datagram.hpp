// A UDP datagram on its way through the tunnel.
#pragma once

#include "mtcp/buffer.hpp"
#include "mtcp/types.hpp"

namespace mtcp::core {

struct datagram {
  target peer;    ///< client to server: the destination; server to client: the source, a literal address
  slice payload;  ///< 0 to 65,507 bytes
};

}  // namespace mtcp::core

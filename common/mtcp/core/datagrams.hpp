// Datagrams of all associations: those that wait for a bridge, and those that wait for the program to read them.
#pragma once

#include <chrono>

#include "mtcp/core/datagram_queues.hpp"

namespace mtcp::core {

struct datagrams {
  datagram_queues out{256 << 10, 4 << 20, std::chrono::milliseconds(100)};
  datagram_queues in{256 << 10, 4 << 20, std::chrono::seconds(10)};

  /// The association is over.
  void erase(stream_id id) {
    in.erase(id);
    out.erase(id);
  }
};

}  // namespace mtcp::core

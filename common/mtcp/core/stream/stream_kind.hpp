// What a stream is for.
#pragma once

#include <cstdint>

namespace mtcp::core {

enum class stream_kind : std::uint8_t {
  opened,    ///< leads to a target, or carries the datagrams of an association
  listener,  ///< stands for what the server listens on for the client; carries no bytes
  accepted,  ///< opened by the server, for a connection that a listener has accepted
};

}  // namespace mtcp::core

// What a write and a read of a stream did, and how its direction stands after them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// What write() took, and why not more.
struct write_result {
  enum class limit : std::uint8_t {
    none,       ///< all of it was taken
    credit,     ///< the peer has given no credit for what waits already: wait for events::writable
    bridges,    ///< enough waits for bridges: wait for events::writable
    memory,     ///< the limit of bytes kept until they are acknowledged is reached: wait for events::writable
    no_stream,  ///< there never was such a stream, or it is over
    refused,    ///< the stream was refused
    finished,   ///< after shutdown_send() or close()
    stopped,    ///< the peer reads no more
    reset,      ///< after reset() or reset_send()
  };
  std::size_t size = 0;  ///< bytes that were taken
  limit why = limit::none;

  /// The rest will be taken later: events::writable comes.
  bool blocked() const { return why == limit::credit || why == limit::bridges || why == limit::memory; }
};

/// How a direction of a stream stands after what read() returned.
struct read_result {
  enum class state : std::uint8_t { open, end, reset };
  std::size_t size = 0;        ///< bytes handed out by this call
  state status = state::open;  ///< end or reset only once every byte before it has been handed out
  reset_code code = reset_code::reset;
};

}  // namespace mtcp::core

// Copies between a stream and a TCP socket, both ways, until both directions are over.
//
// What one side does arrives at the other as what it was:
//   end of file   half-closes the other side; the other direction goes on
//   reset         arrives as a reset (RFC 9293, section 3.5.3), behind the bytes before it, never as an end of file
//   stops reading the sender learns it when it writes more, as with TCP
//
// Memory: at most 240 KiB are on the way in each direction, in chunks that are not copied; a relay that waits holds
// none. Threads: one, that of the stream.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"

namespace mtcp {

/// What a relay has carried, and which end it was that did not let it end well.
struct relayed {
  enum class ending : std::uint8_t {
    closed,        ///< both directions came to their end of file
    remote_reset,  ///< the stream's peer has reset it, or reads no more, or the tunnel was lost
    local_reset,   ///< the same of the socket's peer
    aborted,       ///< this end has: by its owner, or for want of memory
  };
  std::uint64_t from_local = 0;  ///< bytes that the stream has taken
  std::uint64_t to_local = 0;    ///< bytes that the socket has taken
  ending how = ending::closed;
};

/// Counts what relays carry, and may hold them to a rate.
class relay_pace {
 public:
  /// Bytes have crossed, to the socket or from it: how long that direction is to wait before the next ones.
  virtual std::chrono::nanoseconds crossed(std::size_t bytes, bool to_local) = 0;

 protected:
  ~relay_pace() = default;
};

/// `local` must be connected and non-blocking. Both are closed when it returns. Once one end has been reset, or the
/// tunnel is lost, the other one is not waited for any longer than `patience` if it takes nothing (relay_watch.hpp).
/// `pace` may be null, and must outlive the relay.
task<relayed> relay(stream remote, tcp::socket local, std::chrono::milliseconds patience = std::chrono::seconds(10),
                    relay_pace* pace = nullptr);

/// Closes `socket` so that its peer reads a reset, once the bytes written to it have been sent (at most 1 s later).
task<> close_with_reset(tcp::socket& socket);

}  // namespace mtcp

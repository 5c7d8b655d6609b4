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

#include "mtcp/async.hpp"
#include "mtcp/stream.hpp"

namespace mtcp {

/// `local` must be connected and non-blocking. Both are closed when it returns. Once one end has been reset, or the
/// tunnel is lost, the other one is not waited for any longer than `patience` if it takes nothing (relay_watch.hpp).
task<> relay(stream remote, tcp::socket local, std::chrono::milliseconds patience = std::chrono::seconds(10));

/// Closes `socket` so that its peer reads a reset, once the bytes written to it have been sent (at most 1 s later).
task<> close_with_reset(tcp::socket& socket);

}  // namespace mtcp

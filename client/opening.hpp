// Opens a stream for an application that waits for it, through the tunnel or past it, and cancels that if the
// application leaves meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "local_port.hpp"
#include "mtcp/async.hpp"
#include "mtcp/tunnel.hpp"
#include "mtcp/types.hpp"

namespace mtcp::client {

/// What it means that an application which waits for its stream has ended its side of the connection. TCP does not say:
/// one that has closed looks like one that only sends no more, until something is sent to it.
enum class end_of_file : std::uint8_t {
  leaves,    ///< it has sent nothing that needs an answer, so it waits for none
  said_all,  ///< it may have sent all that it has to send, and waits for the answer
};

/// A stream, or why there is none.
struct opening {
  error_code error{};
  stream remote{};
  std::string why{};  ///< in words, where the client itself knows more than the error
};

/// tunnel::async_open, cancelled when `application` leaves (operation_aborted): its connection is reset, or ends in a
/// way that means so. What it sends meanwhile stays in the socket, and from then on its end means said_all. The socket
/// must be non-blocking, and nobody else may wait for it.
task<opening> open_for(tcp::socket& application, tunnel& through, core::target to, std::span<const std::byte> early,
                       end_of_file means);

/// The same for `way`: through the tunnel, or by a connection of this machine's own.
task<opening> open_by(const router::way& way, const local_port& port, tcp::socket& application, core::target to,
                      std::span<const std::byte> early, end_of_file means);

/// Where the rules send an application to `to`. A destination that is blocked is counted.
router::way way_for(const local_port& port, const tcp::socket& application, const core::target& to);
/// At debug level only: it names a destination.
void log_opening(const char* protocol, const std::string& name, const router::way& way, const opening& got);
/// What an application is told of it.
opening refusal_by(const router::way& blocked);

}  // namespace mtcp::client

// What a session asks of the connection under a bridge. The programs have a TLS channel over a socket behind it, the
// simulator a simulated connection.
//
// Late binding: frames are taken from the engine only when the connection can send them soon, so that the engine
// decides as late as possible what goes where. The connection counts as full while it holds unsent_limit bytes that TCP
// has not sent yet (TCP_NOTSENT_LOWAT).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "mtcp/core/engine.hpp"
#include "mtcp/error.hpp"

namespace mtcp {

class link {
 public:
  /// Takes all of `frames`. What the connection cannot take at once stays pending.
  virtual error_code write(std::span<const core::byte_piece> frames) = 0;
  /// Written bytes wait for the connection: nothing should be written now.
  virtual bool pending() const = 0;
  /// Bytes that TCP has and has not sent yet. Costs a system call.
  virtual std::size_t unsent_bytes() = 0;
  virtual void set_unsent_limit(std::size_t bytes) = 0;
  /// session::on_room() is to follow, once, as soon as nothing is pending and fewer bytes than the limit are unsent.
  virtual void await_room() = 0;

  /// What TCP knows of the connection (TCP_INFO); empty if unknown. Asked for a few times per round trip.
  virtual std::optional<core::tcp_info> tcp_info(core::timestamp now) = 0;
  /// How long the peer itself took to answer while the connection was set up; 0 if unknown. Unlike TCP's round trip it
  /// does not end at a relay.
  virtual core::duration handshake_rtt() const = 0;
  /// Bytes of TCP's and IP's headers in a packet, about.
  virtual std::size_t header_size() const = 0;

  /// Closes the connection; whoever runs it then detaches the bridge from its session. Idempotent.
  virtual void close() = 0;

  /// ADDRESS:PORT of the two ends, for statistics; may be empty.
  virtual std::string local() const = 0;
  virtual std::string remote() const = 0;

 protected:
  ~link() = default;
};

}  // namespace mtcp

// What a stream hears of its session. The stream is its owner's; the session points to it while it is in use.
#pragma once

#include "mtcp/error.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class stream_listener {
 public:
  virtual void on_readable() = 0;
  virtual void on_datagram() = 0;
  virtual void on_writable() = 0;
  virtual void on_stopped() = 0;
  /// Of a stream that the server has opened: the client did not take it, and it is gone.
  virtual void on_refused(error_code why) = 0;
  /// Under its owner: what that does from now on fails with operation_aborted.
  virtual void on_closed(core::reset_code why) = 0;
  /// The session is over, and this is the last that it says.
  virtual void on_session_over(error_code why) = 0;
  virtual const core::target& target() const = 0;
  /// Where the connection comes from that a listener has accepted; else empty.
  virtual const core::target& source() const = 0;
  virtual core::timestamp opened_at() const = 0;

 protected:
  ~stream_listener() = default;
};

}  // namespace mtcp

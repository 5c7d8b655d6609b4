// The interfaces of this machine, which of them have a default route, and word when that changes: netlink, on Linux.
//
// An interface is an uplink if it is up and running, a default route of the main table leads through it, and, for a
// route of IPv6, it has an address that others can answer to. Loopback never is; nor are the ends of other tunnels
// (TUN, WireGuard, GRE and their like), for what goes into those comes out of another interface, or of this very
// program.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <optional>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/session/uplinks.hpp"

namespace mtcp::platform {

/// As they are now, in the kernel's order. Empty if the system does not tell.
std::optional<std::vector<interface_state>> interfaces();

/// Threads: one.
class interface_watch {
 public:
  explicit interface_watch(const executor& where) : news_(where) {}

  /// operation_not_supported where there is no such thing.
  error_code open();
  /// Until something has changed that may matter for interfaces(); operation_aborted after close().
  task<error_code> wait();
  void close();

 private:
  bool take_news();

  asio::posix::basic_stream_descriptor<executor> news_;
};

}  // namespace mtcp::platform

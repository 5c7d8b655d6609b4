// The connections that the rules let past the tunnel, while they last, and what all of them have carried.
#pragma once

#include <cstdint>
#include <memory>

#include "mtcp/net/socket_stream.hpp"
#include "mtcp/snapshot.hpp"
#include "mtcp/types.hpp"

namespace mtcp::client {

class direct_connections {
 public:
  direct_connections();
  direct_connections(const direct_connections&) = delete;
  direct_connections& operator=(const direct_connections&) = delete;
  ~direct_connections();

  /// One more, which is open as long as somebody holds this.
  std::shared_ptr<stream_traffic> add(core::target to);
  /// A datagram has left, or come.
  void datagram_up(std::size_t bytes);
  void datagram_down(std::size_t bytes);
  /// A rule has kept one from its destination.
  void blocked_connection();
  void blocked_datagram();

  /// Resets it. False if there is no such connection any more.
  bool reset(std::uint64_t id);
  void reset_all();
  direct_snapshot snapshot() const;

 private:
  struct state;
  struct entry;
  std::shared_ptr<state> state_;  // shared with the connections, which may outlive this
};

}  // namespace mtcp::client

// Connections that the server has accepted for this client (--reverse), led to their destinations.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <chrono>
#include <memory>
#include <set>

#include "mtcp/async.hpp"
#include "mtcp/incoming.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/resolver.hpp"
#include "program/traffic_book.hpp"

namespace mtcp::client {

/// Dials what the user himself has named, wherever that is. Threads: one.
class reverse_dialer {
 public:
  /// `book` may be null: nothing is written down.
  reverse_dialer(const executor& where, const dial_options& sockets, std::shared_ptr<program::traffic_book> book);

  /// For connections to come.
  void set_keep_alive(std::chrono::seconds idle) { dialer_.set_keep_alive(idle); }
  /// Ends when the connection does.
  task<> serve(incoming request);
  /// Ends all dials.
  void stop();

 private:
  executor executor_;
  resolver names_;
  dialer dialer_;
  std::shared_ptr<program::traffic_book> book_;
  std::set<asio::cancellation_signal*> dials_;
};

}  // namespace mtcp::client

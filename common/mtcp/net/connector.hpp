// Dials one bridge: finds the server's addresses, tries one after the other, and shakes hands.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/net/async.hpp"
#include "mtcp/net/lifeline.hpp"
#include "mtcp/net/options.hpp"
#include "mtcp/net/resolver.hpp"
#include "mtcp/net/secure_channel.hpp"

namespace mtcp {

class connector {
 public:
  /// `path` must outlive the connector. The clock of `timeout` runs until take(). `name_servers`, if not empty, are
  /// asked instead of the system's (resolver.hpp).
  connector(const executor& where, const path_options& path, std::chrono::milliseconds timeout,
            std::string name_servers = {});

  /// TCP and TLS. Errors: host_not_found and host_not_found_try_again, of the lookup (hosts file and DNS); of the last
  /// address that was tried; timed_out; operation_aborted after abort().
  task<error_code> connect(const tls_context& context, const key& own);

  /// The connection, for more to be said on it under the same deadline. After connect() succeeded.
  secure_channel& channel() { return *channel_; }
  /// What really happened, if `error` is only what closing the connection at the deadline, or by abort(), looks like.
  error_code explain(error_code error) const;
  /// Ends the deadline and hands the connection out.
  secure_channel take();

  /// Makes whatever waits return.
  void abort();

 private:
  using clock = std::chrono::steady_clock;
  using endpoints = std::vector<tcp::endpoint>;

  task<error_code> connect_to_any(const endpoints& found);
  task<error_code> connect_to(tcp::endpoint to);
  error_code prepare(const tcp::endpoint& to);
  task<error_code> resolve(endpoints& out);
  void expire_at(clock::time_point when);
  void close();

  const path_options& path_;
  clock::time_point deadline_;
  std::string name_servers_;
  std::optional<resolver> names_;  ///< while it is asked
  tcp::socket socket_;
  std::optional<secure_channel> channel_;
  timer timer_;
  bool timed_out_ = false;
  bool aborted_ = false;
  detail::lifeline lifeline_;
};

}  // namespace mtcp

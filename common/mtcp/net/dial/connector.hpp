// Dials one bridge: finds the server's addresses, or those of the proxy in front of it, connects to the first that
// answers, has the proxy connect to the server, and shakes hands.
#pragma once

#include <chrono>
#include <optional>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/net/dial/address_search.hpp"
#include "mtcp/net/dial/proxy_talk.hpp"
#include "mtcp/net/tls/secure_channel.hpp"
#include "mtcp/options.hpp"

namespace mtcp {

class connector {
 public:
  /// How long things may take at most.
  struct time_limits {
    std::chrono::nanoseconds whole;  ///< from now until take()
    /// From the first SYN until one is answered; empty for as long as the whole.
    std::optional<std::chrono::nanoseconds> answer{};
  };
  /// `path` and its `book` must outlive the connector.
  connector(const executor& where, const path_options& path, address_book& book, const time_limits& within);

  /// TCP and TLS. Errors: of the lookup (address_search); the most telling of what the addresses gave that were tried
  /// (connection_race); of TLS; timed_out; operation_aborted after abort(). Through a proxy they say which hop it was
  /// (proxy_error.hpp).
  task<error_code> connect(const tls_context& context, const key& own);

  /// The connection, for more to be said on it under the same deadline. After connect() succeeded.
  secure_channel& channel() { return *channel_; }
  /// The true reason, if `error` only comes from closing the connection at the deadline or by abort(); and behind a
  /// proxy, that it is one.
  error_code explain(error_code error) const;
  /// Ends the deadline and hands the connection out.
  secure_channel take();

  /// Makes whatever waits return.
  void abort();

 private:
  using clock = std::chrono::steady_clock;

  const std::string& first_host() const { return path_.proxy ? path_.proxy->host : path_.host; }
  task<result<tcp::socket>> reach();
  error_code prepare(tcp::socket& socket, const tcp::endpoint& to) const;
  void remember(const ip_address& address, const error_code& outcome);
  void watch_deadline();

  error_code of_its_hop(const error_code& error) const;

  const path_options& path_;
  core::target server_;
  address_book& book_;
  clock::time_point deadline_;
  std::optional<std::chrono::nanoseconds> patience_;
  timer timer_;  // of what reach() waits for; later of the deadline
  std::optional<secure_channel> channel_;
  proxy_progress through_;
  bool timed_out_ = false;
  bool aborted_ = false;
  detail::lifeline lifeline_;
};

}  // namespace mtcp

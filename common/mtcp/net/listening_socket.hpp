// A listening TCP socket that survives what happens to one: connections that are gone before they are accepted, and no
// file descriptor or memory left to accept one with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mtcp/async.hpp"
#include "mtcp/net/platform/platform.hpp"

namespace mtcp {

struct listen_options {
  tcp::endpoint local;          ///< port 0 lets the system choose
  bool ipv6_only = false;       ///< [::] takes IPv4 too, unless another socket listens there
  std::string congestion = {};  ///< of the connections; empty: the system's default
};

class listening_socket {
 public:
  /// Binds and listens. Throws boost::system::system_error, whose what() names the endpoint.
  listening_socket(const executor& where, const listen_options& options);

  tcp::endpoint local_endpoint() const { return local_; }
  bool is_open() const { return acceptor_.is_open(); }
  /// Connections closed so far because there was no descriptor for them.
  std::uint64_t turned_away() const noexcept { return turned_away_; }

  /// From now on it also gets connections to other addresses (platform::allow_foreign_addresses).
  error_code allow_foreign_addresses();

  /// The next connection; empty once close() was called.
  task<std::optional<tcp::socket>> accept();
  void close();

 private:
  std::optional<tcp::socket> accept_in_shortage();

  tcp::acceptor acceptor_;
  tcp::endpoint local_;
  platform::reserve_descriptor reserve_;
  timer pause_;
  std::uint64_t turned_away_ = 0;
};

}  // namespace mtcp

// A network that treats every TCP connection on its own, as the networks do that mtcp is made for: each has its own
// rate, its own delay and its own bad luck. It stands as a relay between two ends on loopback.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/background.hpp"
#include "support/pacer.hpp"
#include "support/watched.hpp"

namespace mtcp::lab {

/// What each connection meets. `up` is away from the end that dialled.
struct shape {
  double rate_up = 0;  ///< bytes per second, 0 for no limit
  double rate_down = 0;
  double rate_of_all = 0;              ///< of all connections together, each way; fixed from the start
  std::chrono::microseconds delay{0};  ///< one way, on top of loopback's
  int buffer = 256 * 1024;             ///< bytes that wait in front of a limited line, for each direction
};

/// Ways to lose a connection.
enum class loss : std::uint8_t {
  reset,    ///< both ends read a reset
  fin,      ///< both ends read an end of file; what was on the way is gone
  silence,  ///< nothing arrives any more, and nobody is told
};

/// What has become of a connection. Bytes that were delivered.
struct crossing {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  bool open = true;
  bool lost = false;
};

/// Connections are numbered from 0 in the order of their arrival.
class network {
 public:
  /// Listens on a free port of `address` and relays to `to`.
  network(asio::ip::tcp::endpoint to, const shape& s, const std::string& address = "127.0.0.1");
  ~network();
  network(const network&) = delete;
  network& operator=(const network&) = delete;

  std::uint16_t port() const { return port_; }
  /// For present and future connections (the buffer for future ones only).
  void set(const shape& s);
  /// For one connection.
  void set(std::size_t index, const shape& s);
  void stall(std::size_t index, bool on);
  void lose(std::size_t index, loss how);
  void lose_all(loss how);
  /// Loses a present connection as soon as `bytes` more were delivered on it, both directions together.
  void lose_after(std::size_t index, std::uint64_t bytes, loss how);
  /// New connections are refused while closed; the port stays the same.
  void close_door();
  void open_door();

  std::vector<crossing> crossings() const { return crossings_.get(); }
  /// Blocks until `is_so(crossings)`; false when `timeout` passed first.
  template <typename F>
  bool wait(F is_so, std::chrono::milliseconds timeout) const {
    return crossings_.wait(is_so, timeout);
  }

 private:
  struct connection;
  task<> accept();
  task<> relay(connection& c);
  task<> run(connection& c, task<> part);
  void apply(connection& c, const shape& s);
  void delivered(connection& c, std::uint64_t crossing::*direction, std::size_t bytes);
  void drop(connection& c, loss how);

  const asio::ip::tcp::endpoint to_;
  const std::string address_;
  shape shape_;
  pacer all_up_, all_down_;  // what the connections share
  std::uint16_t port_ = 0;
  watched<std::vector<crossing>> crossings_;
  background background_;
  std::vector<std::unique_ptr<connection>> connections_;  // on the background thread, as is the listener
  std::unique_ptr<tcp_listener> listener_;
};

}  // namespace mtcp::lab

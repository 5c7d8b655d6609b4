// The mixed local port: SOCKS5, SOCKS4 and 4a, and HTTP proxy, told apart by a connection's first byte.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "dialogue.hpp"
#include "idle_sockets.hpp"
#include "mtcp/async.hpp"
#include "mtcp/proxy/users.hpp"
#include "mtcp/tunnel.hpp"
#include "newcomers.hpp"
#include "program/book_entry.hpp"
#include "program/failed_logins.hpp"
#include "router.hpp"

namespace mtcp::client {

/// What the sessions of the port share. It outlives them.
struct local_port {
  tunnel& through;
  std::shared_ptr<router> ways{};  ///< null: all goes through the tunnel
  proxy::user_table users{};       ///< who may use it; empty: everybody
  bool fast_open = false;          ///< say success before the server has reached the destination
  std::string udp_advertise{};     ///< address for UDP that applications are told; empty: the one that they reached
  std::chrono::milliseconds handshake_limit = std::chrono::seconds(10);  ///< for what comes before the relay, in all
  std::shared_ptr<program::failed_logins> failed_logins = std::make_shared<program::failed_logins>();
  std::shared_ptr<program::traffic_book> book{};  ///< where what is carried is written down; may be null
  std::unique_ptr<idle_sockets> idle = std::make_unique<idle_sockets>();
  std::unique_ptr<newcomers> strangers = std::make_unique<newcomers>();  ///< if there are users
};

/// Reads --users-file; empty if there is none. Throws key_error, which names the file and the line.
proxy::user_table load_users(const std::string& path);

/// Ends when the application's connection does.
task<> serve_local(const local_port& port, tcp::socket application);

/// An application and the stream that it was given, to be relayed.
struct joined {
  tcp::socket application;
  stream remote;
  std::unique_ptr<program::book_entry> entry{};  ///< null if there is no book
};

/// mtcp::relay(), which is written down.
task<> relay(joined both);

/// The address of an application, as it is written down.
std::string source_of(const tcp::socket& application);

// One for each protocol. `with` holds at least the first byte. Empty if the application has got all that it wanted, or
// will not get it.
task<std::optional<joined>> serve_socks5(const local_port& port, std::unique_ptr<dialogue> with);
task<std::optional<joined>> serve_socks4(const local_port& port, std::unique_ptr<dialogue> with);
task<std::optional<joined>> serve_http(const local_port& port, std::unique_ptr<dialogue> with);

}  // namespace mtcp::client

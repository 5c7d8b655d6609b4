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

namespace mtcp::client {

/// What the sessions of the port share. It outlives them.
struct local_port {
  tunnel& through;
  proxy::user_table users{};    ///< who may use it; empty: everybody
  bool fast_open = false;       ///< say success before the server has reached the destination
  std::string udp_advertise{};  ///< address for UDP that applications are told; empty: the one that they reached
  std::chrono::milliseconds handshake_limit = std::chrono::seconds(10);  ///< for what comes before the relay, in all
  std::unique_ptr<idle_sockets> idle = std::make_unique<idle_sockets>();
};

/// Reads --users-file; empty if there is none. Throws key_error, which names the file and the line.
proxy::user_table load_users(const std::string& path);

/// Ends when the application's connection does.
task<> serve_local(const local_port& port, tcp::socket application);

/// An application and the stream that it was given, to be relayed.
struct joined {
  tcp::socket application;
  stream remote;
};

// One for each protocol. `with` holds at least the first byte. Empty if the application has got all that it wanted, or
// will not get it.
task<std::optional<joined>> serve_socks5(const local_port& port, std::unique_ptr<dialogue> with);
task<std::optional<joined>> serve_socks4(const local_port& port, std::unique_ptr<dialogue> with);
task<std::optional<joined>> serve_http(const local_port& port, std::unique_ptr<dialogue> with);

}  // namespace mtcp::client

// Everything that is asked of the operating system beyond portable sockets. Where a system cannot do something, the
// portable version says so or does nothing: a tunnel works without it, only less well.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/async.hpp"
#include "mtcp/core/engine.hpp"

namespace mtcp::platform {

/// What every connection gets: non-blocking, TCP_NODELAY (a TLS handshake would already suffer from Nagle's delay),
/// keep-alive, whose probes find a silent peer, and a limit of unsent data, about as much as a relay moves at once.
inline constexpr std::size_t usual_unsent_limit = 256 * 1024;  ///< bytes
void prepare(tcp::socket& socket);

/// When a peer that says nothing is probed: after `idle`, and four times within as long again, which keeps the
/// connection's entry in translators of addresses alive; without an answer it fails then. Zero: never.
///
/// No TCP_USER_TIMEOUT, which would find a peer that is gone while bytes for it are on their way: on Linux it also ends
/// connections whose reader only stands still.
void set_keep_alive(tcp::socket& socket, std::chrono::seconds idle);

/// TCP_NOTSENT_LOWAT: the socket counts as full while it holds this much unsent data. False if the system does not have
/// it.
bool set_unsent_limit(tcp::socket& socket, std::size_t bytes);

/// Bytes that were handed to the socket and not yet sent. Empty if unknown.
std::optional<std::size_t> unsent_bytes(tcp::socket& socket);

/// What TCP knows of the connection (TCP_INFO). Empty if unknown.
std::optional<core::tcp_info> tcp_info(tcp::socket& socket);

/// The shortest round trip that TCP has seen of the connection lately. Empty if unknown.
std::optional<core::duration> shortest_round_trip(tcp::socket& socket);

/// Keeps BBR from pausing the connection while it is in its first phase, if called every few seconds
/// (platform_bbr.hpp).
void postpone_pause(tcp::socket& socket);

/// The connection was reset, or has failed otherwise (SO_ERROR, which reading clears).
bool is_broken(tcp::socket& socket);

/// SO_BINDTODEVICE; operation_not_supported where there is no such thing.
error_code bind_to_interface(int descriptor, const std::string& interface);

/// TCP_MAXSEG, before connecting: neither end puts more bytes into a packet. operation_not_supported where there is no
/// such thing.
error_code set_max_segment(tcp::socket& socket, unsigned bytes);

/// TCP_CONGESTION; operation_not_supported where there is no such thing.
error_code set_congestion(tcp::socket& socket, const std::string& algorithm);
/// The same for all connections that it accepts.
error_code set_congestion(tcp::acceptor& listener, const std::string& algorithm);

/// What was freed goes back to the system, as far as the allocator keeps it.
void give_memory_back() noexcept;

/// How many file descriptors this process may have (RLIMIT_NOFILE).
std::size_t descriptor_limit();

/// Every address that an interface has now, and those that come with it. Empty if the system does not tell.
std::optional<std::vector<asio::ip::address>> interface_addresses();

/// The blocks of addresses that are on the links of this machine's interfaces which are up, loopback's not. Empty if
/// the system does not tell.
std::optional<std::vector<network>> interface_blocks();

/// A file descriptor kept back for the moment when there are none left: giving it up lets a listener accept the
/// connection that waits, only to close it, instead of being told of it again and again.
class reserve_descriptor {
 public:
  reserve_descriptor() { fill(); }
  reserve_descriptor(const reserve_descriptor&) = delete;
  reserve_descriptor& operator=(const reserve_descriptor&) = delete;
  ~reserve_descriptor() { give_up(); }

  void fill();
  void give_up();

 private:
  int descriptor_ = -1;
};

}  // namespace mtcp::platform

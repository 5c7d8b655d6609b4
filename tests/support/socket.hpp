// Blocking TCP for tests that must do one exact thing to a peer, and see exactly what comes back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace mtcp::lab {

/// How a direction ended.
enum class tail : std::uint8_t { end, reset, timeout };

/// Owns a connected socket. Every operation ends after 20 s at the latest. Throws std::system_error.
class socket {
 public:
  /// Connects to a literal IPv4 or IPv6 address, which may have a zone ("fe80::1%lo"). Every send() leaves at once
  /// (TCP_NODELAY).
  socket(const std::string& address, std::uint16_t port);
  /// From an IPv4 address of this machine.
  socket(const std::string& address, std::uint16_t port, const std::string& from);
  ~socket();
  socket(socket&& other) noexcept;
  socket& operator=(socket&&) = delete;

  void send(std::string_view bytes);
  void send(std::span<const std::byte> bytes) { send({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }
  /// Sends a byte as urgent data (MSG_OOB).
  void send_urgent(char byte);
  /// Sends zeros until the peer has taken none for half a second. Returns how many went.
  std::uint64_t send_until_full();
  /// What has arrived, at least one byte; empty at the end of file.
  std::string receive_some();
  /// Exactly `size` bytes; fewer when the end came before.
  std::string receive(std::size_t size);
  /// Reads to the end. `text` gets the bytes.
  tail drain(std::string& text);
  /// Whether there is something to read, or the end, within `patience`.
  bool readable(std::chrono::milliseconds patience) const;
  std::uint16_t local_port() const;
  void shutdown_send();
  /// Closes so that the peer reads a reset.
  void reset();

 private:
  int descriptor_;
};

/// A SOCKS5 conversation (RFC 1928) up to the reply.
struct socks_reply {
  int code = -1;            ///< -1 when the proxy hung up instead
  std::string whole_reply;  ///< as it came
};

/// CONNECT to `host` (an IPv4 or IPv6 literal goes as an address, the rest as a name). The stream follows in `proxy`.
socks_reply socks_connect(socket& proxy, const std::string& host, std::uint16_t port);

/// A port of 127.0.0.1 where nobody listens, and that the system gives to nobody who asks for any: for servers that are
/// to come back at the same one.
std::uint16_t port_of_its_own();

/// Bytes by number, as RFCs write them.
std::string octets(std::initializer_list<int> values);
/// Two bytes, most significant first.
std::string port_bytes(std::uint16_t port);
/// A SOCKS5 address field: ATYP, address (a name if it is no literal), port.
std::string socks_address(const std::string& host, std::uint16_t port);

}  // namespace mtcp::lab

// One authenticated and encrypted TCP connection: TLS 1.3 with the key of a user, over one socket.
//
// Reading and writing are separate: one read() or wait_readable() and one wait_writable() may be outstanding at the
// same time. The channel must stay where it is, and outlive them, until they have returned; close() and abort() make
// them return. One thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/async.hpp"
#include "mtcp/buffer.hpp"
#include "mtcp/core/base/gather_list.hpp"
#include "mtcp/key.hpp"
#include "mtcp/net/tls/tls_context.hpp"

namespace mtcp {

/// HMAC-SHA256 with the key's MAC key over label, exporter and message: says that `message` was made on the very
/// connection that the exporter belongs to, for one purpose.
mac_bytes bind_to(const key& shared, std::span<const std::byte> exporter, std::string_view label,
                  std::span<const std::byte> message);

class tls_driver;

class secure_channel {
 public:
  /// Of a connected socket, which the channel makes non-blocking.
  explicit secure_channel(tcp::socket socket);
  secure_channel(secure_channel&&) noexcept;
  ~secure_channel();

  /// Client: errc::tls_rejected if the server does not know the key. `server_name` is path_options::server_name.
  task<error_code> connect(const tls_context& context, const key& own, std::string server_name = {});
  /// Server: waits until the client has sent something that can be TLS before it allocates memory. A client that fails
  /// is never answered, so that guessing teaches nothing: the caller just closes.
  task<error_code> accept(const tls_context& context);
  /// The two halves of accept(). hear() returns without an error once the client has shown that it has a key, or a
  /// recording of one that has not come to this server; answer() sends it the first byte, and has it prove which.
  task<error_code> hear(const tls_context& context);
  task<error_code> answer();
  /// Makes hear() return operation_aborted, now or as soon as it begins, and leaves the socket as it is.
  void stop_hearing() noexcept;
  /// After hear() has failed: the socket, to which nothing was sent, and all that was read from it.
  struct unanswered {
    tcp::socket socket;
    std::vector<std::byte> said;
  };
  unanswered give_up() &&;

  /// The key that both ends hold; for the server, which of its keys the client has. Valid after connect() or accept().
  const key_id& peer_key() const noexcept;
  const key& shared_key() const noexcept;
  /// The peer's first words named a key, be it one of ours or not.
  bool has_been_offered_a_key() const noexcept;
  /// The peer has the key, and a clock that is hours away from ours.
  bool has_wrong_clock() const noexcept;
  /// 32 bytes that both ends of this connection know and nobody else (RFC 8446, section 7.5): channel binding.
  std::array<std::byte, 32> exporter() const;
  /// A MAC that only the two ends of this connection can make, for one purpose named by `label`.
  mac_bytes bind(std::string_view label, std::span<const std::byte> message) const;

  /// The longest time that the peer took to answer while the two shook hands: a round trip, relays on the way
  /// included, and its computing.
  std::chrono::nanoseconds handshake_rtt() const noexcept { return handshake_rtt_; }

  /// For statistics: the cipher suite as OpenSSL calls it, and how often the key for sending was replaced.
  const char* cipher_name() const noexcept;
  std::uint64_t key_updates() const noexcept;

  /// Waits until something was received, and appends all of it, about 256 KiB at most, to `out`. Errors:
  /// asio::error::eof after the peer's close(), errc::truncated when TCP ended without one, errc::tls_failed. Anything
  /// received before the error is handed out first.
  task<error_code> read(std::vector<core::slice>& out);
  /// The two halves of read(), for who reads when it suits him. receive() appends what has arrived, which may be
  /// nothing, and returns how many bytes the socket had: encrypted ones, receive_capacity at most. An error comes as
  /// from read(); wait_readable() returns at once when there is one to tell.
  task<error_code> wait_readable();
  result<std::size_t> receive(std::vector<core::slice>& out);
  static constexpr std::size_t receive_capacity = 256 * 1024;

  /// Encrypts all of `plaintext` and sends what the socket takes; the rest stays pending, in memory.
  error_code write(std::span<const core::byte_piece> plaintext);
  error_code write(core::byte_piece plaintext);
  /// True while encrypted bytes wait for the socket. Nothing should be written then.
  bool pending() const noexcept { return pending_sent_ != pending_.size(); }
  std::size_t pending_bytes() const noexcept { return pending_.size() - pending_sent_; }
  /// Sends what the socket takes of the pending bytes.
  error_code flush();
  /// Waits until nothing is pending; counts as a wait_writable().
  task<error_code> flush_all();
  /// Waits until the socket takes bytes; with TCP_NOTSENT_LOWAT, until it holds little unsent data.
  task<error_code> wait_writable();

  /// Says goodbye (close_notify) behind everything pending, and ends the sending direction as soon as the socket has
  /// taken it; reading goes on. Nothing may be written after it.
  void finish() noexcept;
  /// finish(), as far as the socket takes it at once, and closes. Idempotent. While received bytes are unread TCP turns
  /// this into a reset: who must be sure that the peer reads everything calls finish() and reads to the end first.
  void close() noexcept;
  /// Closes with a TCP reset.
  void abort() noexcept;

  tcp::socket& socket() noexcept { return socket_; }
  const tcp::socket& socket() const noexcept { return socket_; }

  /// This connection on another io_context, and so on another thread; the channel itself is spent. Nothing may be
  /// outstanding on it.
  secure_channel move_to(const executor& where) &&;

 private:
  task<error_code> shake_hands();
  error_code continue_handshake(std::span<const std::byte> in);
  result<std::span<const std::byte>> receive_some();
  error_code hear_more(const tls_context& context, std::span<const std::byte> in);
  result<std::size_t> send_some(std::span<const std::byte> bytes);
  error_code write_batch(core::piece_reader& from);

  tcp::socket socket_;
  std::unique_ptr<tls_driver> tls_;
  std::vector<std::byte> pending_;  ///< ciphertext, of which the first pending_sent_ bytes are sent
  std::size_t pending_sent_ = 0;
  std::vector<core::slice> early_;  ///< received together with the end of the handshake
  std::vector<std::byte> heard_;    ///< all that came, until hear() has ended without an error
  bool stop_hearing_ = false;
  error_code ended_;  ///< what read() says once everything received is handed out
  std::chrono::nanoseconds handshake_rtt_{0};
  bool finished_ = false;
};

}  // namespace mtcp

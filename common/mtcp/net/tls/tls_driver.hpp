// One TLS connection without a socket: ciphertext in, plaintext out, and the other way round. It waits for nothing,
// reads no clock but the one that its context names, and keeps no plaintext and no ciphertext, except for a record that
// has not arrived completely.
//
// OpenSSL does the handshake; the records behind it are handled here (tls_record.hpp). Plaintext is decrypted straight
// into chunks; what several small records carry shares one chunk, whatever connection of this thread they came by.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include "mtcp/buffer.hpp"
#include "mtcp/core/base/gather_list.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/net/tls/tls_bio.hpp"
#include "mtcp/net/tls/tls_context.hpp"
#include "mtcp/net/tls/tls_psk.hpp"
#include "mtcp/net/tls/tls_record.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class tls_driver {
 public:
  using error_code = boost::system::error_code;

  /// A server, which finds the client's key in its context. Throws std::bad_alloc, as the next one does.
  explicit tls_driver(tls_context context) : tls_driver(std::move(context), nullptr) {}
  /// A client with its own key. `server_name` is path_options::server_name.
  tls_driver(tls_context context, key_ring::entry own, const std::string& server_name = {});
  ~tls_driver();
  tls_driver(const tls_driver&) = delete;
  tls_driver& operator=(const tls_driver&) = delete;

  /// Takes the peer's next bytes (none, to begin as a client), appends the answer to `out` and, once established(),
  /// what the peer has sent behind its part of the handshake to `early`. On an error `out` holds an alert.
  error_code handshake(std::span<const std::byte> in, std::vector<std::byte>& out, std::vector<core::slice>& early);
  /// The handshake is complete and the peer has proved that it has the key.
  bool established() const noexcept { return sealing_.has_value(); }

  /// Server: the client has named a key, be it one of ours or not.
  bool has_been_offered_a_key() const noexcept { return exchange_.offered; }
  /// Server: it has the key, but its clock is wrong, or the server's, so the handshake has failed.
  bool has_wrong_clock() const noexcept { return stale_; }

  /// Takes all of `in` and appends the plaintext to `plain`, up to an error if there is one: asio::error::eof is the
  /// peer's goodbye; after any other one `alert` may hold something to tell the peer.
  error_code decrypt(std::span<const std::byte> in, std::vector<core::slice>& plain, std::vector<std::byte>& alert);
  /// Encrypts the next `size` bytes to the front of `out`, which has room for max_encrypted(size). Returns how many
  /// there are. `now` is for the age of the key, and for padding: what is little, and comes after a pause, is made
  /// longer by chance, so that a greeting or a PING is not known by its size.
  boost::system::result<std::size_t> encrypt(core::piece_reader& plain, std::size_t size, std::span<std::byte> out,
                                             core::timestamp now);
  static std::size_t max_encrypted(std::size_t plain) noexcept;
  /// Appends the goodbye (close_notify), once.
  void goodbye(std::vector<std::byte>& out);

  /// Once established.
  const key& shared_key() const noexcept { return *exchange_.shared; }
  std::array<std::byte, 32> exporter() const;
  const char* cipher_name() const noexcept { return cipher_name_; }
  /// How often the key for sending was replaced.
  std::uint64_t key_updates() const noexcept { return key_updates_; }

  /// Drivers that exist in this process, for statistics: each holds some 15 KB until its handshake is over.
  static std::size_t live() noexcept;

 private:
  struct free_ssl {
    void operator()(SSL* p) const noexcept { SSL_free(p); }
  };

  enum class condition : std::uint8_t {
    open,
    said_goodbye,  ///< and may receive
    failed         ///< neither direction works any more
  };

  /// What a record was: nothing wrong, the peer's goodbye, a breach of the protocol, the peer's alert.
  enum class verdict : std::uint8_t { fine, goodbye, wrong, given_up };

  error_code fail(error_code why);
  error_code finish_handshake() const noexcept;
  error_code error_of(int result) const noexcept;
  bool take_over();
  bool export_binding();
  verdict decrypt_all(std::span<const std::byte> in, std::vector<core::slice>& plain);
  verdict complete_record(std::span<const std::byte>& in, std::vector<core::slice>& plain);
  verdict open_record(std::span<const std::byte> record, std::vector<core::slice>& plain);
  verdict handle_content(tls_content type, std::span<const std::byte> content);
  verdict handle_key_update(std::span<const std::byte> message);
  bool seal_next(core::piece_reader& plain, std::size_t size, std::size_t padding, std::span<std::byte> out);
  std::size_t padding_of(std::size_t size, core::timestamp now);
  bool key_is_old(std::size_t records, core::timestamp now) const noexcept;
  bool replace_key(std::span<std::byte> out, core::timestamp now);
  void append_alert(std::uint8_t level, std::uint8_t what, std::vector<std::byte>& out);

  tls_context context_;
  psk_exchange exchange_;
  tls_wire wire_;
  std::unique_ptr<SSL, free_ssl> ssl_;               ///< until established
  std::optional<tls_record_key> sealing_, opening_;  ///< from then on, as the next two
  secret_bytes binding_;                             ///< what exporter() returns
  const char* cipher_name_ = "";                     ///< static text of OpenSSL's
  std::vector<std::byte> partial_;                   ///< the front of a record whose rest has not come
  std::uint64_t records_ = 0;                        ///< sent under the present key
  std::optional<core::timestamp> key_since_;         ///< of the first record under it
  std::optional<core::timestamp> sealed_at_;         ///< the last one
  std::uint64_t key_updates_ = 0;
  unsigned empty_records_ = 0;     ///< received in a row
  bool stale_ = false;             ///< what has_wrong_clock() returns
  bool update_requested_ = false;  ///< the peer wants our key replaced: with the next write
  condition condition_ = condition::open;
};

}  // namespace mtcp

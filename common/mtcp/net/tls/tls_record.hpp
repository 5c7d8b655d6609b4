// One direction of a TLS 1.3 connection once its handshake is over: records are sealed and opened with the cipher
// itself (RFC 8446, sections 5.2 to 5.4 and 7.1 to 7.3).
//
// OpenSSL's own record layer copies every byte twice more and costs 0.15 s/GB beside the cipher. The handshake, where
// the secrets come from, stays with OpenSSL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mtcp/key.hpp"
#include "mtcp/net/tls/record_cipher.hpp"

namespace mtcp {

/// RFC 8446, section 5.1.
enum class tls_content : std::uint8_t { invalid = 0, alert = 21, handshake = 22, data = 23 };

class tls_record_key {
 public:
  static constexpr std::size_t header_size = 5;
  static constexpr std::size_t max_content = 16 * 1024;
  /// Header, content type and tag.
  static constexpr std::size_t overhead = header_size + 1 + 16;
  /// Of a record's body, in bytes. Nothing else can be genuine: even padding counts as content.
  static constexpr std::size_t min_body = 1 + 16;
  static constexpr std::size_t max_body = max_content + 1 + 16;

  using suite = record_cipher::suite;
  using use = record_cipher::use;

  /// A traffic secret; the hash of both suites is SHA-256. Throws std::bad_alloc.
  tls_record_key(use what, const secret_bytes& traffic_secret, suite which);
  tls_record_key(const tls_record_key&) = delete;
  tls_record_key& operator=(const tls_record_key&) = delete;
  ~tls_record_key();

  /// Writes one record with at most max_content bytes in it to `out`, which has room for them and the overhead. False
  /// if the cipher fails; the connection must end then.
  bool seal(tls_content type, std::span<const std::byte> content, std::span<std::byte> out) noexcept;
  /// The same in steps, for content that lies in pieces: exactly `size` bytes of it are to be added between these two,
  /// and `out` must stay until the end. Each may fail as seal() does. `padding`, the same for both, are zeros behind
  /// the content (section 5.4), which the peer drops: max_padding at most, and max_content together with the content.
  static constexpr std::size_t max_padding = 255;
  bool begin(std::size_t size, std::span<std::byte> out, std::size_t padding = 0) noexcept;
  bool add(std::span<const std::byte> content) noexcept;
  bool end(tls_content type, std::size_t padding = 0) noexcept;
  /// Opens a record of a permissible size. The content goes to `first` and then to `second`, which together have
  /// exactly the room for the body without its tag. False if it is forged: what was written is worthless then.
  bool open(std::span<const std::byte, header_size> header, std::span<const std::byte> body, std::span<std::byte> first,
            std::span<std::byte> second) noexcept;
  /// The next secret: a KeyUpdate was sent, or has come.
  bool replace();

 private:
  bool set_secret(const secret_bytes& secret);
  record_cipher::nonce next_nonce() noexcept;

  use use_;
  suite suite_;
  std::unique_ptr<record_cipher> cipher_;
  secret_bytes secret_;
  record_cipher::nonce iv_{};
  std::uint64_t records_ = 0;
  std::byte* next_ = nullptr;  ///< where the record that is being sealed goes on
};

}  // namespace mtcp

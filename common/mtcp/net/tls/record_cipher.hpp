// What encrypts and authenticates records in one direction: an AEAD (RFC 5116) over bytes that come in pieces.
//
// OpenSSL is the cipher of every machine. AES-128-GCM may be done by Intel's multi-buffer library instead: it uses the
// vector forms of the AES instructions (VAES, AVX-512), which OpenSSL 3.0 does not know, and takes a quarter of the
// time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace mtcp {

class record_cipher {
 public:
  enum class suite : std::uint8_t { aes_128_gcm, chacha20_poly1305 };
  enum class use : std::uint8_t { sealing, opening };

  static constexpr std::size_t nonce_size = 12;
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t key_size(suite s) noexcept { return s == suite::aes_128_gcm ? 16 : 32; }

  using nonce = std::array<std::byte, nonce_size>;
  using tag = std::array<std::byte, tag_size>;

  /// The quickest that this machine has. `key` has key_size() bytes. Null if OpenSSL fails, or memory is short.
  static std::unique_ptr<record_cipher> make(suite which, use what, std::span<const std::byte> key);
  static std::unique_ptr<record_cipher> make_openssl(suite which, use what, std::span<const std::byte> key);
  /// AES-128-GCM. Null where it was not chosen (aes_choice.hpp).
  static std::unique_ptr<record_cipher> make_vector(use what, std::span<const std::byte> key);

  virtual ~record_cipher() = default;

  /// One record: begin(), update() for its bytes in order, and then finish() or verify(), as the cipher is for. False
  /// if OpenSSL fails.
  virtual bool begin(const nonce& number, std::span<const std::byte> additional) noexcept = 0;
  /// `out` has room for as many bytes as there are in `in`; they may not overlap.
  virtual bool update(std::span<const std::byte> in, std::byte* out) noexcept = 0;
  virtual bool finish(std::span<std::byte, tag_size> made) noexcept = 0;
  /// False if the record is forged.
  virtual bool verify(std::span<const std::byte, tag_size> received) noexcept = 0;
};

}  // namespace mtcp

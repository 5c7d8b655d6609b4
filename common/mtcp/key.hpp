// The key that a client and a server share: one string to copy, from which everything secret on a bridge is derived.
//
//   mtcp1-<71 characters>    base32 (RFC 4648, section 6, lower case, no padding) of key id (8 bytes),
//                            secret (32 bytes) and the first 4 bytes of
//                            SHA-256("mtcp1" || key id || secret)
//   mtcp2-<122 characters>   the same of key id, secret, the server's public key (32 bytes) and a checksum with "mtcp2"
//
// A key of version 1 makes whoever holds it a client and a server; both versions of the protocol are named after their
// keys. One of version 2 is good for a client only: the server has its identity besides (server_identity.hpp).
//
// Subkeys are HKDF-SHA256 (RFC 5869) of the secret, with the key id as salt. Secrets are wiped when destroyed.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mtcp {

/// 32 secret bytes, wiped on destruction and compared in constant time. Where the system allows it they are neither
/// swapped out nor dumped.
class secret_bytes {
 public:
  static constexpr std::size_t size = 32;
  /// Zeros.
  secret_bytes();
  secret_bytes(const secret_bytes& other);
  secret_bytes& operator=(const secret_bytes& other) noexcept;
  ~secret_bytes();

  std::span<std::byte, size> writable() noexcept { return std::span<std::byte, size>(bytes_, size); }
  std::span<const std::byte, size> bytes() const noexcept { return std::span<const std::byte, size>(bytes_, size); }
  friend bool operator==(const secret_bytes& a, const secret_bytes& b) noexcept;

 private:
  std::byte* bytes_;
};

/// Names a key, and so a user, without being secret.
struct key_id {
  std::array<std::byte, 8> bytes{};
  friend auto operator<=>(const key_id&, const key_id&) = default;
};
/// 16 hexadecimal digits.
std::string to_string(const key_id& id);

/// X25519 (RFC 7748).
using server_public_key = std::array<std::byte, 32>;

/// A key, or a file of keys, that cannot be used. what() says why and where, and never holds any part of a key.
class key_error : public std::runtime_error {
 public:
  enum class kind {
    malformed,    ///< not a key, or a file with something else in it
    unreadable,   ///< the file cannot be opened or read
    permissions,  ///< others than its owner could read the file
  };
  key_error(kind why, const std::string& what) : std::runtime_error(what), why_(why) {}
  kind why() const noexcept { return why_; }

 private:
  kind why_;
};

class key {
 public:
  /// Of version 1.
  static key generate();
  /// Of version 2, for the server that has this public key.
  static key generate(const server_public_key& server);
  /// Throws key_error. Letter case does not matter; spaces around the key do.
  static key parse(std::string_view text);

  const key_id& id() const noexcept { return id_; }
  /// Of the key, and of the protocol that its holder speaks: 1 or 2.
  unsigned version() const noexcept { return server_ ? 2 : 1; }
  /// Version 2: whose key it is.
  const std::optional<server_public_key>& server() const noexcept { return server_; }
  /// The string that parse() takes. It is the secret.
  std::string to_string() const;
  /// An optional name of the key's owner, for logs and statistics; UTF-8 without control characters.
  const std::string& user() const noexcept { return user_; }
  void set_user(std::string name) { user_ = std::move(name); }
  /// What stands behind the key in its file as NAME=VALUE: what a server grants to its holder.
  const std::vector<std::pair<std::string, std::string>>& attributes() const noexcept { return attributes_; }
  void add_attribute(std::string name, std::string value) {
    attributes_.emplace_back(std::move(name), std::move(value));
  }

  /// Version 1: makes PSK identities.
  const secret_bytes& identity_key() const noexcept { return identity_key_; }
  // What only the key that a client has named is asked for is derived then: a server may have 100,000.
  /// Version 1: the TLS 1.3 external PSK. Version 2: what it is made of (psk_identity.hpp).
  secret_bytes tls_psk() const;
  /// Of HELLO and WELCOME.
  secret_bytes mac_key() const;

 private:
  key(const key_id& id, const secret_bytes& secret, const std::optional<server_public_key>& server);
  secret_bytes derive(std::string_view purpose) const;

  key_id id_;
  secret_bytes secret_;
  std::optional<server_public_key> server_;
  secret_bytes identity_key_;
  std::string user_;
  std::vector<std::pair<std::string, std::string>> attributes_;
};

using mac_bytes = std::array<std::byte, 32>;

/// HMAC-SHA256 (RFC 2104).
mac_bytes hmac(const secret_bytes& secret, std::span<const std::byte> message);
/// Compares without telling by its duration where the difference is; false if the sizes differ.
bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;
/// Fills `out` from the cryptographic generator.
void random_fill(std::span<std::byte> out);

}  // namespace mtcp

// What a server is known by: a pair of X25519 keys (RFC 7748). The public one is in every key of version 2 that the
// server gives out, so that a client takes nobody else for the server, not even who holds a key of the same server.
//
//   mtcp2-server-<58 characters>   base32, as for keys (key.hpp), of the private key (32 bytes)
//                                  and the first 4 bytes of
//                                  SHA-256("mtcp2-server" || private key)
#pragma once

#include <string>
#include <string_view>

#include "mtcp/key.hpp"

namespace mtcp {

class server_identity {
 public:
  static server_identity generate();
  /// Throws key_error, as key::parse() does.
  static server_identity parse(std::string_view text);
  /// Whether parse() is what this text is for.
  static bool is_meant_by(std::string_view text) noexcept;

  /// The string that parse() takes. It is the secret.
  std::string to_string() const;
  const secret_bytes& private_key() const noexcept { return private_key_; }
  const server_public_key& public_key() const noexcept { return public_key_; }

 private:
  explicit server_identity(const secret_bytes& private_key);

  secret_bytes private_key_;
  server_public_key public_key_;
};

}  // namespace mtcp

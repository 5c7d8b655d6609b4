// X25519 (RFC 7748), by OpenSSL. A private key is any 32 random bytes.
#pragma once

#include <optional>

#include "mtcp/key.hpp"

namespace mtcp {

server_public_key x25519_public_key(const secret_bytes& private_key);
/// What the two agree on. Empty if the other one's is of small order, and so everybody would know the secret.
std::optional<secret_bytes> x25519(const secret_bytes& own, const server_public_key& other);

}  // namespace mtcp

// How secrets are made of secrets.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mtcp/key.hpp"

namespace mtcp {

/// HKDF-SHA256 (RFC 5869); `purpose` tells what is derived from the same secret apart.
secret_bytes hkdf_sha256(std::span<const std::byte> secret, std::span<const std::byte> salt, std::string_view purpose);

}  // namespace mtcp

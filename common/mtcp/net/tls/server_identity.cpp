#include "mtcp/server_identity.hpp"

#include "mtcp/net/tls/key_text.hpp"
#include "mtcp/net/tls/x25519.hpp"

namespace mtcp {

namespace {

constexpr std::string_view name = "mtcp2-server-";

}  // namespace

server_identity::server_identity(const secret_bytes& private_key)
    : private_key_(private_key), public_key_(x25519_public_key(private_key)) {}

server_identity server_identity::generate() {
  secret_bytes fresh;
  random_fill(fresh.writable());
  return server_identity(fresh);
}

server_identity server_identity::parse(std::string_view text) {
  secret_bytes found;
  parse_key_text(text, name, found.writable());
  return server_identity(found);
}

bool server_identity::is_meant_by(std::string_view text) noexcept { return begins_with(text, name); }

std::string server_identity::to_string() const { return key_text(name, private_key_.bytes()); }

}  // namespace mtcp

#include "mtcp/net/tls/psk_identity.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>

#include "mtcp/net/tls/hkdf.hpp"
#include "mtcp/net/tls/key_text.hpp"
#include "mtcp/net/tls/x25519.hpp"

namespace mtcp {

namespace {

using bytes = std::span<const std::byte>;
using std::chrono::sys_seconds;

// ---- version 1 ----

constexpr std::size_t nonce_size = 16;
constexpr std::size_t hashed_size = nonce_size + std::tuple_size_v<mac_bytes>;

named_key name_hashed(const key& of, bytes nonce) {
  named_key named{psk_identity(nonce.begin(), nonce.end()), of.tls_psk()};
  std::ranges::copy(hmac(of.identity_key(), nonce), std::back_inserter(named.identity));
  return named;
}

found_key find_hashed(const key_ring& keys, bytes identity) {
  const bytes nonce = identity.first(nonce_size);
  found_key found;
  for (const key_ring::entry& candidate : keys.first_version()) {
    if (equal_in_constant_time(hmac(candidate->identity_key(), nonce), identity.subspan(nonce_size)))
      found.key = candidate;
  }
  if (found.key) found.psk = found.key->tls_psk();
  return found;
}

// ---- version 2 ----

constexpr std::size_t ephemeral_size = std::tuple_size_v<server_public_key>;
constexpr std::size_t id_size = sizeof(key_id::bytes);
constexpr std::size_t name_size = id_size + 8;
constexpr std::size_t tag_size = 16;
constexpr std::size_t sealed_size = ephemeral_size + name_size + tag_size;

using name = std::array<std::byte, name_size>;

name name_of(const key_id& id, sys_seconds now) {
  name out;
  auto at = std::ranges::copy(id.bytes, out.begin()).out;
  const auto seconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (int shift = 56; shift >= 0; shift -= 8) *at++ = static_cast<std::byte>(seconds >> shift & 0xff);
  return out;
}

key_id id_in(const name& of) {
  key_id id;
  std::copy_n(of.begin(), id_size, id.bytes.begin());
  return id;
}

// Of any 64 bits, so it must not be calculated with before it is known to be near.
bool is_near(const name& said, sys_seconds now) {
  std::uint64_t seconds = 0;
  for (const std::byte b : std::span(said).subspan<id_size>()) seconds = seconds << 8 | std::to_integer<unsigned>(b);
  const auto ours = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::uint64_t difference = std::max(seconds, ours) - std::min(seconds, ours);
  return difference <= static_cast<std::uint64_t>(max_clock_difference.count());
}

/// What the two ends of one connection have in common before TLS.
struct agreement {
  secret_bytes agreed;
  std::array<std::byte, 2 * ephemeral_size> both;

  agreement(const secret_bytes& shared, bytes ephemeral, const server_public_key& server) : agreed(shared) {
    std::ranges::copy(server, std::ranges::copy(ephemeral, both.begin()).out);
  }
  secret_bytes name_key() const { return hkdf_sha256(agreed.bytes(), both, "mtcp2 identity"); }
  secret_bytes psk(const key& of) const {
    wiped_array<2 * secret_bytes::size> input;
    std::ranges::copy(of.tls_psk().bytes(), std::ranges::copy(agreed.bytes(), input.begin()).out);
    return hkdf_sha256(input, both, "mtcp2 connection psk");
  }
};

struct free_cipher {
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
};

// The nonce may be 0, since a key of this cipher is used once.
std::unique_ptr<EVP_CIPHER_CTX, free_cipher> cipher(const secret_bytes& name_key, bool seals) {
  static constexpr unsigned char nonce[12] = {};
  std::unique_ptr<EVP_CIPHER_CTX, free_cipher> context(EVP_CIPHER_CTX_new());
  const auto* const raw = reinterpret_cast<const unsigned char*>(name_key.bytes().data());
  if (context == nullptr ||
      EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr, raw, nonce, seals ? 1 : 0) != 1) {
    throw std::bad_alloc();
  }
  return context;
}

void seal(const secret_bytes& name_key, const name& plain, psk_identity& out) {
  const auto context = cipher(name_key, true);
  std::array<unsigned char, name_size + tag_size> sealed;
  int size = 0, rest = 0;
  if (EVP_EncryptUpdate(context.get(), sealed.data(), &size, reinterpret_cast<const unsigned char*>(plain.data()),
                        int{name_size}) != 1 ||
      EVP_EncryptFinal_ex(context.get(), sealed.data() + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, int{tag_size}, sealed.data() + name_size) != 1) {
    throw std::bad_alloc();
  }
  std::ranges::copy(std::as_bytes(std::span(sealed)), std::back_inserter(out));
}

std::optional<name> open(const secret_bytes& name_key, bytes sealed) {
  const auto context = cipher(name_key, false);
  name plain;
  auto* const to = reinterpret_cast<unsigned char*>(plain.data());
  const auto* const from = reinterpret_cast<const unsigned char*>(sealed.data());
  int size = 0, rest = 0;
  if (EVP_DecryptUpdate(context.get(), to, &size, from, int{name_size}) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, int{tag_size},
                          const_cast<unsigned char*>(from + name_size)) != 1 ||
      EVP_DecryptFinal_ex(context.get(), to + size, &rest) != 1) {
    ERR_clear_error();  // or the handshake would take it for its own
    return std::nullopt;
  }
  return plain;
}

named_key name_sealed(const key& of, sys_seconds now, const secret_bytes& ephemeral) {
  const server_public_key shown = x25519_public_key(ephemeral);
  const auto shared = x25519(ephemeral, *of.server());
  if (!shared) throw key_error(key_error::kind::malformed, "the key names a server that there cannot be");
  const agreement agreed(*shared, shown, *of.server());
  named_key named{psk_identity(shown.begin(), shown.end()), agreed.psk(of)};
  seal(agreed.name_key(), name_of(of.id(), now), named.identity);
  return named;
}

/// Of the server that this identity is for.
std::optional<std::pair<agreement, name>> open_as(const server_identity& server, bytes identity) {
  server_public_key ephemeral;
  std::ranges::copy(identity.first(ephemeral_size), ephemeral.begin());
  const auto shared = x25519(server.private_key(), ephemeral);
  if (!shared) return std::nullopt;
  agreement agreed(*shared, ephemeral, server.public_key());
  const auto plain = open(agreed.name_key(), identity.subspan(ephemeral_size));
  if (!plain) return std::nullopt;
  return std::pair(std::move(agreed), *plain);
}

found_key find_sealed(const key_ring& keys, bytes identity, sys_seconds now) {
  for (const key_ring::identity& server : keys.identities()) {
    const auto opened = open_as(*server, identity);
    if (!opened) continue;
    const auto& [agreed, said] = *opened;
    static const key nobody = key::generate();
    key_ring::entry named = keys.find(id_in(said));
    if (named && named->server() != server->public_key()) named = nullptr;
    const secret_bytes psk = agreed.psk(named ? *named : nobody);
    if (named) return {.key = named, .psk = psk, .wrong_clock = !is_near(said, now)};
    return {};
  }
  return {};
}

// What is no name at all should not be told from one by the time that the answer takes.
void look_busy(const key_ring& keys, sys_seconds now) {
  std::array<std::byte, sealed_size> no_name{};
  no_name.front() = std::byte{9};  // the base point
  find_sealed(keys, no_name, now);
}

}  // namespace

bool names_a_server(const key& one) {
  return !one.server() || x25519(server_identity::generate().private_key(), *one.server()).has_value();
}

named_key name_key(const key& of, sys_seconds now) {
  secret_bytes random;
  random_fill(random.writable());
  return name_key(of, now, random);
}

named_key name_key(const key& of, sys_seconds now, const secret_bytes& ephemeral) {
  return of.server() ? name_sealed(of, now, ephemeral) : name_hashed(of, ephemeral.bytes().first<nonce_size>());
}

found_key find_by_identity(const key_ring& keys, bytes identity, sys_seconds now) {
  if (identity.size() == sealed_size) return find_sealed(keys, identity, now);
  look_busy(keys, now);
  return identity.size() == hashed_size ? find_hashed(keys, identity) : found_key();
}

bytes nonce_of(bytes identity) noexcept {
  const std::size_t size = identity.size() == hashed_size ? nonce_size : ephemeral_size;
  return identity.first(std::min(size, identity.size()));
}

}  // namespace mtcp

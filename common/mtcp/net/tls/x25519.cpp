#include "mtcp/net/tls/x25519.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <new>

namespace mtcp {

namespace {

struct free_key {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
};
using key_pointer = std::unique_ptr<EVP_PKEY, free_key>;

const unsigned char* raw(const std::byte* p) noexcept { return reinterpret_cast<const unsigned char*>(p); }

key_pointer made(EVP_PKEY* key) {
  if (key == nullptr) throw std::bad_alloc();
  return key_pointer(key);
}

key_pointer private_half(const secret_bytes& bytes) {
  return made(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, raw(bytes.bytes().data()), secret_bytes::size));
}

}  // namespace

server_public_key x25519_public_key(const secret_bytes& private_key) {
  server_public_key out;
  std::size_t size = out.size();
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  if (EVP_PKEY_get_raw_public_key(private_half(private_key).get(), to, &size) != 1) throw std::bad_alloc();
  return out;
}

std::optional<secret_bytes> x25519(const secret_bytes& own, const server_public_key& other) {
  const key_pointer ours = private_half(own);
  const key_pointer theirs =
      made(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, raw(other.data()), other.size()));
  const std::unique_ptr<EVP_PKEY_CTX, free_key> context(EVP_PKEY_CTX_new(ours.get(), nullptr));
  std::optional<secret_bytes> agreed(std::in_place);
  std::size_t size = secret_bytes::size;
  auto* const to = reinterpret_cast<unsigned char*>(agreed->writable().data());
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1) {
    throw std::bad_alloc();
  }
  if (EVP_PKEY_derive(context.get(), to, &size) == 1) return agreed;
  ERR_clear_error();
  return std::nullopt;
}

}  // namespace mtcp

#include "mtcp/net/tls/hkdf.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>

namespace mtcp {

namespace {

struct free_kdf {
  void operator()(EVP_KDF* p) const { EVP_KDF_free(p); }
  void operator()(EVP_KDF_CTX* p) const { EVP_KDF_CTX_free(p); }
};

// Looking it up takes longer than using it.
EVP_KDF* the_kdf() {
  static const std::unique_ptr<EVP_KDF, free_kdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  return kdf.get();
}

}  // namespace

secret_bytes hkdf_sha256(std::span<const std::byte> secret, std::span<const std::byte> salt, std::string_view purpose) {
  const std::unique_ptr<EVP_KDF_CTX, free_kdf> context(EVP_KDF_CTX_new(the_kdf()));
  char digest[] = "SHA256";
  const auto octets = [](const char* name, const void* data, std::size_t size) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(data), size);
  };
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
      octets(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
      octets(OSSL_KDF_PARAM_INFO, purpose.data(), purpose.size()),
      OSSL_PARAM_construct_end(),
  };
  secret_bytes out;
  auto* const to = reinterpret_cast<unsigned char*>(out.writable().data());
  if (context == nullptr || EVP_KDF_derive(context.get(), to, secret_bytes::size, parameters) != 1) {
    throw std::runtime_error("OpenSSL cannot compute HKDF-SHA256");
  }
  return out;
}

}  // namespace mtcp

#include "mtcp/net/tls/record_cipher.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <new>

#include "mtcp/net/tls/aes_choice.hpp"

namespace mtcp {
namespace {

unsigned char* raw(std::byte* p) noexcept { return reinterpret_cast<unsigned char*>(p); }
const unsigned char* raw(const std::byte* p) noexcept { return reinterpret_cast<const unsigned char*>(p); }

class openssl_cipher final : public record_cipher {
 public:
  bool set_key(suite which, use what, std::span<const std::byte> key) noexcept {
    const EVP_CIPHER* cipher = which == suite::aes_128_gcm ? EVP_aes_128_gcm() : EVP_chacha20_poly1305();
    return context_ != nullptr && EVP_CipherInit_ex(context_.get(), cipher, nullptr, raw(key.data()), nullptr,
                                                    what == use::sealing ? 1 : 0) == 1;
  }

  bool begin(const nonce& number, std::span<const std::byte> additional) noexcept override {
    return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, raw(number.data()), -1) == 1 &&
           update(additional, nullptr);
  }
  bool update(std::span<const std::byte> in, std::byte* out) noexcept override {
    int size = 0;
    return in.empty() ||
           EVP_CipherUpdate(context_.get(), raw(out), &size, raw(in.data()), static_cast<int>(in.size())) == 1;
  }
  bool finish(std::span<std::byte, tag_size> made) noexcept override {
    return end() && EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, int{tag_size}, made.data()) == 1;
  }
  bool verify(std::span<const std::byte, tag_size> received) noexcept override {
    tag expected;
    std::ranges::copy(received, expected.begin());
    return EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, int{tag_size}, expected.data()) == 1 && end();
  }

 private:
  struct free_context {
    void operator()(EVP_CIPHER_CTX* p) const noexcept { EVP_CIPHER_CTX_free(p); }
  };

  bool end() noexcept {
    unsigned char nothing[tag_size];
    int size = 0;
    return EVP_CipherFinal_ex(context_.get(), nothing, &size) == 1;
  }

  std::unique_ptr<EVP_CIPHER_CTX, free_context> context_{EVP_CIPHER_CTX_new()};
};

}  // namespace

std::unique_ptr<record_cipher> record_cipher::make(suite which, use what, std::span<const std::byte> key) {
  if (which == suite::aes_128_gcm) {
    if (auto quick = make_vector(what, key)) return quick;
  }
  return make_openssl(which, what, key);
}

std::unique_ptr<record_cipher> record_cipher::make_openssl(suite which, use what, std::span<const std::byte> key) {
  auto made = std::make_unique<openssl_cipher>();
  if (!made->set_key(which, what, key)) return nullptr;
  return made;
}

std::unique_ptr<record_cipher> record_cipher::make_vector(use what, std::span<const std::byte> key) {
  const aes_maker& make = chosen_aes().make;
  return make ? make(what, key) : nullptr;
}

}  // namespace mtcp

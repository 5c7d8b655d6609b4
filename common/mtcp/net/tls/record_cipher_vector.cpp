// AES-128-GCM of Intel's multi-buffer library (libIPSec_MB). Only where the processor has VAES and AVX-512: elsewhere
// OpenSSL is as quick.
#include "mtcp/net/tls/aes_choice.hpp"

#ifdef MTCP_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <new>

#include "mtcp/net/platform/secret_memory.hpp"

namespace mtcp {
namespace {

// The functions that the library chose for this processor. They keep no state of their own, so that all threads share
// them, and its manager, of 200 KB, need not stay. Written once, by prepare(), before there is a cipher.
struct functions {
  aes_gcm_pre_t expand_key = nullptr;
  aes_gcm_init_t begin = nullptr;
  aes_gcm_enc_dec_update_t encrypt = nullptr, decrypt = nullptr;
  aes_gcm_enc_dec_finalize_t end_encryption = nullptr, end_decryption = nullptr;
};
functions library;

const char* prepare() noexcept {
  struct free_manager {
    void operator()(IMB_MGR* p) const noexcept { free_mb_mgr(p); }
  };
  const std::unique_ptr<IMB_MGR, free_manager> manager(alloc_mb_mgr(0));
  if (manager == nullptr) return "out of memory";
  constexpr auto needed = IMB_FEATURE_AVX512_SKX | IMB_FEATURE_VAES | IMB_FEATURE_VPCLMULQDQ;
  if ((manager->features & needed) != needed) return "the processor lacks VAES or AVX-512";
  init_mb_mgr_avx512(manager.get());
  if (imb_get_errno(manager.get()) != 0) return "Intel's multi-buffer library fails its own tests";
  library = {manager->gcm128_pre,        manager->gcm128_init,         manager->gcm128_enc_update,
             manager->gcm128_dec_update, manager->gcm128_enc_finalize, manager->gcm128_dec_finalize};
  return nullptr;
}

class vector_cipher final : public record_cipher {
 public:
  vector_cipher(use what, std::span<const std::byte> key) noexcept
      : update_(what == use::sealing ? library.encrypt : library.decrypt),
        end_(what == use::sealing ? library.end_encryption : library.end_decryption) {
    library.expand_key(key.data(), &key_);
  }
  // With the key in it.
  static void* operator new(std::size_t size, std::align_val_t) {
    if (void* const block = platform::allocate_secret(size)) return block;
    throw std::bad_alloc();
  }
  static void operator delete(void* block, std::size_t size, std::align_val_t) noexcept {
    platform::release_secret(block, size);
  }

  vector_cipher(const vector_cipher&) = delete;
  vector_cipher& operator=(const vector_cipher&) = delete;
  ~vector_cipher() override {
    OPENSSL_cleanse(&key_, sizeof key_);
    OPENSSL_cleanse(&state_, sizeof state_);
  }

  bool begin(const nonce& number, std::span<const std::byte> additional) noexcept override {
    const auto* iv = reinterpret_cast<const std::uint8_t*>(number.data());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(additional.data());
    library.begin(&key_, &state_, iv, bytes, additional.size());
    return true;
  }
  bool update(std::span<const std::byte> in, std::byte* out) noexcept override {
    const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
    if (!in.empty()) update_(&key_, &state_, reinterpret_cast<std::uint8_t*>(out), from, in.size());
    return true;
  }
  bool finish(std::span<std::byte, tag_size> made) noexcept override {
    end_(&key_, &state_, reinterpret_cast<std::uint8_t*>(made.data()), made.size());
    return true;
  }
  bool verify(std::span<const std::byte, tag_size> received) noexcept override {
    tag expected{};
    return finish(expected) && CRYPTO_memcmp(expected.data(), received.data(), tag_size) == 0;
  }

 private:
  aes_gcm_enc_dec_update_t update_;
  aes_gcm_enc_dec_finalize_t end_;
  alignas(64) gcm_key_data key_;  // its own header asks for that only #ifdef LINUX
  gcm_context_data state_{};
};

std::unique_ptr<record_cipher> make(record_cipher::use what, std::span<const std::byte> key) {
  return std::make_unique<vector_cipher>(what, key);
}

}  // namespace

const vector_library* linked_vector_library() {
  static const vector_library linked{IMB_VERSION_NUM, imb_get_version, prepare, make};
  return &linked;
}

}  // namespace mtcp

#else

namespace mtcp {

const vector_library* linked_vector_library() { return nullptr; }

}  // namespace mtcp

#endif

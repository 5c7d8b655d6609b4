// What all TLS connections of a program have in common: TLS 1.3 (RFC 8446) and nothing older, an external pre-shared
// key instead of certificates, forward secrecy (psk_dhe_ke over X25519, with ML-KEM-768 beside it where both ends'
// OpenSSL has that), AES-128-GCM, or ChaCha20-Poly1305 where a machine has no AES in hardware. No tickets, no early
// data, no renegotiation, no compression.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "mtcp/key.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class replay_memory;

struct tls_options {
  enum class cipher : std::uint8_t { by_hardware, aes_128_gcm, chacha20_poly1305 };
  cipher preferred = cipher::by_hardware;  ///< each end accepts both; the server's preference decides
  /// A sending key is replaced after this many records (of at most 16 KiB) or this long. RFC 8446, section 5.5 allows
  /// 2^24.5 full records under AES-GCM; OpenSSL never replaces one by itself.
  std::uint64_t key_update_records = std::uint64_t{1} << 22;
  core::duration key_update_interval = std::chrono::hours(1);
  /// The time of day, which a client tells the server together with its key.
  std::chrono::sys_seconds (*time_of_day)() = +[] {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  };
};

/// A cheap handle; copies share the context, and may be used by several threads.
class tls_context {
 public:
  static tls_context client(const tls_options& options = {});
  /// To change the keys, make a new context: connections accepted before are not affected. Contexts that share `seen`
  /// know each other's clients when they come again; null for a memory of its own.
  static tls_context server(key_ring keys, const tls_options& options = {},
                            std::shared_ptr<replay_memory> seen = nullptr);

  struct state;
  const state& operator*() const noexcept { return *state_; }
  const state* operator->() const noexcept { return state_.get(); }

 private:
  explicit tls_context(std::shared_ptr<const state> shared) noexcept : state_(std::move(shared)) {}
  std::shared_ptr<const state> state_;
};

}  // namespace mtcp

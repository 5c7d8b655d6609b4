#include "mtcp/net/tls/replay_memory.hpp"

#include <cstring>
#include <utility>

namespace mtcp {

bool replay_memory::knows(std::span<const std::byte> nonce) {
  const std::uint64_t hash = hash_of(nonce);
  const std::lock_guard lock(mutex_);
  return earlier_.contains(hash) || latest_.contains(hash);
}

bool replay_memory::is_new(std::span<const std::byte> nonce) {
  const std::uint64_t hash = hash_of(nonce);
  const std::lock_guard lock(mutex_);
  if (earlier_.contains(hash) || !latest_.insert(hash).second) return false;
  if (latest_.size() >= generation_) earlier_ = std::exchange(latest_, {});
  return true;
}

std::uint64_t replay_memory::hash_of(std::span<const std::byte> nonce) const {
  const mac_bytes mac = hmac(hash_, nonce);
  std::uint64_t hash;
  std::memcpy(&hash, mac.data(), sizeof hash);
  return hash;
}

}  // namespace mtcp

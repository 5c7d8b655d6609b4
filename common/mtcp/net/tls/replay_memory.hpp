// The nonces of those who have named a key of ours lately (tls_psk.hpp), so that whoever has recorded a client's first
// words, and says them again, is met like one who has no key.
//
// Only who holds a key can fill it. It forgets by generations: the latest `generation` nonces at least, and no more
// than twice as many, at up to 19 bytes each. What is older, or from before a restart, is as new. May be shared by
// threads.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "mtcp/key.hpp"

namespace mtcp {

class replay_memory {
 public:
  explicit replay_memory(std::size_t generation = 250'000) : generation_(generation) { random_fill(hash_.writable()); }

  bool knows(std::span<const std::byte> nonce);
  /// Remembers it. False if it was there already.
  bool is_new(std::span<const std::byte> nonce);

 private:
  /// Keyed, so that nobody can choose nonces that meet in one place of the set.
  std::uint64_t hash_of(std::span<const std::byte> nonce) const;

  std::size_t generation_;
  secret_bytes hash_;
  std::mutex mutex_;  // protects what follows
  boost::unordered_flat_set<std::uint64_t> latest_, earlier_;
};

}  // namespace mtcp

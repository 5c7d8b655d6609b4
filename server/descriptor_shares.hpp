// Who may have how many of the server's file descriptors: each destination of a stream and each UDP association takes
// one. So that no user can take them all, half of them is divided evenly among the keys, and each part is kept for its
// key. The other half goes to whoever asks, but no key may have more of it than is still free (a dynamic threshold:
// Choudhury and Hahne, IEEE/ACM Transactions on Networking 6, 1998): one key alone gets half of it, two get a third
// each, and whoever comes next finds something.
//
// Threads: any.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

#include "mtcp/key.hpp"

namespace mtcp::server {

class descriptor_shares {
 public:
  using clock = std::chrono::steady_clock;

  /// `capacity` descriptors in all, for this many keys (at least 1).
  descriptor_shares(std::size_t capacity, std::size_t keys);
  /// Replaces the keys. Descriptors that have been taken stay taken.
  void set_keys(std::size_t keys);

  /// Takes up to `wanted` for a key; returns how many.
  std::size_t take(const key_id& holder, std::size_t wanted);
  void give_back(const key_id& holder, std::size_t count);
  /// Whether to log that a key got none: true at most every 10 s for a key.
  bool may_complain(const key_id& holder, clock::time_point now);

 private:
  struct account {
    std::size_t held = 0;
    clock::time_point silent_until{};
  };
  bool take_one(account& of);
  /// How much of the common half an account holds.
  std::size_t common_of(const account& a) const { return a.held - std::min(a.held, own_part_); }

  std::mutex mutex_;  // protects what follows
  const std::size_t capacity_;
  std::size_t own_part_ = 0;
  std::size_t common_ = 0;
  std::size_t common_taken_ = 0;
  std::map<key_id, account> accounts_;  // of keys that hold something or were refused
};

/// What a key has taken, given back at the end.
class descriptor_claim {
 public:
  descriptor_claim(descriptor_shares& from, const key_id& holder, std::size_t wanted)
      : from_(from), holder_(holder), count_(from.take(holder, wanted)) {}
  descriptor_claim(const descriptor_claim&) = delete;
  descriptor_claim& operator=(const descriptor_claim&) = delete;
  ~descriptor_claim() { keep(0); }

  std::size_t count() const noexcept { return count_; }
  /// Gives back what is more than `most`.
  void keep(std::size_t most) {
    if (count_ <= most) return;
    from_.give_back(holder_, count_ - most);
    count_ = most;
  }

 private:
  descriptor_shares& from_;
  key_id holder_;
  std::size_t count_;
};

/// How many of `limit` (RLIMIT_NOFILE) destinations may have. Strangers may take three eighths (admission.hpp); the
/// last eighth is for bridges, lookups, listeners and files, and a quarter of it for a fallback.
constexpr std::size_t descriptors_for_destinations(std::size_t limit) { return limit / 2; }

}  // namespace mtcp::server

// Limits how many of something there are at once: of one key, and of all. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>

#include "mtcp/key.hpp"

namespace mtcp::server {

class places {
 public:
  places(std::size_t per_key, std::size_t in_all) : per_key_(per_key), in_all_(in_all) {}

  /// One of them for as long as it exists; false if there was none.
  class place {
   public:
    place(places& among, const key_id& holder) : among_(among), holder_(holder), taken_(among_.enter(holder_)) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (taken_) among_.leave(holder_);
    }
    explicit operator bool() const noexcept { return taken_; }

   private:
    places& among_;
    key_id holder_;
    bool taken_;
  };

 private:
  bool enter(const key_id& holder) {
    const std::lock_guard lock(mutex_);
    if (holders_.size() >= in_all_ || holders_.count(holder) >= per_key_) return false;
    holders_.insert(holder);
    return true;
  }
  void leave(const key_id& holder) {
    const std::lock_guard lock(mutex_);
    holders_.erase(holders_.find(holder));
  }

  const std::size_t per_key_;
  const std::size_t in_all_;
  std::mutex mutex_;
  std::multiset<key_id> holders_;
};

}  // namespace mtcp::server

// Limits the number of UDP associations, each of which holds a port: of one key, and of all. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>

#include "mtcp/key.hpp"

namespace mtcp::server {

class associations {
 public:
  /// A place for as long as it exists; false if there was none.
  class place {
   public:
    place(associations& among, const key_id& holder) : among_(among), holder_(holder), taken_(among_.enter(holder_)) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (taken_) among_.leave(holder_);
    }
    explicit operator bool() const noexcept { return taken_; }

   private:
    associations& among_;
    key_id holder_;
    bool taken_;
  };

 private:
  static constexpr std::size_t max_per_key = 1'024;
  static constexpr std::size_t most = 8'192;

  bool enter(const key_id& holder) {
    const std::lock_guard lock(mutex_);
    if (holders_.size() >= most || holders_.count(holder) >= max_per_key) return false;
    holders_.insert(holder);
    return true;
  }
  void leave(const key_id& holder) {
    const std::lock_guard lock(mutex_);
    holders_.erase(holders_.find(holder));
  }

  std::mutex mutex_;
  std::multiset<key_id> holders_;
};

}  // namespace mtcp::server

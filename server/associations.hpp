// How many UDP associations there may be, each of which holds a port: of one user, and of all. Thread-safe.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

namespace mtcp::server {

class associations {
 public:
  /// A place for as long as it exists; false if there was none.
  class place {
   public:
    place(associations& among, std::string user) : among_(among), user_(std::move(user)), taken_(among_.enter(user_)) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
      if (taken_) among_.leave(user_);
    }
    explicit operator bool() const noexcept { return taken_; }

   private:
    associations& among_;
    std::string user_;
    bool taken_;
  };

 private:
  static constexpr std::size_t most_per_user = 1'024;
  static constexpr std::size_t most = 8'192;

  bool enter(const std::string& user) {
    const std::lock_guard lock(mutex_);
    if (users_.size() >= most || users_.count(user) >= most_per_user) return false;
    users_.insert(user);
    return true;
  }
  void leave(const std::string& user) {
    const std::lock_guard lock(mutex_);
    users_.erase(users_.find(user));
  }

  std::mutex mutex_;
  std::multiset<std::string> users_;
};

}  // namespace mtcp::server

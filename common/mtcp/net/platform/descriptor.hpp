// A descriptor that is closed at the end.
#pragma once

#include <unistd.h>

namespace mtcp::platform {

class descriptor {
 public:
  /// Below 0: there is none.
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace mtcp::platform

// Sockets of applications that have not asked for anything, or for nothing more yet. When the program is about to end
// nothing is lost by closing them, and waiting for them would be in vain: browsers connect before they know what for.
#pragma once

#include <set>

#include "mtcp/async.hpp"

namespace mtcp::client {

class idle_sockets {
 public:
  /// For as long as a socket is one of them.
  class stay {
   public:
    stay(idle_sockets& in, tcp::socket& socket) : in_(in), socket_(socket) {
      in_.all_.insert(&socket_);
      if (in_.closed_) in_.close();
    }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;
    ~stay() { in_.all_.erase(&socket_); }

   private:
    idle_sockets& in_;
    tcp::socket& socket_;
  };

  /// Closes them, and from now on each that becomes one; what waits for it fails.
  void close() {
    closed_ = true;
    error_code ignored;
    for (tcp::socket* socket : all_) socket->close(ignored);
  }

 private:
  std::set<tcp::socket*> all_;
  bool closed_ = false;
};

}  // namespace mtcp::client

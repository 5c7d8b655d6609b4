// Sockets of applications that have sent no request yet, or no further one. When the program is about to end they can
// be closed without loss, and need not be waited for: browsers connect before they have a request.
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

  /// Closes them, and from now on each socket that becomes idle; reads that wait on them fail.
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

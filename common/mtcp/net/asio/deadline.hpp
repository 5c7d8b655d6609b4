// A limit to how long a dialogue on a socket may take.
#pragma once

#include <chrono>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"

namespace mtcp {

/// Closes `socket` if it still exists after `limit`; operations on it end with operation_aborted. The socket must
/// outlive the deadline, and must not be moved meanwhile.
class deadline {
 public:
  deadline(tcp::socket& socket, std::chrono::milliseconds limit) : timer_(socket.get_executor(), limit) {
    timer_.async_wait(life_.guard([&socket](error_code cancelled) {
      error_code ignored;
      if (!cancelled) socket.close(ignored);
    }));
  }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

 private:
  timer timer_;
  detail::lifeline life_;
};

}  // namespace mtcp

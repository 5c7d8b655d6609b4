// A limit to how long a stream may last.
#pragma once

#include <chrono>

#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/stream.hpp"

namespace mtcp::program {

/// Resets `of` if it is still open after `time`; what waits for it ends with operation_aborted. The stream must be
/// open, must outlive the deadline, and must not be moved meanwhile.
class stream_deadline {
 public:
  stream_deadline(stream& of, std::chrono::milliseconds time) : over_(of.get_executor(), time) {
    over_.async_wait(life_.guard([&of](error_code cancelled) {
      if (!cancelled && of.is_open()) of.reset();
    }));
  }
  stream_deadline(const stream_deadline&) = delete;
  stream_deadline& operator=(const stream_deadline&) = delete;

 private:
  timer over_;
  detail::lifeline life_;
};

}  // namespace mtcp::program

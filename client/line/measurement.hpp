// Measures one tunnel: how soon bytes come back, and how many go through each way, by streams that lead to the server
// itself (program/test_target.hpp).
#pragma once

#include <functional>
#include <string>

#include "figures.hpp"
#include "mtcp/async.hpp"
#include "mtcp/tunnel.hpp"

namespace mtcp::client::line {

/// Lets the user end it all.
class interruption {
 public:
  void ask() {
    asked_ = true;
    if (running_ != nullptr) running_->stop();
  }
  bool asked() const noexcept { return asked_; }
  /// The tunnel that is measured now, or null.
  void watch(tunnel* running) noexcept { running_ = running; }

 private:
  bool asked_ = false;
  tunnel* running_ = nullptr;
};

/// What is being done, for somebody who waits.
using progress = std::function<void(const std::string& doing)>;

struct measuring {
  double seconds = 3;  ///< each way; more where it takes many round trips to get up to speed, at most by two thirds
  bool down = true, up = true;
  std::string name{};  ///< for progress
};

/// For an answer to what is asked on a line that is full of what was sent before.
inline double opening_patience(double seconds) { return 5 + 2 * seconds; }

struct measured {
  error_code error{};
  std::string detail{};  ///< what the network said, if it was not the server
  figures got{};
};

/// Opens a tunnel with these options, measures, and closes it. What is passed by reference must outlive it.
///
/// It ends in time whatever the line does: with the tunnel's connect_wait, and an opening_patience for each way, at
/// most a minute after that of the measuring itself. A way that gets no answer in time is left out
/// (figures::unmeasured).
task<measured> measure(asio::io_context& io, tunnel_options options, measuring how, interruption& stop,
                       const progress& tell);

}  // namespace mtcp::client::line

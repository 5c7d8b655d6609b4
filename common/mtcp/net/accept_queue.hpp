// What async_accept waits for: requests of the peer's that nobody has taken yet.
#pragma once

#include <boost/asio/error.hpp>
#include <deque>
#include <utility>

#include "mtcp/incoming.hpp"

namespace mtcp::detail {

class accept_queue {
 public:
  void push(incoming request) {
    if (done_) return std::exchange(done_, {})(error_code(), std::move(request));
    waiting_.push_back(std::move(request));
  }
  /// False if there is nothing yet, and the caller has to wait.
  bool try_take(bool stopped, error_code& error, incoming& out) {
    if (done_) error = asio::error::already_started;
    if (!done_ && stopped) error = asio::error::operation_aborted;
    if (error || waiting_.empty()) return static_cast<bool>(error);
    out = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }
  void wait(accept_completion done) { done_ = std::move(done); }
  void cancel() {
    if (done_) std::exchange(done_, {})(asio::error::operation_aborted, {});
  }
  /// Refuses what waits.
  void clear() { waiting_.clear(); }

 private:
  std::deque<incoming> waiting_;
  accept_completion done_;
};

}  // namespace mtcp::detail

// A condition variable for coroutines of one thread: wait in a loop that checks the condition.
#pragma once

#include "mtcp/async.hpp"

namespace mtcp::detail {

class condition {
 public:
  explicit condition(const executor& where) : never_(where, timer::time_point::max()) {}

  /// To be awaited: ends with the next notify_all(), or earlier; the result says nothing. This is not a coroutine,
  /// since every stream would have to hold its frame.
  auto wait() { return never_.async_wait(use_result); }  // an expiry that is put off ends with operation_aborted
  void notify_all() { never_.cancel(); }

 private:
  timer never_;
};

}  // namespace mtcp::detail

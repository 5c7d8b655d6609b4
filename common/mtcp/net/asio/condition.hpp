// A condition variable for coroutines of one thread: wait in a loop that checks what it is about.
#pragma once

#include "mtcp/async.hpp"

namespace mtcp::detail {

class condition {
 public:
  explicit condition(const executor& where) : never_(where, timer::time_point::max()) {}

  /// To be awaited: until the next notify_all(), or less; the result says nothing. Not a coroutine of its own, whose
  /// frame every stream would hold.
  auto wait() { return never_.async_wait(use_result); }  // an expiry that is put off ends with operation_aborted
  void notify_all() { never_.cancel(); }

 private:
  timer never_;
};

}  // namespace mtcp::detail

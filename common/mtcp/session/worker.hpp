// How pure machines get their turns. Whoever has used one wakes it. It then works once, later in the same turn of the
// event loop, so that many inputs of one turn are answered together and nothing calls back into its caller. It also
// works when its deadline has come.
#pragma once

#include <optional>

#include "mtcp/types.hpp"

namespace mtcp {

class worker {
 public:
  virtual void work(core::timestamp now) = 0;
  /// When to work again though nobody wakes it. Asked for after each turn of work.
  virtual std::optional<core::timestamp> next_deadline() const = 0;

 protected:
  ~worker() = default;
};

class waker {
 public:
  /// A turn of work is wanted, soon. Asking again before that changes nothing.
  virtual void wake() = 0;

 protected:
  ~waker() = default;
};

}  // namespace mtcp

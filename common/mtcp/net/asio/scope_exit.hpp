// Undoes something at the end of a scope, also when the scope is that of a coroutine that is destroyed while it waits.
#pragma once

#include <utility>

namespace mtcp::detail {

template <class Undo>
class scope_exit {
 public:
  explicit scope_exit(Undo undo) : undo_(std::move(undo)) {}
  scope_exit(const scope_exit&) = delete;
  scope_exit& operator=(const scope_exit&) = delete;
  ~scope_exit() { undo_(); }

 private:
  Undo undo_;
};

}  // namespace mtcp::detail

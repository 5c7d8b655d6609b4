// Callbacks that do nothing once the object they belong to is gone.
//
// Asio may still run a handler after its timer or socket was cancelled, if it was queued before. An object that hands
// out callbacks holds a lifeline, as its last member, and passes them through it.
#pragma once

#include <memory>
#include <utility>

namespace mtcp::detail {

class lifeline {
 public:
  template <class Callback>
  auto guard(Callback callback) const {
    return [alive = std::weak_ptr<char>(alive_), callback = std::move(callback)](auto&&... arguments) mutable {
      if (!alive.expired()) callback(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace mtcp::detail

// Gives a pure machine its turns on an event loop: posts its work when it is woken, and keeps its timer.
#pragma once

#include <optional>

#include "mtcp/async.hpp"
#include "mtcp/net/asio/lifeline.hpp"
#include "mtcp/session/worker.hpp"

namespace mtcp::detail {

class driver final : public waker {
 public:
  /// `driven` must outlive the driver, and must not destroy it from inside work().
  driver(const executor& where, worker& driven) : executor_(where), driven_(driven), timer_(where) {}

  void wake() override;

 private:
  void work();
  void arm();

  executor executor_;
  worker& driven_;
  timer timer_;
  std::optional<core::timestamp> armed_for_;
  bool work_is_posted_ = false;
  lifeline lifeline_;
};

}  // namespace mtcp::detail

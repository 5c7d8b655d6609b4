// GOAWAY, both ways: no more streams are opened.
#pragma once

#include <utility>

#include "mtcp/core/wire/control.hpp"

namespace mtcp::core {

class farewell {
 public:
  /// This end says GOAWAY. False if it had done so before.
  bool leave() { return !std::exchange(leaving_, true); }
  bool leaving() const { return leaving_; }
  control_slot& slot() { return slot_; }

  /// The peer says GOAWAY. False if it had done so before.
  bool on_peer_leaves() { return !std::exchange(peer_leaving_, true); }
  bool peer_leaving() const { return peer_leaving_; }

 private:
  bool leaving_ = false;
  bool peer_leaving_ = false;
  control_slot slot_;
};

}  // namespace mtcp::core

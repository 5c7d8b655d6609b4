// Tells the observer of an engine, if there is one, what is worth to be told: losses in one piece, and rates only when
// they have changed notably.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "mtcp/core/trace.hpp"

namespace mtcp::core {

/// Frames that are sent again for one reason.
struct resend_count {
  std::size_t frames = 0;
  std::size_t bytes = 0;

  void add(std::size_t stream_bytes) {
    ++frames;
    bytes += stream_bytes;
  }
};

class tracer {
 public:
  /// Null: nobody listens any more.
  void tell_to(trace_observer* who) {
    if (who == nullptr) told_.clear();
    observer_ = who;
  }
  /// Somebody listens: what costs anything to find out is asked only then.
  bool on() const { return observer_ != nullptr; }

  void tell(const traced::event& what) {
    if (on()) observer_->on_trace(what);
  }
  void tell_resent(bridge_id bridge, bridge_id on_bridge, resend why, const resend_count& sent) {
    if (on() && sent.frames > 0) observer_->on_trace(traced::resent{bridge, on_bridge, why, sent.frames, sent.bytes});
  }
  void tell_pace(bridge_id bridge, std::uint64_t rate, std::uint64_t cap) {
    if (!on()) return;
    pace& before = told_[bridge];
    if (!differs(before.rate, rate) && !differs(before.cap, cap)) return;
    before = {rate, cap};
    observer_->on_trace(traced::paced{bridge, rate, cap});
  }
  void forget(bridge_id gone) { told_.erase(gone); }

 private:
  struct pace {
    std::uint64_t rate = 0;
    std::uint64_t cap = 0;
  };

  static bool differs(std::uint64_t before, std::uint64_t now) {
    return (before > now ? before - now : now - before) > before / 4;
  }

  trace_observer* observer_ = nullptr;
  std::map<bridge_id, pace> told_;  // of live bridges, while somebody listens
};

}  // namespace mtcp::core

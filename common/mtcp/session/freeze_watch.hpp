// Whether the network swallows everything that a connection of one path carries behind so many bytes, without a word to
// either end, and from which byte on. One of these per path; pure.
//
// A bridge that falls silent tells how much its connection had carried. It is a rule when two tell the same of which
// the second was dialled after the first had fallen silent: what befalls many at once is an accident. From then on
// bridges have a budget, with which they come to their end before the network brings it about. Now and then one goes
// without, and shows whether the rule still holds.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

class freeze_watch {
 public:
  /// Bytes of a connection, TLS and greeting among them: what TCP has got across.
  struct carried {
    std::uint64_t up = 0;
    std::uint64_t down = 0;
  };

  /// A bridge without a budget makes no progress; it may yet recover. True if that has led to a finding, or to another
  /// one.
  bool fell_silent(core::bridge_id id, core::timestamp up_since, const carried& by_then, core::timestamp now);
  /// True if what was found is forgotten.
  bool recovered(core::bridge_id id);
  /// A bridge with a budget makes no progress, or has come to its end by the budget. True if what was found is
  /// forgotten.
  bool budget_failed();
  void budget_kept() { failures_ = 0; }
  /// A bridge without a budget lives, and has carried so much. The same.
  bool lives(core::timestamp up_since, const carried& so_far);

  /// What the next bridge may carry.
  core::bridge_budget next_budget(core::timestamp now);
  /// Bytes that a connection was seen to bear in each direction, 0 for any number.
  const carried& found() const noexcept { return found_; }
  bool finds() const noexcept { return found_.up != 0 || found_.down != 0; }
  /// A silent bridge that had carried so much is one that was frozen.
  bool explains(const carried& by_then) const;

 private:
  struct lesson {
    core::bridge_id id;
    core::timestamp up_since;
    core::timestamp silent_at;
    carried bytes;
  };

  void conclude(const lesson& latest);
  void unlearn(core::bridge_id id);
  void forget();
  void drop_rule();

  std::vector<lesson> lessons_;  // the latest
  carried found_;
  std::array<core::bridge_id, 2> taught_by_{};
  core::timestamp holds_since_{0};  // bridges that came up later keep to it
  std::optional<core::timestamp> next_trial_;
  core::duration pause_{0};  // until the trial after that
  std::size_t failures_ = 0;
};

}  // namespace mtcp

// What a client makes of bridges that fall silent. One beside others that do well is looked at a second time; then it
// gets a replacement, has its time to recover, and goes, whether it has recovered or not.
#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "mtcp/core/base/earlier.hpp"
#include "mtcp/session/client_policy.hpp"

namespace mtcp {
namespace {

// A silent bridge whose siblings do well may only wait for TCP to send something again: it is replaced if nothing moves
// on it for so long after it was suspected. Where many connections overflow one queue most move again within 40 to
// 180 ms: in the simulator 16 over one line of 20 MB/s were replaced every 2 s.
constexpr std::chrono::milliseconds second_look{400};
// A suspect has so long to recover before its replacement takes its place for good.
constexpr std::chrono::seconds time_to_recover{2};

using core::keep_earlier;

}  // namespace

void client_policy::on_suspect(const core::events::bridge_suspect& what, core::timestamp now) {
  if (bridge* b = session_->core.find_bridge(what.bridge)) {
    if (now < b->suspected_until()) {
      b->suspect(now, now + settings_.suspicion);
    } else {
      b->doubt(session_->core.engine(), now);
    }
    note_silence(*b, now);
    trace_event(trace::bridge_suspected{what.bridge, paths_[b->path()].where()});
  }
  maintain_soon();
}

// Its replacement may be one too many.
void client_policy::on_recovered(const core::events::bridge_recovered& what) {
  if (bridge* b = session_->core.find_bridge(what.bridge)) on_moved(*b);
  maintain_soon();
}

void client_policy::on_moved(bridge& again) {
  path& on = paths_[again.path()];
  if (on.watch && on.watch->freezes().recovered(again.id())) trace_event(trace::path_freezes{on.settings.name, 0, 0});
  on.mtu.recovered(again.id());
  again.trust();
}

// Where no sibling is well beyond doubt, or connections are known to freeze, there is nothing to wait for.
void client_policy::review_doubts(std::size_t index, core::timestamp now) {
  const std::vector<bridge*> all = bridges_of(index);
  std::vector<bridge*> doubted = all;
  std::erase_if(doubted, [](const bridge* b) { return !b->doubted_since(); });
  if (doubted.empty()) return;
  const path& on = paths_[index];
  const core::engine& engine = session_->core.engine();
  const auto well = [&](const bridge* b) { return !b->doubted_since() && b->healthy(engine, now) && !outgoing(*b); };
  const bool patient = std::ranges::any_of(all, well) && !(on.watch && on.watch->freezes().finds());
  for (bridge* b : doubted) {
    const core::timestamp since = *b->doubted_since();
    if (b->moves(engine)) {
      on_moved(*b);
    } else if (!patient || now >= since + second_look) {
      b->suspect(since, since + settings_.suspicion);
    }
  }
}

// When the next doubt is to be decided, or the next suspect may count as well again: not before that can its
// replacement be one too many.
std::optional<core::timestamp> client_policy::next_turn_of_suspicion(std::size_t index, core::timestamp now) const {
  std::optional<core::timestamp> next;
  for (const bridge* b : bridges_of(index)) {
    if (b->doubted_since()) keep_earlier(next, *b->doubted_since() + second_look);
    if (b->suspected_until() <= now) continue;
    keep_earlier(next, b->suspected_until());
    if (replaced_from(*b) > now) keep_earlier(next, replaced_from(*b));
  }
  return next;
}

// A suspect has its time to recover. Then its replacement stays, and it goes, whether it has recovered or not: where
// connections fade or die together those of before must not be in the way of the next successors.
void client_policy::let_replaced_suspects_go(std::size_t index, core::timestamp now) {
  const core::engine& engine = session_->core.engine();
  for (bridge* b : bridges_of(index)) {
    if (b->closed() || b->healthy(engine, now) || outgoing(*b) || b->rests_for(bridge::rest::disabled)) continue;
    if (b->suspected_until() <= now || now < replaced_from(*b)) continue;
    const auto stats = engine.stats_of(b->id());
    b->close(stats && !stats->suspect ? errc::not_needed : errc::bridge_silent);
  }
}

core::timestamp client_policy::replaced_from(const bridge& suspect) const {
  return suspect.suspected_until() - settings_.suspicion +
         std::min<core::duration>(time_to_recover, settings_.suspicion);
}

// There is no room for one more suspect: the one that has been silent for longest goes, now that its replacement has
// shown that the network lets others through.
void client_policy::replace_suspect(std::size_t index, core::timestamp now) {
  if (!paths_[index].crowded(up_bridges(index))) return;
  std::vector<bridge*> suspects = bridges_of(index);
  std::erase_if(suspects, [&](const bridge* b) { return b->healthy(session_->core.engine(), now); });
  const auto longest = std::ranges::min_element(suspects, {}, &bridge::suspected_until);
  if (longest != suspects.end()) (*longest)->close(errc::bridge_silent);
}

}  // namespace mtcp

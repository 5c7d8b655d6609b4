// A client's bridges are renewed now and then: each connection has secrets of its own, from a fresh Diffie-Hellman
// exchange, so that what somebody learns of one opens little of what was said before, and nothing of what is said later
// (WireGuard renews every two minutes, OpenSSH every hour or gigabyte).
//
// The successor is dialled first; the old bridge carries on until it is up, and ends when nothing is under way on it.
// One at a time on a path, and at a time of its own: bridges never have one age. Where no successor can be had the old
// one stays: to keep it is better than to dial in vain.
#include <algorithm>
#include <chrono>
#include <string>

#include "mtcp/session/client_policy.hpp"
#include "mtcp/session/varied.hpp"

namespace mtcp {
namespace {

constexpr double spread = 0.2;
// After a vain dial.
constexpr int put_off_by = 4;  // a life divided by it
// Whether it is quiet is looked at so often.
constexpr std::chrono::milliseconds look{100};

std::string why(core::duration age) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  return "is " + std::to_string(minutes) + " min old: a fresh one has fresh secrets";
}

}  // namespace

void client_policy::plan_renewal(bridge& fresh, core::duration about, core::timestamp now) {
  if (settings_.renew_after != core::duration::zero())
    fresh.renew_from(now + varied(about, 1 - spread, 1 + spread, lives_));
}

bridge* client_policy::being_renewed(std::size_t index) const {
  const std::vector<bridge*> all = bridges_of(index);
  const auto old = std::ranges::find_if(all, [](const bridge* b) { return b->aged() && !b->closed(); });
  return old == all.end() ? nullptr : *old;
}

// Those that end soon for another reason are left to that, and those that the user has switched off to the user.
bridge* client_policy::next_to_renew(std::size_t index) const {
  std::vector<bridge*> all = bridges_of(index);
  std::erase_if(all, [this](const bridge* b) {
    return b->closed() || b->has_budget() || outgoing(*b) || b->rests_for(bridge::rest::disabled);
  });
  const auto oldest = std::ranges::min_element(all, {}, &bridge::renews_at);
  return oldest == all.end() ? nullptr : *oldest;
}

std::optional<core::timestamp> client_policy::next_renewal(std::size_t index, core::timestamp now) const {
  if (!paths_[index].in_use()) return std::nullopt;
  if (const bridge* old = being_renewed(index)) {  // until it is retired all else that happens here is news enough
    if (old->rests_for(bridge::rest::retired)) return now + look;
    return std::nullopt;
  }
  const bridge* next = next_to_renew(index);
  if (next == nullptr || next->renews_at() == core::timestamp::max()) return std::nullopt;
  return next->renews_at();
}

void client_policy::renew(core::timestamp now) {
  if (!session_ || stage_ != stage::running) return;
  for (std::size_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].in_use()) renew(i, now);
}

void client_policy::renew(std::size_t index, core::timestamp now) {
  path& on = paths_[index];
  bridge* old = being_renewed(index);
  if (old == nullptr) {
    bridge* next = next_to_renew(index);
    if (next != nullptr && next->renews_at() <= now) next->age_out(true);
    return;
  }
  const bool has_successor = healthy_bridges(index, now) >= on.wanted();
  if (has_successor && old->set_rest(session_->core.engine(), bridge::rest::retired, true)) {
    on.count_replacement(why(old->age(now)));
    trace_event(trace::bridge_outgoing{old->id(), on.where(), on.last_replacement});
    session_->core.changed();
  }
  close_retired(index, now);
}

void client_policy::put_off_renewal(std::size_t index, core::timestamp now) {
  bridge* old = being_renewed(index);
  if (old == nullptr || old->rests_for(bridge::rest::retired)) return;
  old->age_out(false);
  plan_renewal(*old, settings_.renew_after / put_off_by, now);
}

}  // namespace mtcp

#include "mtcp/net/admission/admission.hpp"

#include <algorithm>
#include <chrono>

#include "mtcp/core/base/earlier.hpp"

namespace mtcp {
namespace {

admission_options usable(admission_options limits) {
  limits.max_waiting = std::max<std::size_t>(limits.max_waiting, 1);
  limits.max_pending = std::max<std::size_t>(limits.max_pending, 1);
  limits.min_deadline = std::min(limits.min_deadline, limits.deadline);
  return limits;
}

}  // namespace

admission_options within_descriptors(admission_options limits, std::size_t descriptors) {
  limits.max_waiting = std::min(limits.max_waiting, descriptors / 4);
  limits.max_pending = std::min(limits.max_pending, descriptors / 8);
  return usable(limits);
}

admission::admission(const admission_options& limits)
    : limits_(usable(limits)),
      rates_(limits.rate_per_address, limits.burst_per_address, limits.max_addresses),
      known_(limits.rate_per_address, limits.burst_per_known_address, limits.max_known),
      penalties_(limits.penalties) {}

// ---- what happens to a connection ----

admission::arrival admission::arrive(const address& from, core::timestamp now) {
  arrival out{++last_};
  if (silent() >= limits_.max_waiting) out.evicted = forget(waiting_to_go());
  connection& g = connections_.emplace(out.who, connection{from, origin::of(from), now}).first->second;
  enter(out.who, g, stage::silent);
  return out;
}

void admission::source_known(id who, const address& source) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return;
  connection& g = found->second;
  crowd_of(g).erase(who, g.from);
  g.source = source;
  g.from = origin::of(source);
  enter(who, g, g.now);
}

admission::decision admission::spoke(id who, core::timestamp now, bool has_bridges) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return {false};
  connection& g = found->second;
  enter(who, g, g.now);  // its address may be known by now
  if (!has_bridges && !g.is_known && penalties_.locks_out(g.source, now)) {
    forget(who);
    return {false, {}, true};
  }
  const room place = room_for(g);
  if (!place.found || !pay(g, now)) {
    forget(who);
    return {false};
  }
  enter(who, g, stage::speaking);
  return {true, forget(place.instead_of)};
}

void admission::answered(id who) {
  const auto found = connections_.find(who);
  if (found != connections_.end()) enter(who, found->second, stage::answered);
}

void admission::authenticated(id who) {
  const auto found = connections_.find(who);
  if (found == connections_.end()) return;
  known_.touch(found->second.from.host());
  penalties_.forgive(found->second.source);
  repay(found->second);
  enter(who, found->second, stage::answered);
}

bool admission::left(id who) { return forget(who).has_value(); }

void admission::failed(const address& from, stranger why, core::timestamp now) {
  if (!known_.contains(origin::of(from).host())) penalties_.add(from, why, now);
}

std::optional<admission::id> admission::forget(std::optional<id> who) {
  const auto found = who ? connections_.find(*who) : connections_.end();
  if (found == connections_.end()) return {};
  crowd_of(found->second).erase(*who, found->second.from);
  connections_.erase(found);
  return who;
}

void admission::enter(id who, connection& g, stage next) {
  crowd_of(g).erase(who, g.from);
  g.now = next;
  g.is_known = known_.contains(g.from.host());
  crowd_of(g).insert(who, g.from);
}

// ---- rates ----

bool admission::pay(connection& g, core::timestamp now) {
  core::token_bucket& bucket = (g.is_known ? known_ : rates_).touch(g.from.host());
  bucket.refill(now);
  if (bucket.level() < 1) return false;
  bucket.spend(1);
  g.paid = g.is_known ? payer::known_address : payer::new_address;
  return true;
}

void admission::repay(connection& g) {
  if (g.paid == payer::nobody) return;
  core::token_bucket* bucket = (g.paid == payer::known_address ? known_ : rates_).find(g.from.host());
  if (bucket != nullptr) bucket->earn(1);
  g.paid = payer::nobody;
}

// ---- who goes ----

std::size_t admission::silent() const noexcept {
  return of(false, stage::silent).size() + of(true, stage::silent).size();
}

std::size_t admission::handshakes(bool known) const {
  return of(known, stage::speaking).size() + of(known, stage::answered).size();
}

// Known addresses give way only when they hold more than their half. Called when the table is full.
std::optional<admission::id> admission::waiting_to_go() const {
  const bool known = of(true, stage::silent).size() > limits_.max_waiting / 2;
  return of(known, stage::silent).first_to_go();
}

admission::room admission::room_for(const connection& newcomer) const {
  const origin& from = newcomer.from;
  const crowd& unheard = of(newcomer.is_known, stage::speaking);
  const std::size_t unheard_of_host = unheard.size_of_host(from);
  const std::size_t of_host = unheard_of_host + of(newcomer.is_known, stage::answered).size_of_host(from);
  if (of_host >= (newcomer.is_known ? limits_.pending_per_known_address : limits_.pending_per_address)) {
    if (unheard_of_host == 0) return {false};
    return {true, unheard.oldest_of_host(from)};
  }
  if (handshakes(false) + handshakes(true) < limits_.max_pending) return {true};
  const auto goes = handshake_to_go(newcomer);
  return {goes.has_value(), goes};
}

// Called when the table is full. Empty if it is the newcomer who goes.
std::optional<admission::id> admission::handshake_to_go(const connection& newcomer) const {
  const bool known = handshakes(true) > limits_.max_pending / 2;
  const crowd& unheard = of(known, stage::speaking);
  if (!unheard.empty()) return unheard.first_to_go();
  const crowd& heard = of(known, stage::answered);
  const bool owed = newcomer.is_known && !known;
  if (owed || heard.largest() > heard.size_of_group(newcomer.from) + 1) return heard.first_to_go();
  return {};
}

// ---- deadlines ----

// From arrival on, whatever the stage: `deadline` while the table is at most half full, then down to `min_deadline`.
core::duration admission::patience(bool known, stage s) const {
  const bool waiting = s == stage::silent;
  const std::size_t most = waiting ? limits_.max_waiting : limits_.max_pending;
  const std::size_t here = waiting ? of(true, s).size() : handshakes(true);
  const std::size_t all = waiting ? silent() : handshakes(false) + handshakes(true);
  const double fill = static_cast<double>(known ? here : all) / static_cast<double>(most);
  const double scarcity = std::clamp(2 * fill - 1, 0.0, 1.0);
  const std::chrono::duration<double, std::milli> max_off = limits_.deadline - limits_.min_deadline;
  return limits_.deadline - std::chrono::duration_cast<core::duration>(scarcity * max_off);
}

core::timestamp admission::deadline_of_oldest(bool known, stage s) const {
  return connections_.at(of(known, s).oldest()).arrived + patience(known, s);
}

template <class Visit>
void admission::each_crowd(Visit visit) const {
  for (const bool known : {false, true})
    for (const stage s : {stage::silent, stage::speaking, stage::answered})
      if (!of(known, s).empty()) visit(known, s);
}

std::optional<core::timestamp> admission::next_deadline() const {
  std::optional<core::timestamp> next;
  each_crowd([&](bool known, stage s) {
    const core::timestamp at = deadline_of_oldest(known, s);
    core::keep_earlier(next, at);
  });
  return next;
}

std::optional<admission::id> admission::expire(core::timestamp now) {
  std::optional<id> over;
  each_crowd([&](bool known, stage s) {
    if (!over && deadline_of_oldest(known, s) <= now) over = of(known, s).oldest();
  });
  return forget(over);
}

}  // namespace mtcp

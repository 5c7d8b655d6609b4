#include "sim/endpoint.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t staging_size = 256 << 10;  // what the net layer offers the engine at most
constexpr std::size_t least_staging = 64 << 10;  // and at least
constexpr duration least_path_info_interval = 10ms;

constexpr std::size_t least_write_room = 16 << 10;
constexpr std::size_t bookkeeping = 256 << 10;

// More calls than that in a virtual millisecond are a livelock. 8 bridges of 100 MB/s need about 400.
constexpr std::uint64_t most_work_per_millisecond = 20'000;

}  // namespace

endpoint::endpoint(event_queue& events, side which, const core::limits& limits, std::size_t most_cuts, random chance,
                   journal& log, handlers h)
    : events_(events),
      side_(which),
      engine_(which, limits),
      most_cuts_(most_cuts),
      chance_(chance),
      log_(log),
      handlers_(std::move(h)),
      frames_(staging_size),
      staging_(staging_size),
      deadline_(events, [this] { on_deadline(); }) {}

// ---- inputs ----

void endpoint::attach(core::bridge_id id, connection& carrier, const core::bridge_options& use) {
  bridges_.emplace(id, attachment{&carrier, {}, events_.now()});
  engine_.bridge_up(id, use, events_.now());
  changed();
}

std::vector<core::bridge_id> endpoint::bridge_ids() const {
  std::vector<core::bridge_id> ids;
  for (const auto& [id, bridge] : bridges_) ids.push_back(id);
  return ids;
}

void endpoint::delivered(core::bridge_id id, core::slice bytes) {
  if (!attached(id)) return;
  if (most_cuts_ > 0) {
    deliver_cut(id, bytes);
  } else {
    engine_.handle_input(id, std::move(bytes), events_.now());
  }
  changed();
}

void endpoint::deliver_cut(core::bridge_id id, const core::slice& bytes) {
  core::slice rest = bytes;
  for (std::size_t cuts = chance_.between(0, most_cuts_); cuts > 0 && rest.size() > 1; --cuts) {
    const std::size_t size = chance_.between(1, rest.size() - 1);
    engine_.handle_input(id, rest.prefix(size), events_.now());
    rest.remove_prefix(size);
  }
  engine_.handle_input(id, std::move(rest), events_.now());
}

void endpoint::closed(core::bridge_id id, const char* why) {
  if (bridges_.erase(id) == 0) return;
  log_.note("%s: bridge %lu lost: %s", name_of(side_), id, why);
  engine_.bridge_down(id, events_.now());
  handlers_.lost(id);
  changed();
}

void endpoint::on_deadline() {
  report_path_info();
  engine_.handle_timeout(events_.now());
  changed();
}

// ---- work ----

void endpoint::changed() {
  if (std::exchange(work_is_due_, true)) return;
  events_.at(events_.now(), [this] { work(); });
}

void endpoint::work() {
  work_is_due_ = false;
  count_work();
  report_path_info();
  dispatch_events();
  while (offer_to_bridges()) dispatch_events();
  check_memory();
  if (const auto due = engine_.poll_timeout()) {
    deadline_.arm(*due);
  } else {
    deadline_.cancel();
  }
}

void endpoint::dispatch_events() {
  while (const auto what = engine_.poll_event()) {
    count_work();
    dispatch(*what);
  }
}

void endpoint::dispatch(const core::event& what) {
  using type = core::event::type;
  switch (what.kind) {
    case type::bridge_closed:
      if (what.code != 0) log_.fail("%s: violation %lu on bridge %lu", name_of(side_), what.code, what.id);
      return close_bridge(what.id, "the engine closes it");
    case type::bridge_suspect:
      log_.note("%s: bridge %lu suspect", name_of(side_), what.id);
      return handlers_.suspect(what.id);
    case type::failed:
      return log_.fail("%s: tunnel failed: violation %lu", name_of(side_), what.code);
    default:
      return handlers_.on_event(what);
  }
}

void endpoint::close_bridge(core::bridge_id id, const char* why) {
  const auto found = bridges_.find(id);
  if (found == bridges_.end()) return;
  found->second.carrier->abort(side_);
  closed(id, why);
}

// Every bridge is offered one call a round, quickest first, so that none takes all before the others had a turn.
bool endpoint::offer_to_bridges() {
  const auto order = engine_.transmit_order(events_.now());
  const std::vector<core::bridge_id> ids(order.begin(), order.end());
  bool sent = false;
  for (const core::bridge_id id : ids) {
    const auto found = bridges_.find(id);
    if (found == bridges_.end()) {
      log_.fail("%s: transmit_order() names bridge %lu, which is down", name_of(side_), id);
    } else {
      sent |= transmit(id, found->second);
    }
  }
  return sent;
}

bool endpoint::transmit(core::bridge_id id, attachment& bridge) {
  count_work();
  link& out = bridge.carrier->out(side_);
  out.set_low_water(std::max<std::size_t>(engine_.send_slack(id), 1));
  if (!flush(bridge)) return false;
  const std::size_t room = out.room();
  if (room == 0) return false;
  const std::size_t most = std::clamp(room, least_staging, staging_size);
  frames_.clear(most);
  engine_.poll_transmit(id, frames_, events_.now());
  if (frames_.size() > most)
    log_.fail("%s: poll_transmit() gave %zu of %zu bytes", name_of(side_), frames_.size(), most);
  if (frames_.size() == 0) return false;
  const auto bytes = std::span(staging_).first(frames_.size());
  frames_.copy_to(bytes);
  const std::size_t taken = out.write(bytes);
  bridge.rest.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
  return true;
}

bool endpoint::flush(attachment& bridge) {
  if (bridge.rest.empty()) return true;
  const std::size_t taken = bridge.carrier->out(side_).write(bridge.rest);
  bridge.rest.erase(bridge.rest.begin(), bridge.rest.begin() + static_cast<std::ptrdiff_t>(taken));
  return bridge.rest.empty();
}

void endpoint::report_path_info() {
  for (auto& [id, bridge] : bridges_) {
    if (events_.now() < bridge.next_path_info) continue;
    const core::path_info info = bridge.carrier->out(side_).info();
    engine_.handle_path_info(id, info, events_.now());
    bridge.next_path_info =
        events_.now() + std::max(info.probing ? duration{0} : info.srtt / 4, least_path_info_interval);
  }
}

// ---- checks ----

void endpoint::count_work() {
  const std::int64_t millisecond = events_.now() / 1ms;
  if (millisecond != std::exchange(busy_millisecond_, millisecond)) work_in_it_ = 0;
  if (++work_in_it_ == most_work_per_millisecond) throw livelock(name_of(side_));
}

// Every stream has a least credit and a least room to write, whatever the budgets say. Memory is charged by capacity,
// which is at most twice of what is kept of received bytes, and bookkeeping.
void endpoint::check_memory() {
  if (events_.now() < next_memory_check_) return;
  next_memory_check_ = events_.now() + 5ms;
  const core::tunnel_stats now = engine_.stats();
  const core::limits& allowed = engine_.local_limits();
  const std::size_t granted = allowed.receive_budget + now.streams_active * allowed.early_limit;
  const std::size_t unacknowledged = allowed.send_budget + (now.streams_active + 1) * least_write_room;
  within("of credit granted", now.receive_granted, granted);
  within("received and unread", now.receive_memory, 2 * granted + bookkeeping);
  within("written and unacknowledged", now.send_memory, unacknowledged);
}

void endpoint::within(const char* what, std::size_t bytes, std::size_t allowed) {
  if (bytes > allowed) log_.fail("%s: %zu bytes %s, allowed are %zu", name_of(side_), bytes, what, allowed);
}

}  // namespace mtcp::sim

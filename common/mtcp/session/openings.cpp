#include "mtcp/session/openings.hpp"

#include <span>
#include <utility>

#include "mtcp/refusal.hpp"
#include "mtcp/session/outcome.hpp"

namespace mtcp {

void openings::add(std::uint64_t ticket, core::target to, std::vector<std::byte> early, core::timestamp give_up) {
  all_.emplace(ticket, opening{std::move(to), std::move(early), give_up});
  waiting_.push_back(ticket);
}

openings::table::iterator openings::oldest_waiting() {
  for (; !waiting_.empty(); waiting_.pop_front())
    if (const auto found = all_.find(waiting_.front()); found != all_.end()) return found;
  return all_.end();
}

void openings::submit(session& through, core::timestamp now) {
  for (auto it = oldest_waiting(); it != all_.end(); it = oldest_waiting()) {
    waiting_.pop_front();
    if (!submit_one(through, it->first, it->second, now)) fail(it, errc::too_many_streams);
  }
  through.changed();
}

bool openings::submit_one(session& through, std::uint64_t ticket, opening& one, core::timestamp now) {
  const auto id = through.engine().open(one.to, one.early, now);
  if (!id) return false;
  one.id = *id;
  one.taken = through.engine().stats_of_stream(*id).value_or(core::stream_stats{}).bytes_sent;
  sent_.emplace(*id, ticket);
  return true;
}

void openings::cancel(std::uint64_t ticket, session* through, core::timestamp now) {
  if (const auto found = all_.find(ticket); found != all_.end()) give_up(found, through, operation_aborted(), now);
}

void openings::give_up(session* through, error_code why, core::timestamp now) {
  while (!all_.empty()) give_up(all_.begin(), through, why, now);
}

void openings::give_up(table::iterator it, session* through, error_code why, core::timestamp now) {
  if (through != nullptr && it->second.id != 0) {
    through->engine().reset(it->second.id, core::reset_code::reset, now);
    through->changed();
  }
  fail(it, why);
}

void openings::on_event(session& from, const core::event& what, core::timestamp now) {
  namespace events = core::events;
  const auto id = core::stream_of(what);
  const auto sent = id ? sent_.find(*id) : sent_.end();
  if (sent == sent_.end()) return;
  const auto it = all_.find(sent->second);
  const auto on_opened = [&](const events::opened&) {
    it->second.answered = true;
    advance(from, it, now);
  };
  const auto on_stopped = [&](const events::stopped&) {
    it->second.stopped = true;
    it->second.taken = it->second.early.size();
    advance(from, it, now);
  };
  std::visit(core::overloaded{
                 on_opened,
                 on_stopped,
                 [&](const events::writable&) { advance(from, it, now); },
                 [&](const events::refused& e) { fail(it, e.why); },
                 [](const auto&) {},
             },
             what);
}

// Early bytes that the engine did not take at first come before anything that the application writes.
void openings::advance(session& through, table::iterator it, core::timestamp now) {
  opening& one = it->second;
  const auto rest = std::span(one.early).subspan(one.taken);
  one.taken += through.engine().write(one.id, rest, now).size;
  through.changed();
  if (!one.answered || one.taken != one.early.size()) return;
  const std::uint64_t ticket = it->first;
  const opening open = remove(it);
  listener_.on_opened(ticket, through, open.id, open.to, open.stopped);
}

openings::opening openings::remove(table::iterator it) {
  opening gone = std::move(it->second);
  sent_.erase(gone.id);
  all_.erase(it);
  return gone;
}

void openings::fail(table::iterator it, error_code why) {
  const std::uint64_t ticket = it->first;
  remove(it);
  listener_.on_not_opened(ticket, why);
}

void openings::fail_sent(error_code why) {
  while (!sent_.empty()) fail(all_.find(sent_.begin()->second), why);
}

void openings::fail_all(error_code why) {
  while (!all_.empty()) fail(all_.begin(), why);
}

// All wait equally long, so the oldest is the first to give up.
void openings::expire(core::timestamp now) {
  for (auto it = oldest_waiting(); it != all_.end() && it->second.give_up <= now; it = oldest_waiting())
    fail(it, timed_out());
}

std::optional<core::timestamp> openings::next_expiry() {
  const auto oldest = oldest_waiting();
  if (oldest == all_.end()) return {};
  return oldest->second.give_up;
}

}  // namespace mtcp

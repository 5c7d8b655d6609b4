#include "mtcp/session/reverse_listeners.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mtcp/core/base/earlier.hpp"
#include "mtcp/refusal.hpp"

namespace mtcp {
namespace {

constexpr const char* too_old = "the server is too old to listen for clients";

std::string text(core::refusal why) {
  switch (why) {
    case core::refusal::policy:
      return "the server does not allow it (its --allow-listen)";
    case core::refusal::connection_refused:
      return "the port is in use at the server";
    case core::refusal::host_unreachable:
      return "the server does not have that address";
    case core::refusal::address_type:
      return "the server takes no such address";
    default:
      return "the server cannot listen there, or has too many listeners";
  }
}

}  // namespace

reverse_listeners::reverse_listeners(std::vector<reverse_options> wanted, trace::observer traced)
    : trace_(std::move(traced)) {
  for (reverse_options& one : wanted) all_.push_back({.what = std::move(one)});
}

reverse_listeners::entry* reverse_listeners::find(core::stream_id id) {
  const auto found = std::ranges::find_if(all_, [id](const entry& e) { return id != 0 && e.id == id; });
  return found == all_.end() ? nullptr : &*found;
}

void reverse_listeners::tell(const entry& one, state now, const std::string& why) const {
  if (trace_ && (one.now != now || one.why != why)) trace_(trace::listener_change{one.what.listen, one.bound, why});
}

// ---- the session ----

void reverse_listeners::begin(session& through, bool agreed, core::timestamp now) {
  if (!wanted()) return;
  for (entry& one : all_) {
    one.pause = {};
    if (agreed) {
      ask(one, through, now);
      continue;
    }
    tell(one, state::unsupported, too_old);
    one.now = state::unsupported;
    one.why = too_old;
  }
}

void reverse_listeners::on_session_over() {
  for (entry& one : all_) {
    one.id = 0;
    one.ask_at.reset();
    if (one.now != state::unsupported && one.now != state::refused) one.now = state::waiting;
  }
}

// What the peer has no room for, or leaves unanswered since it is about to go, is asked for again later.
void reverse_listeners::ask(entry& one, session& through, core::timestamp now) {
  const auto id = through.engine().listen(one.what.listen, now);
  if (!id) return fail(one, text(core::refusal::general), now);
  one.id = *id;
  one.ask_at.reset();
  if (one.now != state::refused) one.now = state::waiting;  // what was said of it holds until there is an answer
  through.changed();
}

void reverse_listeners::work(session& through, core::timestamp now) {
  for (entry& one : all_)
    if (one.ask_at && *one.ask_at <= now) ask(one, through, now);
}

std::optional<core::timestamp> reverse_listeners::next() const {
  std::optional<core::timestamp> next;
  for (const entry& one : all_) core::keep_earlier(next, one.ask_at);
  return next;
}

void reverse_listeners::withdraw(session* through, core::timestamp now) {
  withdrawn_ = true;
  for (entry& one : all_) {
    one.ask_at.reset();
    one.now = state::waiting;
    if (one.id == 0 || through == nullptr) continue;
    through->engine().reset(std::exchange(one.id, 0), core::reset_code::shutdown, now);
    through->changed();
  }
}

// ---- what the server says ----

bool reverse_listeners::on_event(session& from, const core::event& what, core::timestamp now) {
  namespace events = core::events;
  if (const auto* incoming = std::get_if<events::incoming>(&what)) {
    on_incoming(from, incoming->stream, now);
    return true;
  }
  entry* one = find(core::stream_of(what).value_or(0));
  if (one == nullptr) return false;
  std::visit(core::overloaded{
                 [&](const events::opened&) { on_opened(*one, from); },
                 [&](const events::refused& e) {
                   one->id = 0;
                   fail(*one, text(e.why), now);
                 },
                 [&](const events::readable&) { read(*one, from, now); },
                 [](const auto&) {},
             },
             what);
  return true;
}

void reverse_listeners::on_opened(entry& one, const session& from) {
  one.bound = from.engine().bound_address(one.id);
  tell(one, state::listening, {});
  one.now = state::listening;
  one.why.clear();
  one.pause = {};
}

void reverse_listeners::on_incoming(session& from, core::stream_id id, core::timestamp now) {
  entry* by = find(from.engine().listener_of(id));
  if (by != nullptr && taker_ != nullptr) {
    ++by->accepted;
    return taker_->on_accepted(from, id, by->what);
  }
  from.engine().refuse(id, core::refusal::general, now);
  from.changed();
}

// Bytes mean nothing there.
void reverse_listeners::read(entry& one, session& from, core::timestamp now) {
  std::array<std::byte, 1024> ignored;
  core::read_result got;
  do got = from.engine().read(one.id, ignored, now);
  while (got.size != 0);
  from.changed();
  if (got.status == core::read_result::state::open) return;
  from.engine().reset(std::exchange(one.id, 0), core::reset_code::reset, now);
  fail(one, "the server listens no more", now);
}

void reverse_listeners::fail(entry& one, const std::string& why, core::timestamp now) {
  tell(one, state::refused, why);
  one.now = state::refused;
  one.why = why;
  one.bound = {};
  one.pause = one.pause == core::duration::zero() ? first_pause : std::min(2 * one.pause, longest_pause);
  one.ask_at = now + one.pause;
}

void reverse_listeners::describe(tunnel_snapshot& out) const {
  for (const entry& one : all_) {
    if (one.id != 0 && out.totals.streams_active > 0) --out.totals.streams_active;  // it may just have ended
    out.listeners.push_back({one.what.listen, one.what.to, one.now, one.bound, one.why, one.accepted});
  }
}

}  // namespace mtcp

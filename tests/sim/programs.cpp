#include "sim/programs.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "mtcp/refusal.hpp"
#include "mtcp/session/outcome.hpp"
#include "sim/content.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

constexpr duration open_again_after = 10ms;  // when the peer's limit of streams has been reached
constexpr auto refused_because = core::refusal::connection_refused;

}  // namespace

programs::programs(event_queue& events, const plan& p, journal& log)
    : events_(events), log_(log), streams_may_be_lost_(p.streams_may_be_lost) {
  for (const stream_plan& s : p.streams) {
    conversations_.push_back(std::make_unique<conversation>(events, s, log));
    conversation* c = conversations_.back().get();
    events.at(s.start, [this, c] { c->plan.reverse ? open_reverse(*c) : open(*c); });
    if (s.cancel_after) events.at(s.start + *s.cancel_after, [this, c] { cancel(*c); });
  }
}

// ---- the client's end ----

std::size_t programs::index_of(const conversation& c) const {
  const auto mine = [&](const auto& p) { return p.get() == &c; };
  return static_cast<std::size_t>(std::ranges::find_if(conversations_, mine) - conversations_.begin());
}

// The host says which plan the stream follows, so that the server's end can find its part.
void programs::open(conversation& c) {
  c.early = std::min<std::uint64_t>(c.plan.early, c.plan.client.send);
  std::vector<std::byte> early(c.early);
  fill_content(mix(c.plan.seed), 0, early);
  if (opener_->stopped()) {
    c.not_opened = operation_aborted();
    return;
  }
  c.ticket = opener_->next_ticket();
  opening_.emplace(*c.ticket, &c);
  opener_->open(*c.ticket, {std::to_string(index_of(c)), 443}, std::move(early), events_.now());
}

void programs::cancel(conversation& c) {
  if (c.ticket) opener_->cancel_open(*c.ticket, events_.now());
}

programs::conversation& programs::take_ticket(std::uint64_t ticket) {
  conversation& c = *opening_.at(ticket);
  opening_.erase(ticket);
  c.ticket.reset();
  return c;
}

void programs::on_opened(std::uint64_t ticket, session& through, core::stream_id id, const core::target&,
                         bool stopped) {
  conversation& c = take_ticket(ticket);
  log_.note("client: stream %lu opened", id);
  if (c.plan.refused) log_.fail("client: stream %lu opened, though refused", id);
  if (through.engine().bound_address(id).port != 1080) log_.fail("stream %lu: wrong bound address", id);
  c.client.take(through, id);
  c.client.start(c.early, stopped);
}

void programs::on_not_opened(std::uint64_t ticket, error_code why) {
  conversation& c = take_ticket(ticket);
  if (why == errc::too_many_streams) {
    events_.after(open_again_after, [this, &c] { open(c); });
    return;
  }
  log_.note("client: not opened: %s", why.message().c_str());
  c.not_opened = why;
}

// ---- the server's end ----

void programs::on_stream(std::shared_ptr<server_session> of, core::stream_id id) {
  if (of->core().engine().kind_of(id) == core::stream_kind::listener) {
    log_.note("server: listens, stream %lu", id);
    of->core().engine().answer(id, {"192.0.2.1", 8080}, events_.now());
    doors_.push_back(std::make_unique<door>(events_, std::move(of), id));
    return;
  }
  const core::target& to = of->core().engine().target_of(id);
  conversation& c = *conversations_.at(std::stoul(to.host));
  if (to.port != 443) log_.fail("server: stream %lu has the wrong target %s", id, to.host.c_str());
  if (c.server.known()) return log_.fail("server: stream %lu came in twice", id);
  log_.note("server: stream %lu comes in", id);
  c.server.take(of->core(), id);
  c.at = std::move(of);
  if (c.plan.answer_after == duration{0}) return answer(c);
  events_.after(c.plan.answer_after, [this, &c] { answer(c); });
}

void programs::answer(conversation& c) {
  const auto at = std::exchange(c.at, nullptr);
  if (c.server.done()) return;  // its session ended meanwhile
  log_.note("server: a stream is %s", c.plan.refused ? "refused" : "answered");
  if (c.plan.refused) {
    at->core().engine().refuse(c.server.id(), refused_because, events_.now());
    c.server.refused();
    return;
  }
  at->core().engine().answer(c.server.id(), {"192.0.2.1", 1080}, events_.now());
  c.server.start(0);
}

// ---- the other way round ----

programs::door::door(event_queue& events, std::shared_ptr<server_session> at, core::stream_id id)
    : events_(events), at_(std::move(at)), id_(id) {
  at_->core().add_stream(id, *this);
}

std::optional<core::stream_id> programs::door::accept(const core::target& source) {
  return open_ ? at_->core().accept(id_, source, events_.now()) : std::nullopt;
}

// The client wants it no more.
void programs::door::on_readable() {
  open_ = false;
  at_->core().engine().reset(id_, core::reset_code::reset, events_.now());
  at_->core().remove_stream(id_);
  at_->core().changed();
}

// The source says which plan the stream follows. There may be no door at present.
void programs::open_reverse(conversation& c) {
  if (opener_->stopped()) {
    c.not_opened = operation_aborted();
    return;
  }
  const auto id = doors_.empty() ? std::nullopt : doors_.back()->accept({std::to_string(index_of(c)), 443});
  if (!id) return events_.after(open_again_after, [this, &c] { open_reverse(c); });
  log_.note("server: stream %lu opened", *id);
  c.server.take(doors_.back()->through(), *id);
  c.server.start(0);
}

void programs::on_accepted(session& through, core::stream_id id, const reverse_options& by) {
  if (by.to.host != "reverse") log_.fail("client: stream %lu leads to %s", id, by.to.host.c_str());
  conversation& c = *conversations_.at(std::stoul(through.engine().target_of(id).host));
  if (c.client.known()) return log_.fail("client: stream %lu came in twice", id);
  log_.note("client: stream %lu comes in", id);
  c.client.take(through, id);
  c.asker = &through;
  events_.after(c.plan.answer_after, [this, &c] { answer_reverse(c); });
}

void programs::answer_reverse(conversation& c) {
  if (c.client.done()) return;  // its session ended meanwhile
  session& through = *std::exchange(c.asker, nullptr);
  if (c.plan.refused) {
    through.engine().refuse(c.client.id(), refused_because, events_.now());
    return c.client.refused();
  }
  through.engine().answer(c.client.id(), {"192.0.2.1", 1080}, events_.now());
  c.client.start(0);
}

// ---- the end ----

bool programs::over(const conversation& c) const {
  const bool opener_is_done = c.client.done() || c.not_opened;
  // The server may never hear of a stream that its client gave up.
  const bool unheard = !c.server.known() && (c.not_opened || c.client.result().died || c.client.result().lost);
  if (c.client.stuck_for_good() || c.server.stuck_for_good()) return true;
  if (c.plan.reverse) return c.not_opened || (c.server.done() && (c.client.done() || !c.client.known()));
  return opener_is_done && (c.server.done() || unheard);
}

bool programs::finished() const {
  return std::ranges::all_of(conversations_, [this](const auto& c) { return over(*c); });
}

void programs::note_unfinished() const {
  for (const auto& c : conversations_) {
    c->client.note_state();
    c->server.note_state();
  }
}

void programs::lose_session() {
  for (const auto& c : conversations_) {
    c->client.lose_session();
    c->server.lose_session();
  }
}

void programs::judge() const {
  for (const auto& c : conversations_) judge(*c);
}

void programs::judge(const conversation& c) const {
  if (c.client.result().lost || c.server.result().lost) {
    if (!streams_may_be_lost_) log_.fail("a stream was lost with its session");
  } else if (c.not_opened) {
    const bool expected = (c.plan.refused && *c.not_opened == error_code(refused_because)) ||
                          (c.plan.cancel_after && *c.not_opened == operation_aborted());
    if (!expected && !streams_may_be_lost_) log_.fail("a stream was not opened: %s", c.not_opened->message().c_str());
  }
  if (c.not_opened) return;
  if (c.plan.reverse && c.server.result().refused) {
    if (!c.plan.refused && !streams_may_be_lost_) log_.fail("stream %lu was not taken", c.server.id());
    return;
  }
  judge_direction(c, c.client, c.server, "up");
  judge_direction(c, c.server, c.client, "down");
}

void programs::judge_direction(const conversation& c, const actor& from, const actor& to, const char* name) const {
  const actor::account& out = from.result();
  const actor::account& in = to.result();
  const bool lost = out.lost || in.lost;
  const bool sender_reset = lost || out.died || out.sending == actor::sent::reset;
  const bool receiver_left = lost || in.died || in.receiving == actor::got::given_up;
  const core::stream_id id = c.client.id();
  if (in.read > out.written) log_.fail("stream %lu %s: %lu bytes read, %lu written", id, name, in.read, out.written);
  if (in.receiving == actor::got::end && (in.read != out.written || out.sending != actor::sent::finished)) {
    log_.fail("stream %lu %s: ended after %lu of %lu bytes", id, name, in.read, out.written);
  }
  if (in.receiving == actor::got::reset && !sender_reset) {
    log_.fail("stream %lu %s: reset, though nobody reset it", id, name);
  }
  if (out.sending == actor::sent::stopped && !receiver_left) {
    log_.fail("stream %lu %s: the sender was stopped, though the receiver wanted all", id, name);
  }
  if (in.receiving == actor::got::end && out.written != from.does().send) {
    log_.fail("stream %lu %s: %lu bytes instead of %lu", id, name, out.written, from.does().send);
  }
}

}  // namespace mtcp::sim

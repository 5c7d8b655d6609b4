#include "mtcp/session/bridge.hpp"

#include <algorithm>
#include <utility>

namespace mtcp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t max_at_once = 256 * 1024;  // bytes taken from the engine at a time
constexpr std::size_t min_at_once = 68 * 1024;   // one segment of the largest size, with what goes around it

// Frames between the engine and the link; they stay here for the length of one call.
core::gather_list& staging(std::size_t most) {
  thread_local core::gather_list frames(max_at_once);
  frames.clear(most);
  return frames;
}

}  // namespace

bool bridge::transmit(core::engine& from, core::timestamp now) {
  if (closed_ || waits_for_room_) return false;
  adapt_unsent_limit(from.send_slack(id_));
  const std::size_t unsent = unsent_bytes();
  if (unsent >= unsent_limit_) {
    wait_for_room();
    return false;
  }
  core::gather_list& frames = staging(std::clamp(unsent_limit_ - unsent, min_at_once, max_at_once));
  from.poll_transmit(id_, frames, now);
  if (frames.size() == 0) return false;
  unsent_ += frames.size();
  if (const error_code error = link_.write(frames.pieces())) {
    close(error);
    return false;
  }
  if (link_.pending()) wait_for_room();
  return true;
}

// What was written since the connection was last asked may be unsent. It is asked again only when that becomes much.
std::size_t bridge::unsent_bytes() {
  if (2 * unsent_ >= unsent_limit_) unsent_ = link_.unsent_bytes();
  return unsent_;
}

void bridge::wait_for_room() {
  waits_for_room_ = true;
  link_.await_room();
}

// This is a system call, made only when the limit changes much. Everything else must use the limit that the connection
// has: a connection that is full by our limit and not by its own would report room again and again.
void bridge::adapt_unsent_limit(std::size_t slack) {
  const std::size_t tolerated = unsent_limit_ / 4;
  if (unsent_limit_ != 0 && slack < unsent_limit_ + tolerated && slack + tolerated > unsent_limit_) return;
  link_.set_unsent_limit(slack);
  unsent_limit_ = slack;
}

// A few times per round trip, so that a queue that builds up is seen before it overflows; and at once when TCP goes on
// after a look at its round trip.
void bridge::report_tcp_info(core::engine& to, core::timestamp now) {
  if (closed_ || now < next_tcp_info_) return;
  const auto info = link_.tcp_info(now);
  const auto often = info && !info->probing ? info->srtt / 4 : core::duration(0);
  next_tcp_info_ = now + std::clamp<core::duration>(often, milliseconds(10), milliseconds(500));
  if (info) to.handle_tcp_info(id_, *info, now);
}

void bridge::close(error_code why) {
  if (closed_) return;
  why_ = why;
  const core::tcp_info last = tcp_info(core::timestamp{0});
  carried_ = last.acknowledged + last.received;
  on_wire_ = on_wire_of(last);
  closed_ = true;
  link_.close();
}

std::uint64_t bridge::on_wire_of(const core::tcp_info& known) const {
  return known.sent + known.received + known.packets * link_.header_size();
}

std::uint64_t bridge::on_wire(core::timestamp now) { return closed_ ? on_wire_ : on_wire_of(tcp_info(now)); }

bool bridge::set_rest(core::engine& of, rest why, bool on) {
  const auto bit = static_cast<std::uint8_t>(why);
  const std::uint8_t before = rests_;
  rests_ = static_cast<std::uint8_t>(on ? before | bit : before & ~bit);
  if (rests_ == before) return false;
  tell_use(of);
  return true;
}

bool bridge::use_as(core::engine& of, core::path_role role) {
  if (std::exchange(use_.role, role) == role) return false;
  tell_use(of);
  return true;
}

bool bridge::limit_rate(core::engine& of, std::uint64_t rate) {
  if (std::exchange(use_.rate_limit, rate) == rate) return false;
  tell_use(of);
  return true;
}

void bridge::tell_use(core::engine& of) {
  core::bridge_options options = use_;
  if (!in_use()) options.role = core::path_role::never;
  of.bridge_changed(id_, options);
}

void bridge::doubt(const core::engine& engine, core::timestamp now) {
  if (!doubted_since_) doubted_since_ = now;
  if (const auto stats = engine.stats_of(id_)) received_by_then_ = stats->bytes_received;
}

bool bridge::moves(const core::engine& engine) const {
  const auto stats = engine.stats_of(id_);
  return stats && !stats->suspect && stats->bytes_received != received_by_then_;
}

void bridge::suspect(core::timestamp now, core::timestamp until) noexcept {
  doubted_since_.reset();
  if (now >= suspect_until_) suspect_since_ = now;
  suspect_until_ = until;
}

bool bridge::healthy(const core::engine& engine, core::timestamp now) const {
  const auto stats = engine.stats_of(id_);
  return !closed_ && stats && (doubted_since_ || (!stats->suspect && now >= suspect_until_));
}

// Half of it is enough to see that a successor will be needed: to dial takes as long as to use up the other half.
bool bridge::review_budget(const core::engine& engine) {
  const auto stats = has_budget() ? engine.stats_of(id_) : std::nullopt;
  if (!stats) return false;
  const wear before = worn_;
  if (stats->budget_used >= 0.5) worn_ = wear::half;
  if (stats->budget_over) worn_ = wear::all;
  return worn_ != before;
}

bool bridge::is_quiet(const core::engine& engine, core::timestamp now) {
  const auto stats = engine.stats_of(id_);
  if (!stats) return false;
  if (std::exchange(received_before_, stats->bytes_received) != stats->bytes_received || last_change_.count() == 0)
    last_change_ = now;
  const core::duration usual = std::max<core::duration>(2 * stats->rtt, milliseconds(250));
  // Nothing more can come, and who sends has heard of all when the last acknowledgement is there.
  const core::duration long_enough = worn_ == wear::all ? stats->rtt_min / 2 + milliseconds(20) : usual;
  return stats->in_flight == 0 && now - last_change_ >= long_enough;
}

std::uint64_t bridge::delivered(const core::engine& engine) const {
  const auto stats = engine.stats_of(id_);
  return stats ? stats->bytes_received + stats->bytes_sent - stats->in_flight : 0;
}

restraint bridge::restrained_by(const core::engine& engine, core::timestamp now) const {
  if (rests_for(rest::disabled)) return restraint::disabled;
  if (!healthy(engine, now)) return restraint::suspect;
  if (rests_for(rest::unwanted)) return restraint::never;
  if (rests_for(rest::retired)) return restraint::retired;
  if (rests_for(rest::surplus)) return restraint::surplus;
  return engine.restraint_of(id_, now);
}

void bridge::describe(const core::engine& engine, core::role side, core::timestamp now, bridge_snapshot& out) const {
  out.id = id_;
  out.path = path_;
  out.local = link_.local();
  out.remote = link_.remote();
  out.age = age(now);
  const bool client = side == core::role::client;
  const core::carried_bytes carried = engine.carried_on(id_);
  out.bytes_up = client ? carried.sent : carried.received;
  out.bytes_down = client ? carried.received : carried.sent;
  const auto stats = engine.stats_of(id_);
  if (!stats) return;
  out.now = healthy(engine, now) ? bridge_snapshot::state::up : bridge_snapshot::state::suspect;
  if (rests_for(rest::disabled)) out.now = bridge_snapshot::state::disabled;
  out.retransmitted_bytes = stats->retransmitted_bytes;
  out.in_flight_bytes = stats->in_flight;
  out.cap_bytes = stats->cap;
  out.delivery_rate = stats->delivery_rate;
  out.rtt = stats->rtt;
  out.rtt_min = stats->rtt_min;
  out.why = restrained_by(engine, now);
  if (out.why == restraint::suspect) out.suspect = now - (stats->suspect ? stats->suspect_since : suspect_since_);
}

}  // namespace mtcp

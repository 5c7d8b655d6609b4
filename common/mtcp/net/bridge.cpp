#include "mtcp/net/bridge.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/net/platform.hpp"
#include "mtcp/net/session.hpp"

namespace mtcp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t transmit_most = 256 * 1024;  // bytes taken from the engine at a time
constexpr std::size_t transmit_least = 68 * 1024;  // one segment of the largest size, with what goes around it

// Frames between the engine and TLS; they stay here for the length of one call.
core::gather_list& staging(std::size_t most) {
  thread_local core::gather_list frames(transmit_most);
  frames.clear(most);
  return frames;
}

template <class Endpoint>
std::string text_of(const Endpoint& endpoint, const error_code& error) {
  return error ? std::string() : to_string(endpoint);
}

}  // namespace

std::string to_string(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const std::string text = address.is_v6() ? '[' + address.to_string() + ']' : address.to_string();
  return text + ':' + std::to_string(endpoint.port());
}

bridge::bridge(secure_channel channel, core::bridge_id id, const core::bridge_options& use, std::size_t path)
    : channel_(std::move(channel)), id_(id), use_(use), path_(path) {
  error_code error;
  const auto here = channel_.socket().local_endpoint(error);
  local_ = text_of(here, error);
  const auto there = channel_.socket().remote_endpoint(error);
  remote_ = text_of(there, error);
}

task<error_code> bridge::read_all(session& into, std::vector<core::slice> first) {
  std::vector<core::slice> received = std::move(first);
  while (!closed_) {
    for (core::slice& bytes : received) into.engine().handle_input(id_, std::move(bytes), into.now());
    if (!received.empty()) into.changed();
    received.clear();
    const error_code error = co_await channel_.read(received);
    if (error) close(error);
  }
  if (const auto stats = into.engine().stats_of(id_))
    delivered_ = stats->bytes_received + stats->bytes_sent - stats->in_flight;
  co_return why_;
}

bool bridge::transmit(session& from, core::timestamp now) {
  if (closed_ || waiting_for_room_) return false;
  core::engine& engine = from.engine();
  const std::size_t slack = engine.send_slack(id_);
  adapt_unsent_limit(slack);
  const std::size_t unsent = unsent_bytes(slack);
  if (unsent >= slack) return wait_for_room(from), false;
  core::gather_list& frames = staging(std::clamp(slack - unsent, transmit_least, transmit_most));
  engine.poll_transmit(id_, frames, now);
  if (frames.size() == 0) return false;
  unsent_ += frames.size();
  const error_code error = channel_.write(frames.pieces());
  if (error) return close(error), false;
  if (channel_.pending()) wait_for_room(from);
  return true;
}

// What was written since the kernel was last asked may be unsent. It is asked again only when that becomes much.
std::size_t bridge::unsent_bytes(std::size_t slack) {
  if (2 * unsent_ >= slack) unsent_ = platform::unsent_bytes(channel_.socket()).value_or(0);
  return unsent_;
}

// Not secure_channel::wait_writable(): this runs for every burst, and a plain handler costs a fraction of a coroutine.
void bridge::wait_for_room(session& from) {
  waiting_for_room_ = true;
  channel_.socket().async_wait(tcp::socket::wait_write,
                               lifeline_.guard([this, &from](error_code error) { on_room(from, error); }));
}

void bridge::on_room(session& from, error_code error) {
  waiting_for_room_ = false;
  if (closed_) return;
  if (!error) error = channel_.flush();
  if (error) return close(error);
  if (channel_.pending()) return wait_for_room(from);
  from.changed();
}

// A system call, so only when it makes a difference.
void bridge::adapt_unsent_limit(std::size_t slack) {
  const std::size_t tolerated = unsent_limit_ / 4;
  if (unsent_limit_ != 0 && slack < unsent_limit_ + tolerated && slack + tolerated > unsent_limit_) return;
  platform::set_unsent_limit(channel_.socket(), slack);
  unsent_limit_ = slack;
}

// A few times per round trip, so that a queue that builds up is seen before it overflows; and at once when TCP goes on
// after a look at its round trip.
void bridge::report_path_info(core::engine& to, core::timestamp now) {
  if (closed_ || now < next_path_info_) return;
  const auto info = platform::path_info(channel_.socket());
  const auto often = info && !info->probing ? info->srtt / 4 : core::duration(0);
  next_path_info_ = now + std::clamp<core::duration>(often, milliseconds(10), milliseconds(500));
  if (info) to.handle_path_info(id_, *info, now);
  postpone_pause(now);
}

// The pause is due 10 s after TCP last saw its shortest round trip.
void bridge::postpone_pause(core::timestamp now) {
  if (now < next_postponement_) return;
  platform::postpone_pause(channel_.socket());
  next_postponement_ = now + std::chrono::seconds(4);
}

void bridge::close(error_code why) {
  if (std::exchange(closed_, true)) return;
  why_ = why;
  channel_.close();
}

void bridge::stand_by(session& of, bool on) {
  if (std::exchange(stands_by_, on) != on) tell_role(of);
}

void bridge::set_enabled(session& of, bool on) {
  if (std::exchange(enabled_, on) != on) tell_role(of);
}

void bridge::limit_rate(session& of, std::uint64_t rate) {
  if (std::exchange(use_.rate_limit, rate) != rate) tell_role(of);
}

void bridge::tell_role(session& of) {
  core::bridge_options options = use_;
  options.backup = use_.backup || stands_by_ || !enabled_;
  of.engine().bridge_changed(id_, options);
  of.changed();
}

void bridge::suspect(std::chrono::milliseconds how_long) {
  suspect_until_ = std::chrono::steady_clock::now() + how_long;
}

bool bridge::healthy(const core::engine& engine) const {
  const auto stats = engine.stats_of(id_);
  return !closed_ && stats && !stats->suspect && std::chrono::steady_clock::now() >= suspect_until_;
}

void bridge::describe(const session& of, bridge_snapshot& out) const {
  out.id = id_;
  out.path = path_;
  out.local = local_;
  out.remote = remote_;
  out.age = age();
  const auto stats = of.engine().stats_of(id_);
  if (!stats) return;
  const bool client = of.role() == core::role::client;
  out.now = healthy(of.engine()) ? bridge_snapshot::state::up : bridge_snapshot::state::suspect;
  if (!enabled_) out.now = bridge_snapshot::state::disabled;
  out.bytes_up = client ? stats->bytes_sent : stats->bytes_received;
  out.bytes_down = client ? stats->bytes_received : stats->bytes_sent;
  out.retransmitted_bytes = stats->payload_resent;
  out.in_flight_bytes = stats->in_flight;
  out.cap_bytes = stats->cap;
  out.delivery_rate = stats->delivery_rate;
  out.rtt = stats->rtt;
  out.rtt_min = stats->rtt_min;
}

}  // namespace mtcp

// What the program wants of its streams.
#include <algorithm>

#include "mtcp/core/engine_impl.hpp"
#include "mtcp/core/stream/leftover.hpp"

namespace mtcp::core {
namespace {

// Bytes that a stream may have waiting for bridges: a few turns of the event loop at full speed.
constexpr std::size_t unsent_limit = 512 * 1024;
// What each stream may always keep, whatever the others hold.
constexpr std::size_t kept_floor = 16 * 1024;

slice front_of(const slice& bytes, std::size_t size) { return bytes.prefix(size); }
std::span<const std::byte> front_of(std::span<const std::byte> bytes, std::size_t size) { return bytes.first(size); }

}  // namespace

std::size_t engine::impl::write_room(const stream_state& s) const {
  if (!s.send.open() || s.refused()) return 0;
  const send_buffer& out = s.send.buffer();
  if (out.unsent() >= unsent_limit) return 0;
  const std::size_t budget = terms.own.send_budget;
  const std::size_t left = budget - std::min(budget, streams.send_memory());
  const std::size_t least = kept_floor - std::min(kept_floor, out.memory());
  return std::min(unsent_limit - static_cast<std::size_t>(out.unsent()), std::max(left, least));
}

// What keeps the stream from taking more, when it does not take all.
write_result::limit engine::impl::limit_of_writes(const stream_state& s) const {
  using limit = write_result::limit;
  if (s.refused()) return limit::refused;
  if (s.send.stopped()) return limit::stopped;
  if (s.send.was_reset()) return limit::reset;
  if (!s.send.open()) return limit::finished;
  if (s.send.buffer().unsent() < unsent_limit) return limit::memory;
  return s.send.credit() == 0 || credit.room() == 0 ? limit::credit : limit::bridges;
}

template <class Bytes>
write_result engine::impl::write(stream_id id, const Bytes& bytes, timestamp now) {
  stream_state* s = streams.find(id);
  if (s == nullptr) return {0, write_result::limit::no_stream};
  if (bytes.empty()) return {};
  const std::size_t size = std::min(bytes.size(), write_room(*s));
  if (size > 0) {
    streams.sending(*s, [&](send_half& half) { half.append(front_of(bytes, size)); });
    mark_sendable(*s, now);
  }
  if (size == bytes.size()) {
    s->program = writer::content;
    return {size, write_result::limit::none};
  }
  const write_result result{size, limit_of_writes(*s)};
  s->program = result.blocked() ? writer::waits : writer::content;
  return result;
}

write_result engine::write(stream_id id, std::span<const std::byte> bytes, timestamp now) {
  return impl_->write(id, bytes, now);
}
write_result engine::write(stream_id id, slice bytes, timestamp now) { return impl_->write(id, bytes, now); }

std::size_t engine::writable(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  return s == nullptr ? 0 : impl_->write_room(*s);
}

template <class Take>
read_result engine::impl::read(stream_id id, timestamp now, Take take) {
  stream_state* s = streams.find(id);
  if (s == nullptr || s->receive.stopped()) return {0, read_result::state::reset, reset_code::reset};
  read_result result;
  streams.receiving(*s, [&](receive_half& half) { result.size = half.read(take); });
  if (result.size > 0) consume(*s, result.size, now);
  if (s->receive.read_to_end()) {
    result.status = s->receive.was_reset() ? read_result::state::reset : read_result::state::end;
    result.code = s->receive.code();
  }
  return result;
}

read_result engine::read(stream_id id, std::vector<slice>& out, std::size_t max, timestamp now) {
  return impl_->read(id, now, [&](reorder_buffer& in) { return in.read(out, max); });
}

read_result engine::read(stream_id id, std::span<std::byte> out, timestamp now) {
  return impl_->read(id, now, [&](reorder_buffer& in) { return in.read(out); });
}

std::unique_ptr<leftover> engine::take_leftover(stream_id id) {
  stream_state* s = impl_->streams.find(id);
  if (s == nullptr || s->closed || s->receive.stopped()) return nullptr;
  auto rest = std::make_unique<leftover>();
  if (s->receive.all_received())
    rest->then = s->receive.was_reset() ? read_result::state::reset : read_result::state::end;
  impl_->streams.receiving(*s, [&](receive_half& half) { rest->bytes = half.take_bytes(); });
  return rest;
}

bool engine::peer_has_reset(stream_id id) const {
  const stream_state* s = impl_->streams.find(id);
  return s != nullptr && s->receive.was_reset();
}

void engine::shutdown_send(stream_id id, timestamp) {
  stream_state* s = impl_->streams.find(id);
  if (s == nullptr) return;
  s->send.finish();
  impl_->finish_sending(*s);
}

void engine::reset(stream_id id, reset_code code, timestamp) {
  impl& e = *impl_;
  stream_state* s = e.streams.find(id);
  if (s == nullptr || s->closed) return;
  if (!s->ours && s->phase != opening::answered)
    return e.refuse(id, code == reset_code::quota ? refusal::quota : refusal::general);
  s->closed = true;
  e.events.drop(id);
  e.reset_sending(*s, code);
  e.stop_receiving(*s, code, true);
  e.erase_if_over(*s);
}

void engine::reset_send(stream_id id, reset_code code, timestamp) {
  if (stream_state* s = impl_->streams.find(id)) impl_->reset_sending(*s, code);
}

void engine::stop_receive(stream_id id, reset_code code, timestamp) {
  if (stream_state* s = impl_->streams.find(id)) impl_->stop_receiving(*s, code, true);
}

void engine::close(stream_id id, timestamp) {
  impl& e = *impl_;
  stream_state* s = e.streams.find(id);
  if (s == nullptr || s->closed) return;
  if (!s->ours && s->phase != opening::answered) return e.refuse(id, refusal::general);
  s->closed = true;
  e.events.drop(id);
  s->send.finish();
  e.finish_sending(*s);
  e.stop_receiving(*s, reset_code::reset, true);
  e.erase_if_over(*s);
}

void engine::go_away(timestamp) {
  impl& e = *impl_;
  if (e.terms.farewell.leave()) e.controls.announce(e.terms.farewell.slot(), {control::goaway, 0});
}

}  // namespace mtcp::core

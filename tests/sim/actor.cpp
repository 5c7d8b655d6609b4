#include "sim/actor.hpp"

#include <algorithm>
#include <utility>

#include "sim/content.hpp"

namespace mtcp::sim {

namespace {

constexpr std::size_t block = core::chunk_capacity;
constexpr std::uint64_t slow_bite = 4096;  // a slow reader reads no less at once

}  // namespace

actor::actor(event_queue& events, endpoint& at, const end_plan& does, std::uint64_t out_seed, std::uint64_t in_seed,
             journal& log)
    : events_(events), at_(at), does_(does), out_seed_(out_seed), in_seed_(in_seed), log_(log), wake_(events, [this] {
        progress();
      }) {}

void actor::start(core::stream_id id, std::uint64_t early) {
  id_ = id;
  account_.written = early;
  account_.began = account_.last_read = turn_begins_ = events_.now();
  progress();
}

void actor::on_event(const core::event& what) {
  using type = core::event::type;
  if (done_)
    return log_.fail("%s: event %d of stream %lu, which is over", name_of(at_.which()), int(what.kind), what.id);
  if (what.kind == type::readable) drained_ = false;
  if (what.kind == type::writable) blocked_ = false;
  if (what.kind == type::stopped && account_.sending == sent::going_on) account_.sending = sent::stopped;
  progress();
}

void actor::refused() noexcept {
  account_.refused = true;
  done_ = true;
  wake_.cancel();
}

bool actor::stuck_for_good() const noexcept {
  return !done_ && does_.stuck_at && does_.stuck_for == duration::max() && account_.read >= *does_.stuck_at;
}

void actor::progress() {
  if (id_ == 0 || done_) return;
  bool more = true;
  while (more && !done_) {
    more = read_some();
    if (!done_) more |= write_some();
  }
  if (!done_ && account_.sending != sent::going_on && account_.receiving != got::going_on) finish();
  at_.changed();
}

// ---- reading ----

bool actor::read_some() {
  if (account_.receiving != got::going_on) return false;
  if (does_.die_at && account_.read >= *does_.die_at) return die(), false;
  if (does_.stop_at && account_.read >= *does_.stop_at) return give_up_reading(), false;
  if (drained_) return false;
  const std::uint64_t limit = read_limit();
  if (limit <= account_.read) return false;
  const core::read_result result =
      read(static_cast<std::size_t>(std::min<std::uint64_t>(limit - account_.read, 4 * block)));
  drained_ = result.size == 0;
  if (result.size > 0) note_progress();
  if (result.status == core::read_result::state::end) account_.receiving = got::end;
  if (result.status == core::read_result::state::reset) account_.receiving = got::reset;
  return !drained_;
}

// The offset up to which the plan lets it read now.
std::uint64_t actor::read_limit() {
  std::uint64_t limit = does_.read_rate > 0 ? paced_limit() : UINT64_MAX;
  if (does_.die_at) limit = std::min(limit, *does_.die_at);
  if (does_.stop_at) limit = std::min(limit, *does_.stop_at);
  if (!does_.stuck_at) return limit;
  if (account_.read >= *does_.stuck_at && stuck_until_ == timestamp{0}) {
    stuck_until_ = does_.stuck_for == duration::max() ? timestamp::max() : events_.now() + does_.stuck_for;
  }
  if (stuck_until_ != timestamp{0} && events_.now() >= stuck_until_) return limit;
  if (stuck_until_ > events_.now() && stuck_until_ != timestamp::max()) wake_at(stuck_until_);
  return std::min(limit, *does_.stuck_at);
}

std::uint64_t actor::paced_limit() {
  const double elapsed = static_cast<double>((events_.now() - account_.began).count()) * 1e-9;
  const auto limit = static_cast<std::uint64_t>(elapsed * static_cast<double>(does_.read_rate));
  if (limit >= account_.read + slow_bite) return limit;
  wake_at(account_.began + time_of(account_.read + slow_bite, does_.read_rate) + duration(1000));
  return account_.read;
}

// Both forms of read() are used, each by half of the streams.
core::read_result actor::read(std::size_t most) {
  if (in_seed_ % 2 == 0) {
    std::byte bytes[block];
    const auto result = at_.engine().read(id_, std::span(bytes).first(std::min(most, block)), events_.now());
    check(std::span(bytes).first(result.size));
    return result;
  }
  slices_.clear();
  const auto result = at_.engine().read(id_, slices_, most, events_.now());
  const std::uint64_t before = account_.read;
  for (const core::slice& s : slices_) check(s.bytes());
  if (account_.read - before != result.size || result.size > most) {
    log_.fail("stream %lu: read() says %zu bytes of at most %zu, and gives %lu", id_, result.size, most,
              account_.read - before);
  }
  return result;
}

void actor::check(std::span<const std::byte> bytes) {
  const std::size_t right = matching_content(in_seed_, account_.read, bytes);
  if (right != bytes.size()) {
    log_.fail("%s: stream %lu: wrong byte at offset %lu", name_of(at_.which()), id_, account_.read + right);
  }
  account_.read += bytes.size();
}

void actor::note_progress() {
  const duration pause = events_.now() - account_.last_read;
  if (account_.last_read != account_.began && pause > account_.longest_pause) {
    account_.longest_pause = pause;
    account_.pause_ended = events_.now();
  }
  account_.last_read = events_.now();
  note_turns();
}

void actor::note_turns() {
  if (does_.reply_to == 0 || account_.read / does_.reply_to <= turns_answered_) return;
  turns_answered_ = account_.read / does_.reply_to;
  if (does_.lead > 0) account_.turns.push_back(events_.now() - turn_begins_);
  turn_begins_ = events_.now() + does_.think;
}

void actor::give_up_reading() {
  at_.engine().stop_receive(id_);
  account_.receiving = got::given_up;
}

// ---- writing ----

bool actor::write_some() {
  if (account_.sending != sent::going_on || blocked_) return false;
  if (events_.now() < turn_begins_) return wake_at(turn_begins_), false;
  const std::uint64_t limit = write_limit();
  if (account_.written < limit) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(limit - account_.written, block));
    const core::chunk_ref chunk = core::chunk_ref::make();
    fill_content(out_seed_, account_.written, {chunk.data(), size});
    const std::size_t promised = std::min(size, at_.engine().writable(id_));
    const std::size_t taken = out_seed_ % 4 == 0 ? at_.engine().write(id_, std::span(chunk.data(), size))
                                                 : at_.engine().write(id_, core::slice(chunk, 0, size));
    if (taken != promised) log_.fail("stream %lu: write() took %zu, writable() said %zu", id_, taken, promised);
    account_.written += taken;
    blocked_ = taken < size;
    return !blocked_;
  }
  if (account_.written >= does_.send) end_sending();
  return false;
}

std::uint64_t actor::write_limit() const noexcept {
  if (does_.turn == 0) return does_.send;
  return std::min(does_.send, does_.lead + turns_answered_ * does_.turn);
}

void actor::end_sending() {
  using ending = end_plan::ending;
  switch (does_.after) {
    case ending::finish:
      at_.engine().shutdown_send(id_);
      account_.sending = sent::finished;
      return;
    case ending::reset_send:
      at_.engine().reset_send(id_);
      account_.sending = sent::reset;
      return;
    case ending::reset:
      return die();
    case ending::close:
      account_.sending = sent::finished;
      if (account_.receiving == got::going_on) account_.receiving = got::given_up;
      return finish();
  }
}

void actor::die() {
  log_.note("%s: stream %lu reset after %lu out, %lu in", name_of(at_.which()), id_, account_.written, account_.read);
  at_.engine().reset(id_);
  if (account_.sending == sent::going_on) account_.sending = sent::reset;
  if (account_.receiving == got::going_on) account_.receiving = got::given_up;
  account_.died = true;
  done_ = true;
  wake_.cancel();
  at_.changed();
}

void actor::finish() {
  log_.note("%s: stream %lu over after %lu out, %lu in", name_of(at_.which()), id_, account_.written, account_.read);
  at_.engine().close(id_);
  done_ = true;
  wake_.cancel();
}

void actor::note_state() const {
  if (done_) return;
  log_.note("%s: stream %lu: %lu out of %lu%s, %lu in%s, engine: %zu waiting at most", name_of(at_.which()), id_,
            account_.written, does_.send, blocked_ ? " (waits for writable)" : "", account_.read,
            drained_ ? " (waits for readable)" : "", at_.engine().stats().receive_memory);
}

void actor::abandon() {
  if (id_ != 0 && !done_) die();
}

}  // namespace mtcp::sim

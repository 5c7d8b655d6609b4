#include "sim/actor.hpp"

#include <algorithm>
#include <utility>

#include "mtcp/core/stream/leftover.hpp"
#include "sim/content.hpp"

namespace mtcp::sim {

namespace {

constexpr std::size_t block = core::chunk_capacity;
constexpr std::uint64_t slow_bite = 4096;  // a slow reader reads no less at once

}  // namespace

actor::actor(event_queue& events, side which, const end_plan& does, std::uint64_t out_seed, std::uint64_t in_seed,
             journal& log)
    : events_(events),
      side_(which),
      does_(does),
      out_seed_(out_seed),
      in_seed_(in_seed),
      log_(log),
      wake_(events, [this] { progress(); }) {}

void actor::take(session& through, core::stream_id id) {
  session_ = &through;
  id_ = id;
  through.add_stream(id, *this);
}

void actor::start(std::uint64_t early, bool stopped) {
  started_ = true;
  account_.written = early;
  account_.began = account_.last_read = turn_begins_ = events_.now();
  if (stopped) account_.sending = sent::stopped;
  progress();
}

void actor::on_readable() {
  if (done_) return log_.fail("%s: stream %lu is over, and readable", name_of(side_), id_);
  drained_ = false;
  progress();
}

void actor::on_writable() {
  if (done_) return log_.fail("%s: stream %lu is over, and writable", name_of(side_), id_);
  blocked_ = false;
  progress();
}

void actor::on_stopped() {
  if (account_.sending == sent::going_on) account_.sending = sent::stopped;
  progress();
}

// What the peer was told has arrived can still be read; and its end, if it came with it.
void actor::on_session_over(error_code) {
  if (done_) return;
  using state = core::read_result::state;
  auto rest = session_->engine().take_leftover(id_);
  if (rest && started_ && account_.receiving == got::going_on) {
    std::vector<core::slice> slices;
    rest->bytes.read(slices, SIZE_MAX);
    for (const core::slice& piece : slices) check(piece.bytes());
    if (rest->then == state::end) account_.receiving = got::end;
  }
  if (account_.receiving == got::going_on) account_.receiving = got::reset;
  if (account_.sending == sent::going_on) account_.sending = sent::reset;
  account_.lost = true;
  session_ = nullptr;
  done_ = true;
  wake_.cancel();
  log_.note("%s: stream %lu lost after %lu out, %lu in", name_of(side_), id_, account_.written, account_.read);
}

void actor::refused() {
  account_.refused = true;
  leave_session();
  done_ = true;
  wake_.cancel();
}

// The session has forgotten the stream.
void actor::on_refused(error_code why) {
  log_.note("%s: stream %lu refused: %s", name_of(side_), id_, why.message().c_str());
  session_ = nullptr;
  refused();
}

bool actor::stuck_for_good() const noexcept {
  return !done_ && does_.stuck_at && does_.stuck_for == duration::max() && account_.read >= *does_.stuck_at;
}

void actor::progress() {
  if (!started_ || done_) return;
  bool more = true;
  while (more && !done_) {
    more = read_some();
    if (!done_) more |= write_some();
  }
  if (!done_ && account_.sending != sent::going_on && account_.receiving != got::going_on) finish();
  if (!done_) session_->changed();
}

// ---- reading ----

bool actor::read_some() {
  if (account_.receiving != got::going_on) return false;
  if (does_.die_at && account_.read >= *does_.die_at) {
    die();
    return false;
  }
  if (does_.stop_at && account_.read >= *does_.stop_at) {
    give_up_reading();
    return false;
  }
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
    const auto result = session_->engine().read(id_, std::span(bytes).first(std::min(most, block)), events_.now());
    check(std::span(bytes).first(result.size));
    return result;
  }
  slices_.clear();
  const auto result = session_->engine().read(id_, slices_, most, events_.now());
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
    log_.fail("%s: stream %lu: wrong byte at offset %lu", name_of(side_), id_, account_.read + right);
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
  if (does_.every > duration{0}) {
    for (; turns_answered_ < account_.read / does_.reply_to; ++turns_answered_)
      account_.turns.push_back(events_.now() - message_due(turns_answered_));
    return;
  }
  turns_answered_ = account_.read / does_.reply_to;
  if (does_.lead > 0) account_.turns.push_back(events_.now() - turn_begins_);
  turn_begins_ = events_.now() + does_.think;
}

void actor::give_up_reading() {
  session_->engine().stop_receive(id_, core::reset_code::reset, events_.now());
  account_.receiving = got::given_up;
}

// ---- writing ----

bool actor::write_some() {
  if (account_.sending != sent::going_on || blocked_) return false;
  if (events_.now() < turn_begins_) {
    wake_at(turn_begins_);
    return false;
  }
  const std::uint64_t limit = write_limit();
  if (account_.written < limit) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(limit - account_.written, block));
    const core::chunk_ref chunk = core::chunk_ref::make();
    fill_content(out_seed_, account_.written, {chunk.data(), size});
    const std::size_t promised = std::min(size, session_->engine().writable(id_));
    const std::size_t taken = out_seed_ % 4 == 0
                                  ? session_->engine().write(id_, std::span(chunk.data(), size), events_.now()).size
                                  : session_->engine().write(id_, core::slice(chunk, 0, size), events_.now()).size;
    if (taken != promised) log_.fail("stream %lu: write() took %zu, writable() said %zu", id_, taken, promised);
    account_.written += taken;
    blocked_ = taken < size;
    return !blocked_;
  }
  if (account_.written >= does_.send) end_sending();
  return false;
}

std::uint64_t actor::write_limit() {
  if (does_.turn == 0) return does_.send;
  if (does_.every > duration{0}) {
    const auto due = static_cast<std::uint64_t>((events_.now() - account_.began) / does_.every) + 1;
    wake_at(message_due(due));
    return std::min(does_.send, due * does_.turn);
  }
  return std::min(does_.send, does_.lead + turns_answered_ * does_.turn);
}

void actor::end_sending() {
  using ending = end_plan::ending;
  switch (does_.after) {
    case ending::finish:
      session_->engine().shutdown_send(id_, events_.now());
      account_.sending = sent::finished;
      return;
    case ending::reset_send:
      session_->engine().reset_send(id_, core::reset_code::reset, events_.now());
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
  log_.note("%s: stream %lu reset after %lu out, %lu in", name_of(side_), id_, account_.written, account_.read);
  session_->engine().reset(id_, core::reset_code::reset, events_.now());
  if (account_.sending == sent::going_on) account_.sending = sent::reset;
  if (account_.receiving == got::going_on) account_.receiving = got::given_up;
  account_.died = true;
  leave_session();
  done_ = true;
  wake_.cancel();
}

void actor::finish() {
  log_.note("%s: stream %lu over after %lu out, %lu in", name_of(side_), id_, account_.written, account_.read);
  session_->engine().close(id_, events_.now());
  leave_session();
  done_ = true;
  wake_.cancel();
}

void actor::leave_session() {
  if (session_ == nullptr) return;
  session_->remove_stream(id_);
  session_->changed();
  session_ = nullptr;
}

void actor::note_state() const {
  if (done_ || session_ == nullptr) return;
  log_.note("%s: stream %lu: %lu out of %lu%s, %lu in%s, engine: %zu waiting at most", name_of(side_), id_,
            account_.written, does_.send, blocked_ ? " (waits for writable)" : "", account_.read,
            drained_ ? " (waits for readable)" : "", session_->engine().stats().receive_memory);
}

void actor::lose_session() {
  if (session_ != nullptr && !done_) die();
}

}  // namespace mtcp::sim

#include "mtcp/session/dial_pace.hpp"

#include <algorithm>
#include <utility>

namespace mtcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds quick{20};
constexpr double quick_spread = 1;
// Several are needed at once now and then: so much quicker than on average.
constexpr int catching_up = 4;
constexpr double given_spread = 0.2;
constexpr double found_spread = 0.1;
// After the first block. The blocks that people report are set off by two SYNs within about a second.
constexpr seconds first_found{2};
constexpr seconds longest_found{64};
constexpr minutes half_life{30};
// A little longer than the blocks that are reported.
constexpr seconds block_time{61};
// Refusals alone for so long: before, it may be a server that is just being restarted.
constexpr seconds long_refused{10};
// A collapse is put down to dials that began within this time before it: silence is noticed after some seconds.
constexpr seconds recent{45};
constexpr minutes longest_block{300};
// Connections that are too many are ended sooner.
constexpr seconds lasting{10};
// Before TCP's first repeat of a SYN (RFC 6298, section 2.1); on very long lines it has to be later all the same.
constexpr milliseconds before_repeat{900};
// Before its second: that both are lost is rare where other connections do well.
constexpr milliseconds before_second_repeat{2900};
// Between two looks whether a server that had no room has some.
constexpr seconds first_full_pause{10};
constexpr minutes longest_full_pause{2};

}  // namespace

core::timestamp dial_pace::not_before(std::size_t connections) const {
  return connections < allowed_ ? next_ : std::max(next_, blocked_until_);
}

std::optional<core::duration> dial_pace::patience(std::size_t connections) const {
  if (!is_beyond(connections) && !is_careful()) return std::nullopt;
  return short_patience();
}

core::duration dial_pace::short_patience() const {
  return std::max<core::duration>(is_careful() ? before_repeat : before_second_repeat, 2 * dial_time_);
}

void dial_pace::begun(core::timestamp now, std::size_t beside, std::optional<core::duration> renewal) {
  forget(now);
  open_.push_back({now, beside});
  if (is_beyond(beside)) {  // no other until it has come up, or has failed
    look_ = now;
    blocked_until_ = now + std::max(full_pause_, short_patience());
  }
  core::duration pause =
      longer(std::min<core::duration>(quick, renewal ? *renewal / catching_up : quick), quick_spread);
  if (given_ != core::duration::zero()) pause = longer(given_, given_spread);
  if (found_ > given_) pause = longer(found_, found_spread);
  next_ = now + pause;
}

void dial_pace::forget(core::timestamp now) {
  std::erase_if(open_, [now](const attempt& a) { return now - a.begun > recent; });
  while (found_ != core::duration::zero() && now - found_at_ >= half_life) {
    found_ = found_ > first_found / 2 ? found_ / 2 : core::duration::zero();
    found_at_ += half_life;
  }
}

// What comes up in place of a connection that has gone says nothing of a limit.
void dial_pace::succeeded(core::timestamp begun, std::size_t up, core::timestamp now) {
  if (up > together_.size) together_ = {up, now};
  for (attempt& a : open_) a.most = std::max(a.most, up);
  dial_time_ = now - begun;
  refused_since_.reset();
  losing_since_.reset();
  const auto mine = std::ranges::find(open_, begun, &attempt::begun);
  if (mine == open_.end()) return;
  open_.erase(mine);
  if (up <= allowed_ || (begun != look_ && begun < blocked_until_)) return take_back(begun);
  allowed_ = 0;
  full_pause_ = {};
  blocked_until_ = std::min(blocked_until_, begun);
}

void dial_pace::failed(core::timestamp begun, std::size_t up, bool answered) {
  if (up == 0) return;
  if (answered && !refused_since_) refused_since_ = begun;
  if (answered && begun - *refused_since_ < long_refused) return;
  block(begun, up, block_time);
}

// Those that were under way together are refused together, and count once.
void dial_pace::full(core::timestamp begun, std::size_t up, core::timestamp now) {
  std::erase_if(open_, [begun](const attempt& a) { return a.begun == begun; });
  if (full_pause_ != core::duration::zero() && begun <= full_counted_) return;
  full_pause_ = full_pause_ == core::duration::zero() ? core::duration(first_full_pause)
                                                      : std::min<core::duration>(2 * full_pause_, longest_full_pause);
  full_counted_ = now;
  allowed_ = up;
  blocked_until_ = now + longer(full_pause_, found_spread);
}

// A block lets nothing through, so it was none: the pace is not to blame. Should such dials fail, too, it is.
void dial_pace::take_back(core::timestamp begun) {
  answered_ = std::max(answered_, begun);
  const bool within = allowed_ != 0 && begun > blame_.block_began && begun != look_ && begun < blocked_until_;
  if (!within || blame_.stands || blame_.taken_back) return;
  blame_.taken_back = begun;
  found_ = blame_.pace_before;
  next_ = std::min(next_, begun + std::max(found_, given_));
}

void dial_pace::slow_down(core::timestamp begun) {
  found_ = std::clamp<core::duration>(2 * std::max(found_, given_), first_found, longest_found);
  found_at_ = begun;
}

// Dials that were under way together fail together, and count once. As long as none has come up beside those that there
// were, it is the same block, which says nothing new of the pace.
void dial_pace::block(core::timestamp begun, std::size_t up, core::duration time) {
  const auto mine = std::ranges::find(open_, begun, &attempt::begun);
  if (blame_.taken_back && begun > *blame_.taken_back && mine != open_.end() && mine->beside < allowed_) {
    blame_.taken_back.reset();
    blame_.stands = true;
    slow_down(begun);
  }
  if (begun < blocked_until_ - time / 2) return;
  if (allowed_ == 0) {
    blame_ = {.block_began = begun, .pace_before = found_};
    if (answered_ <= begun) slow_down(begun);
  }
  refused_since_.reset();
  const bool beyond = mine != open_.end() && mine->beside >= allowed_;
  allowed_ = std::max({up, mine == open_.end() ? 0 : mine->most, beyond ? allowed_ : 0});
  blocked_until_ = begun + longer(time, found_spread);
}

void dial_pace::forgive() {
  open_.clear();
  refused_since_.reset();
  together_ = {};
  allowed_ = 0;
  full_pause_ = {};
  next_ = blocked_until_ = core::timestamp(0);
}

// A network that counts connections has to see the end of both directions, which takes a round trip: a third of a dial.
void dial_pace::ended(core::timestamp now) {
  if (allowed_ != 0) next_ = std::max(next_, now + dial_time_ / 2);
}

void dial_pace::lost(std::size_t left, core::timestamp now) {
  if (!losing_since_) losing_since_ = now;
  if (left == 0) collapsed(now);
}

// A dial beyond a limit that the network enforces in this way has not come up, and neither has one behind it. What was
// dialled in place of the first bridges that ended is no cause of that.
void dial_pace::collapsed(core::timestamp now) {
  forget(now);
  const company ended = std::exchange(together_, {});
  if (ended.size > 0 && now - ended.since >= lasting) stood_ = std::max(stood_, ended.size);
  std::size_t least = 0;
  for (const attempt& a : open_)
    if (a.beside > 0 && a.begun < *losing_since_ && (least == 0 || a.beside < least)) least = a.beside;
  open_.clear();
  if (least == 0) return;
  // It may have become too many since: the next collapse counts.
  if (std::exchange(stood_, 0) > least) return;
  punished_ = punished_ == core::duration::zero() ? core::duration(block_time)
                                                  : std::min<core::duration>(10 * punished_, longest_block);
  block(now, least, punished_);
}

}  // namespace mtcp

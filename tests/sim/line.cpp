#include "sim/line.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

line::line(event_queue& events, const options& o, random chance) : events_(events), options_(o), chance_(chance) {
  if (o.police) police_.emplace(*o.police);
}

bool line::lost(std::size_t size) {
  if (size > options_.largest || swallowing() || (options_.loss > 0 && chance_.chance(options_.loss))) return true;
  return police_ && size > 0 &&  // acks are too small to be policed
         !police_->admit(size, events_.now());
}

// A network that counts what a connection carries.
void line::watch(std::size_t size) {
  const std::uint64_t before = carried_;
  carried_ += size;
  if (options_.fades_after > 0 && before < options_.fades_after && carried_ >= options_.fades_after) fade();
  frozen_ |= options_.freezes_after > 0 && carried_ >= options_.freezes_after;
}

void line::send(std::size_t size, event_queue::action arrived) {
  last_used_ = events_.now();
  if (lost(size)) return;
  watch(size);
  if (frozen_) return;  // what is on the way arrives
  options_.narrow->enqueue(size, [this, size, arrived = std::move(arrived)]() mutable {
    if (swallowing()) return;
    if (!options_.common) return propagate(std::move(arrived));
    options_.common->enqueue(size, [this, arrived = std::move(arrived)]() mutable { propagate(std::move(arrived)); });
  });
}

void line::propagate(event_queue::action arrived) {
  duration travel = options_.delay;
  if (options_.jitter > duration{0}) {
    travel += duration(static_cast<std::int64_t>(chance_.below(static_cast<std::uint64_t>(options_.jitter.count()))));
  }
  const timestamp leaves = std::max(events_.now(), held_until_);
  last_arrival_ = std::max(last_arrival_, leaves + travel);  // jitter delays, it never reorders
  events_.at(last_arrival_, std::move(arrived));
}

}  // namespace mtcp::sim

#include "sim/bottleneck.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

bottleneck::bottleneck(event_queue& events, const options& o)
    : events_(events), options_(o), departure_(events, [this] { depart(); }) {}

bool bottleneck::enqueue(std::size_t size, event_queue::action departed) {
  if (!waiting_.empty() && backlog_ + size > options_.queue) return false;
  waiting_.push_back({size, std::move(departed)});
  backlog_ += size;
  if (waiting_.size() == 1) serve();
  return true;
}

void bottleneck::serve() {
  const duration allowance = time_of(options_.burst, options_.rate);
  used_until_ = std::max(used_until_, events_.now()) + time_of(waiting_.front().size, options_.rate);
  departure_.arm(used_until_ - allowance);
}

void bottleneck::depart() {
  packet gone = std::move(waiting_.front());
  waiting_.pop_front();
  backlog_ -= gone.size;
  if (!waiting_.empty()) serve();
  gone.departed();
}

void bottleneck::set_rate(std::uint64_t rate) {
  const double stretch = static_cast<double>(options_.rate) / static_cast<double>(rate);
  const duration left = std::max(duration{0}, used_until_ - events_.now());
  used_until_ = events_.now() + duration(static_cast<std::int64_t>(static_cast<double>(left.count()) * stretch));
  options_.rate = rate;
  if (!waiting_.empty()) departure_.arm(used_until_ - time_of(options_.burst, rate));
}

bool policer::admit(std::size_t size, timestamp now) noexcept {
  const timestamp until = std::max(used_until_, now) + time_of(size, options_.rate);
  if (until - now > time_of(options_.burst, options_.rate)) return false;
  used_until_ = until;
  return true;
}

}  // namespace mtcp::sim

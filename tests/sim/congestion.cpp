#include "sim/congestion.hpp"

#include <algorithm>

#include "sim/bbr.hpp"
#include "sim/loss_based.hpp"

namespace mtcp::sim {

namespace {

constexpr duration min_timeout = std::chrono::milliseconds(200);
constexpr duration max_timeout = std::chrono::seconds(120);

}  // namespace

void round_trip::sample(duration rtt) noexcept {
  const duration error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
  variation_ += (error - variation_) / 4;
  smoothed_ += (rtt - smoothed_) / 8;
}

duration round_trip::timeout() const noexcept {
  const duration base = std::max(min_timeout, smoothed_ + 4 * variation_);
  return std::min(max_timeout, base * (1 << std::min(expiries_, 10)));
}

std::unique_ptr<congestion> congestion::make(control which, std::size_t segment, std::size_t initial_window,
                                             duration round_trip) {
  if (which == control::bbr) return std::make_unique<bbr>(segment, initial_window, round_trip);
  if (which == control::reno) return std::make_unique<loss_based>(segment, initial_window, loss_based::reno);
  if (which == control::cubic) return std::make_unique<loss_based>(segment, initial_window, loss_based::cubic);
  return std::make_unique<loss_based>(segment, initial_window, loss_based::careful);
}

}  // namespace mtcp::sim

#include "rate_series.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mtcp::client::line {
namespace {

constexpr double resolution = 0.02;
// A fade is from one rate that lasted to another one: a burst in front of a limit, or a pause, is none.
constexpr double shortest_before = 0.4, shortest_after = 0.8;
constexpr double much_slower = 2.5;
// What has been silent for this part of the time has stopped, however little came before.
constexpr double long_silence = 0.4;

}  // namespace

void rate_series::add(double seconds, std::uint64_t total) {
  if (!all_.empty() && seconds - all_.back().at < resolution)
    all_.back().total = total;
  else
    all_.push_back({seconds, total});
}

// Between the first and the last arrival inside. Silence at the end that is longer than any other pause counts.
double rate_series::rate(double from, double to) const {
  const auto first = std::ranges::find_if(all_, [&](const sample& s) { return s.at >= from; });
  const auto end = std::find_if(first, all_.end(), [&](const sample& s) { return s.at > to; });
  if (end - first < 2) return 0;
  double pause = 0;
  for (auto next = first + 1; next != end; ++next) pause = std::max(pause, next->at - (next - 1)->at);
  const sample& last = *(end - 1);
  const double until = to - last.at > 2 * pause + resolution ? to : last.at;
  return static_cast<double>(last.total - first->total) / (until - first->at);
}

std::optional<fade> rate_series::find_fade(double end) const {
  if (all_.empty()) return {};
  const sample& first = all_.front();
  const sample& last = all_.back();
  if (last.total != 0 && end - last.at >= std::max(shortest_after, long_silence * end))
    return fade{static_cast<double>(last.total) / std::max(last.at, resolution), 0, static_cast<double>(last.total),
                last.at};
  std::optional<fade> found;
  for (const sample& s : all_) {
    if (s.at - first.at < shortest_before || end - s.at < shortest_after) continue;
    const double before = static_cast<double>(s.total - first.total) / (s.at - first.at);
    const double after = static_cast<double>(all_.back().total - s.total) / (end - s.at);
    if (before < much_slower * after || (found && before * found->after <= found->before * after)) continue;
    found = fade{before, after, static_cast<double>(s.total), s.at};
  }
  return found;
}

double spread_of(const std::vector<double>& rates) {
  if (rates.size() < 2) return 0;
  const auto count = static_cast<double>(rates.size());
  const double mean = std::accumulate(rates.begin(), rates.end(), 0.0) / count;
  if (!(mean > 0)) return 0;
  double squares = 0;
  for (const double r : rates) squares += (r - mean) * (r - mean);
  return std::sqrt(squares / (count - 1)) / mean;
}

std::optional<double> median_of(std::vector<double> values) {
  if (values.empty()) return {};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace mtcp::client::line

// How much had arrived when: what a rate is taken from. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "figures.hpp"

namespace mtcp::client::line {

class rate_series {
 public:
  /// `total` bytes have arrived by then. What comes within 20 ms is one sample, so that memory is bounded.
  void add(double seconds, std::uint64_t total);
  /// Bytes per second in a part of the time; 0 if nothing arrived in it. It begins and ends with arrivals, as far as
  /// that goes: on slow lines pieces are few, and one more or less would matter.
  double rate(double from, double to) const;
  /// Whether it began fast and went on slowly.
  std::optional<fade> find_fade(double end) const;

 private:
  struct sample {
    double at;
    std::uint64_t total;
  };
  std::vector<sample> all_;
};

/// The standard deviation of `rates` by their mean; 0 for fewer than two.
double spread_of(const std::vector<double>& rates);
/// Empty for none.
std::optional<double> median_of(std::vector<double> values);

}  // namespace mtcp::client::line

// When a line is silent: once in every period, at a random point, for a random time. Pure: the same for the same seed.
#pragma once

#include <cstdint>
#include <random>

#include "lab/options.hpp"

namespace mtcp::lines {

class silences {
 public:
  silences(const line_options& options, time_point start)
      : every_(options.silent_every),
        least_(options.silent_least),
        most_(options.silent_most),
        random_(options.seed),
        period_(start) {
    if (every_ > duration{0}) draw();
  }

  /// Time does not go back.
  bool at(time_point now) {
    if (every_ <= duration{0}) return false;
    while (now >= period_ + every_) {
      period_ += every_;
      draw();
    }
    return begin_ <= now && now < end_;
  }

 private:
  void draw() {
    const duration length = least_ + between_none_and(most_ - least_);
    begin_ = period_ + between_none_and(every_ - length);
    end_ = begin_ + length;
  }
  duration between_none_and(duration most) {
    return duration(
        static_cast<std::int64_t>(static_cast<double>(random_() >> 11) * 0x1p-53 * static_cast<double>(most.count())));
  }

  duration every_, least_, most_;
  std::mt19937_64 random_;
  time_point period_, begin_{}, end_{};
};

}  // namespace mtcp::lines

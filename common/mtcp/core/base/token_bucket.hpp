// A rate with a burst: used for a path's rate limit and for the budget of speculative copies.
#pragma once

#include <algorithm>
#include <chrono>

#include "mtcp/types.hpp"

namespace mtcp::core {

class token_bucket {
 public:
  /// `rate` per second, at most `burst` saved up; starts full.
  token_bucket(double rate, double burst) : token_bucket(rate, burst, burst) {}
  /// Starts with `level`.
  token_bucket(double rate, double burst, double level) : rate_(rate), burst_(burst), level_(level) {}

  void refill(timestamp now) {
    if (now <= filled_at_) return;
    if (filled_at_ > timestamp::zero()) {
      level_ = std::min(burst_, level_ + rate_ * std::chrono::duration<double>(now - filled_at_).count());
    }
    filled_at_ = now;
  }
  void earn(double amount) { level_ = std::min(burst_, level_ + amount); }
  /// May go below zero: a frame is never cut for the last token.
  void spend(double amount) { level_ -= amount; }
  bool empty() const { return level_ <= 0; }
  double level() const { return level_; }
  /// When there is a token again, if there is none.
  timestamp ready_at() const {
    return filled_at_ + std::chrono::ceil<duration>(std::chrono::duration<double>((1 - level_) / rate_));
  }

 private:
  double rate_;
  double burst_;
  double level_;
  timestamp filled_at_{0};
};

}  // namespace mtcp::core

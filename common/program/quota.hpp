// How much somebody or something may carry in a day, in a month, or in all, and how much of that was carried. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "mtcp/types.hpp"
#include "program/date.hpp"

namespace mtcp::program {

struct quota {
  enum class period : std::uint8_t { day, month, total };  ///< days and months of local time
  std::uint64_t bytes = 0;                                 ///< both ways together; 0: there is none
  period each = period::total;

  bool any() const noexcept { return bytes != 0; }
  friend bool operator==(const quota&, const quota&) = default;
};

/// "100MB/day", "20GB/month" or "5GB/total". Throws std::invalid_argument, saying what was expected.
quota parse_quota(const std::string& text);
/// "day", "month" or "total".
const char* name_of(quota::period each) noexcept;
/// "100 MB a day".
std::string in_words(const quota& allowed);

class quota_account {
 public:
  /// What outlives the program.
  struct record {
    date seen{};  ///< a day of the period
    std::uint64_t used = 0;
    friend bool operator==(const record&, const record&) = default;
  };

  /// `kept` is of earlier, or empty.
  quota_account(const quota& allowed, const record& kept, date today);

  /// Another quota; what has been used stays.
  void allow(const quota& allowed);
  const quota& allowed() const noexcept { return allowed_; }
  const record& kept() const noexcept { return kept_; }

  /// So many more were carried.
  void add(std::uint64_t bytes);
  /// The same for who looks now and then, next_look() at the latest. It is used up a little before the last byte then,
  /// since what is under way arrives still.
  void count(std::uint64_t bytes, core::timestamp now);
  /// When to count again, at the latest: so that little is carried beyond the quota.
  core::duration next_look() const;
  /// What day it is. A clock that is set back gives nothing anew.
  void turn(date today);
  bool used_up() const noexcept { return used_up_; }

 private:
  bool same_period(date one, date other) const;
  bool reached(double bytes) const;

  quota allowed_;
  record kept_;
  bool used_up_ = false;
  core::timestamp counted_at_{0};
  double rate_ = 0;  // bytes per second, of late
};

}  // namespace mtcp::program

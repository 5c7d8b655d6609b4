// What was carried, by what it was for: destinations, source addresses, users and paths. Kept day by day, so that
// today, the last seven days and this month are known. Pure, and bounded: of what there is too much, the least goes
// into one sum for all the others.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "program/date.hpp"

namespace mtcp::program {

/// Bytes; `up` is client to server.
struct amount {
  std::uint64_t up = 0, down = 0;
  std::uint64_t both() const noexcept { return up + down; }
  amount& operator+=(const amount& more) {
    up += more.up;
    down += more.down;
    return *this;
  }
  friend amount operator-(const amount& a, const amount& b) noexcept { return {a.up - b.up, a.down - b.down}; }
  friend bool operator==(const amount&, const amount&) = default;
};

class totals {
 public:
  enum class kind : std::uint8_t { destination, source, user, path };
  static constexpr std::size_t kinds = 4;
  /// The name of what is not kept one by one.
  static constexpr const char* others = "";
  /// Of one name: the last ones, enough for the longest month and the week before its first day.
  static constexpr std::size_t days_kept = 38;
  using days = std::map<std::chrono::sys_days, amount>;
  using names = std::map<std::string, days>;

  /// So many names of each kind are kept, and the others.
  explicit totals(std::size_t most = 1'000) : most_(most) {}

  void add(kind what, const std::string& name, amount more, date today);

  struct row {
    std::string name;
    amount today, week, month;  ///< `week` is today and the six days before
  };
  /// Those that have carried something this week or this month, the most first.
  std::vector<row> rows(kind what, date today) const;

  const names& kept(kind what) const { return kept_[static_cast<std::size_t>(what)]; }
  /// Forgets all names of that kind.
  void clear(kind what) { kept_[static_cast<std::size_t>(what)].clear(); }

 private:
  void make_room(names& in, date today);

  std::size_t most_;
  std::array<names, kinds> kept_;
};

}  // namespace mtcp::program

// What streams carry, written down: totals, which may outlive the program, and the last streams that have closed.
//
// Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mtcp/types.hpp"
#include "program/closed_streams.hpp"
#include "program/kept_file.hpp"
#include "program/totals.hpp"

namespace mtcp::program {

class traffic_book {
 public:
  /// `directory` may be null: totals begin anew with the program. Without `destinations` none is kept, neither in
  /// memory nor there. Throws settings_error if what was kept cannot be understood.
  explicit traffic_book(std::shared_ptr<const state_dir> directory = nullptr, bool destinations = true);

  bool keeps_destinations() const noexcept { return destinations_; }
  /// By which name a destination is counted: the part that somebody has registered. Empty if none is kept.
  std::string destination_of(const core::target& to) const;

  void add(totals::kind what, const std::string& name, amount more);
  void close(closed_stream one) { closed_.add(std::move(one)); }

  const totals& all() const noexcept { return totals_; }
  const closed_streams& closed() const noexcept { return closed_; }
  date today() const;

  /// To be called now and then: keeps what has been added, once a minute at most, without waiting for the disk.
  void save_meanwhile(core::timestamp now);
  /// Keeps it at once.
  void save();

 private:
  std::shared_ptr<const state_dir> directory_;
  std::optional<kept_file> file_;
  bool destinations_;
  totals totals_;
  closed_streams closed_;
  bool changed_ = false;
  core::timestamp saved_at_{0};
  mutable std::int64_t minute_ = -1;  // since 1970, of the day that is known
  mutable date today_{};
};

}  // namespace mtcp::program

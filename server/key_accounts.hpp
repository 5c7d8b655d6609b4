// What the holders of each key use now, and may: streams at once, dials a second, bytes a second and in a month.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "granted_keys.hpp"
#include "mtcp/core/base/token_bucket.hpp"
#include "mtcp/relay.hpp"
#include "program/quota_book.hpp"
#include "program/totals.hpp"

namespace mtcp::server {

class key_account final : public relay_pace {
 public:
  using clock = std::chrono::steady_clock;
  enum class verdict : std::uint8_t { granted, too_many_streams, too_many_dials, used_up };

  /// What has been carried in a month may be known from earlier.
  explicit key_account(const program::quota_account::record& kept = {}, program::date today = program::local_date())
      : month_({.each = program::quota::period::month}, kept, today) {}

  /// One stream more, and perhaps a dial for it. If that is granted, leave() has to follow.
  verdict enter(clock::time_point now, bool dials);
  void leave();
  /// Replaces the limits; what is in use stays in use.
  void set_limits(const key_limits& limits);

  /// Bytes have crossed: how long that direction has to wait, since the rate is that of all. They count for the month.
  std::chrono::nanoseconds crossed(std::size_t bytes, bool to_local) override;
  /// For datagrams, which do not wait: whether this one may cross. If so, it counts as well.
  bool admits(std::size_t bytes, bool up, clock::time_point now);
  /// What has crossed since the program was started.
  program::amount carried() const;
  /// What the month's bytes have come to.
  program::quota_account month() const;
  bool is_used_up() const;
  /// What day it is: a month may begin.
  void turn(program::date today);
  /// Called, by whichever thread, whenever the month's bytes are used up. Before anything is counted.
  void on_used_up(std::function<void()> told) { told_ = std::move(told); }

  /// Whether to log that something was refused: true at most every 10 s.
  bool may_complain(clock::time_point now);
  struct usage {
    std::size_t streams = 0;
    std::uint64_t refused_total = 0;
  };
  usage used() const;

 private:
  std::chrono::nanoseconds spend(core::token_bucket& from, std::size_t bytes, clock::time_point now);
  void count(program::quota_account& month, std::size_t bytes, bool up);
  /// Does something to the month's account, and tells if that has used it up.
  template <class Change>
  void change_month(const Change& change);

  std::function<void()> told_;
  mutable std::mutex mutex_;  // protects what follows
  key_limits limits_;
  program::quota_account month_;
  program::amount carried_;
  usage used_;
  core::token_bucket dials_{0, 0}, up_{0, 0}, down_{0, 0};
  clock::time_point silent_until_{};
};

class key_accounts {
 public:
  using account_ref = std::shared_ptr<key_account>;

  /// Where the months' counts are kept; null: nowhere. Throws settings_error, see quota_book.
  explicit key_accounts(const program::state_dir* kept_in = nullptr);

  /// Who hears, in whichever thread, that a key has used up its month. Before set().
  void on_used_up(std::function<void(const key_id&)> told) { told_ = std::move(told); }
  /// What is in use, and was carried, stays.
  void set(const granted_keys& keys);
  /// One that is in no key file any more has no limits.
  account_ref of(const key_id& id);
  void each(const std::function<void(const granted_key&, const key_account&)>& visit) const;
  /// What day it is; keeps the counts, now and then. Returns whose month has begun anew, of those that had used it up.
  std::vector<std::string> look(program::date today, core::timestamp now);
  /// Keeps the counts, at once.
  void save();

 private:
  struct holder {
    granted_key key;
    account_ref account;
  };
  account_ref make_account(const key_id& id) const;
  std::vector<program::quota_book::entry> counts() const;

  std::function<void(const key_id&)> told_;
  mutable std::mutex mutex_;  // protects what follows
  program::quota_book book_;
  std::map<key_id, holder> holders_;
};

/// A place for a stream of a key, given back at the end.
class stream_place {
 public:
  enum class kind : std::uint8_t { dialled, accepted };

  stream_place(key_accounts::account_ref of, kind what)
      : of_(std::move(of)), verdict_(of_->enter(key_account::clock::now(), what == kind::dialled)) {}
  stream_place(const stream_place&) = delete;
  stream_place& operator=(const stream_place&) = delete;
  ~stream_place() {
    if (granted()) of_->leave();
  }
  key_account::verdict verdict() const noexcept { return verdict_; }
  bool granted() const noexcept { return verdict_ == key_account::verdict::granted; }
  key_account& account() const noexcept { return *of_; }
  /// For the stream's relay, whose bytes it counts.
  relay_pace* pace() const noexcept { return of_.get(); }

 private:
  key_accounts::account_ref of_;
  key_account::verdict verdict_;
};

}  // namespace mtcp::server

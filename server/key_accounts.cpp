#include "key_accounts.hpp"

#include <algorithm>

namespace mtcp::server {
namespace {

constexpr std::chrono::seconds silence{10};
// For streams of a key that has used up its month: they are about to be reset.
constexpr std::chrono::seconds standstill{10};

/// As much at once as a relay moves, and a tenth of a second.
double burst_of(std::uint64_t rate) { return std::max(static_cast<double>(rate) / 10, 256.0 * 1024); }

}  // namespace

key_account::verdict key_account::enter(clock::time_point now, bool dials) {
  const std::lock_guard lock(mutex_);
  const auto refuse = [this](verdict why) {
    ++used_.refused_total;
    return why;
  };
  if (month_.used_up()) return refuse(verdict::used_up);
  if (limits_.streams != 0 && used_.streams >= limits_.streams) return refuse(verdict::too_many_streams);
  if (dials && limits_.dials != 0) {
    dials_.refill(now.time_since_epoch());
    if (dials_.level() < 1) return refuse(verdict::too_many_dials);
    dials_.spend(1);
  }
  ++used_.streams;
  return verdict::granted;
}

void key_account::leave() {
  const std::lock_guard lock(mutex_);
  --used_.streams;
}

template <class Change>
void key_account::change_month(const Change& change) {
  bool becomes_used_up = false;
  {
    const std::lock_guard lock(mutex_);
    const bool before = month_.used_up();
    change(month_);
    becomes_used_up = !before && month_.used_up();
  }
  if (becomes_used_up && told_) told_();
}

void key_account::set_limits(const key_limits& limits) {
  {
    const std::lock_guard lock(mutex_);
    if (limits.dials != limits_.dials) dials_ = core::token_bucket(limits.dials, limits.dials);
    if (limits.rate != limits_.rate)
      up_ = down_ = core::token_bucket(static_cast<double>(limits.rate), burst_of(limits.rate));
    limits_ = limits;
  }
  change_month([&](program::quota_account& month) {
    month.allow({.bytes = limits.bytes_per_month, .each = program::quota::period::month});
  });
}

std::chrono::nanoseconds key_account::spend(core::token_bucket& from, std::size_t bytes, clock::time_point now) {
  from.refill(now.time_since_epoch());
  from.spend(static_cast<double>(bytes));
  if (from.level() >= 0) return {};
  const std::chrono::duration<double> wait(-from.level() / static_cast<double>(limits_.rate));
  return std::chrono::ceil<std::chrono::nanoseconds>(wait);
}

void key_account::count(program::quota_account& month, std::size_t bytes, bool up) {
  month.add(bytes);
  (up ? carried_.up : carried_.down) += bytes;
}

std::chrono::nanoseconds key_account::crossed(std::size_t bytes, bool to_local) {
  std::chrono::nanoseconds wait{};
  change_month([&](program::quota_account& month) {
    count(month, bytes, to_local);
    if (limits_.rate != 0) wait = spend(to_local ? up_ : down_, bytes, clock::now());
    if (month.used_up()) wait = standstill;
  });
  return wait;
}

bool key_account::admits(std::size_t bytes, bool up, clock::time_point now) {
  bool granted = false;
  change_month([&](program::quota_account& month) {
    core::token_bucket& from = up ? up_ : down_;
    if (limits_.rate != 0) from.refill(now.time_since_epoch());
    granted = !month.used_up() && (limits_.rate == 0 || from.level() >= 0);
    if (!granted) return;
    if (limits_.rate != 0) from.spend(static_cast<double>(bytes));
    count(month, bytes, up);
  });
  return granted;
}

program::amount key_account::carried() const {
  const std::lock_guard lock(mutex_);
  return carried_;
}

program::quota_account key_account::month() const {
  const std::lock_guard lock(mutex_);
  return month_;
}

bool key_account::is_used_up() const {
  const std::lock_guard lock(mutex_);
  return month_.used_up();
}

void key_account::turn(program::date today) {
  const std::lock_guard lock(mutex_);
  month_.turn(today);
}

bool key_account::may_complain(clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (now < silent_until_) return false;
  silent_until_ = now + silence;
  return true;
}

key_account::usage key_account::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

key_accounts::key_accounts(const program::state_dir* kept_in)
    : book_(kept_in, {.file = "keys.json",
                      .whose = "keys",
                      .trouble = "what keys carry is counted, but forgotten when the program ends"}) {}

key_accounts::account_ref key_accounts::make_account(const key_id& id) const {
  auto made = std::make_shared<key_account>(book_.of(to_string(id)));
  made->on_used_up([this, id] {
    if (told_) told_(id);
  });
  return made;
}

// A key that comes back later finds what it had carried in the book.
void key_accounts::set(const granted_keys& keys) {
  std::vector<account_ref> changed;
  {
    const std::lock_guard lock(mutex_);
    book_.remember(counts());
    std::map<key_id, holder> now;
    for (const granted_key& one : keys) {
      const auto found = holders_.find(one.key->id());
      const account_ref account = found == holders_.end() ? make_account(one.key->id()) : found->second.account;
      changed.push_back(now.emplace(one.key->id(), holder{one, account}).first->second.account);
    }
    holders_ = std::move(now);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) changed[i]->set_limits(keys[i].limits);
}

key_accounts::account_ref key_accounts::of(const key_id& id) {
  const std::lock_guard lock(mutex_);
  const auto found = holders_.find(id);
  return found == holders_.end() ? std::make_shared<key_account>() : found->second.account;
}

void key_accounts::each(const std::function<void(const granted_key&, const key_account&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, one] : holders_) visit(one.key, *one.account);
}

std::vector<program::quota_book::entry> key_accounts::counts() const {
  std::vector<program::quota_book::entry> all;
  for (const auto& [id, one] : holders_) {
    const program::quota_account month = one.account->month();
    if (month.kept().used != 0 || month.allowed().any())
      all.push_back({to_string(id), month.kept(), month.allowed().bytes});
  }
  return all;
}

std::vector<std::string> key_accounts::look(program::date today, core::timestamp now) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> anew;
  for (const auto& [id, one] : holders_) {
    const bool before = one.account->is_used_up();
    one.account->turn(today);
    if (before && !one.account->is_used_up()) anew.push_back(one.key.name());
  }
  book_.keep(counts(), now);
  return anew;
}

void key_accounts::save() {
  const std::lock_guard lock(mutex_);
  book_.save(counts());
}

}  // namespace mtcp::server

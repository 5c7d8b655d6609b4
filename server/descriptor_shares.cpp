#include "descriptor_shares.hpp"

namespace mtcp::server {
namespace {

constexpr std::chrono::seconds silence{10};

}  // namespace

descriptor_shares::descriptor_shares(std::size_t capacity, std::size_t keys) : capacity_(capacity) { set_keys(keys); }

void descriptor_shares::set_keys(std::size_t keys) {
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::max<std::size_t>(keys, 1);
  own_part_ = capacity_ / 2 / count;
  common_ = capacity_ - own_part_ * count;
  common_taken_ = 0;
  for (const auto& [holder, a] : accounts_) common_taken_ += common_of(a);
}

bool descriptor_shares::take_one(account& of) {
  if (of.held >= own_part_) {
    const std::size_t free = common_ - std::min(common_, common_taken_);
    if (common_of(of) >= free) return false;
    ++common_taken_;
  }
  ++of.held;
  return true;
}

std::size_t descriptor_shares::take(const key_id& holder, std::size_t wanted) {
  const std::lock_guard lock(mutex_);
  account& of = accounts_[holder];
  std::size_t taken = 0;
  while (taken < wanted && take_one(of)) ++taken;
  return taken;
}

void descriptor_shares::give_back(const key_id& holder, std::size_t count) {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(holder);
  account& of = found->second;
  common_taken_ -= common_of(of);
  of.held -= count;
  common_taken_ += common_of(of);
  if (of.held == 0) accounts_.erase(found);
}

bool descriptor_shares::may_complain(const key_id& holder, clock::time_point now) {
  const std::lock_guard lock(mutex_);
  account& of = accounts_[holder];
  if (now < of.silent_until) return false;
  of.silent_until = now + silence;
  return true;
}

}  // namespace mtcp::server

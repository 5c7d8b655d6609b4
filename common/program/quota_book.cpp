#include "program/quota_book.hpp"

#include <sysexits.h>

#include <algorithm>
#include <stdexcept>

namespace mtcp::program {
namespace {

// A program that is killed forgets no more than was carried in this time, nor more than this part of a quota, unless
// that is carried in less than a second.
constexpr std::chrono::seconds save_interval{10};
constexpr std::chrono::seconds least_save_interval{1};
constexpr double save_share = 0.004;

}  // namespace

quota_book::quota_book(const state_dir* in, const where& place) : whose_(place.whose) {
  if (in == nullptr) return;
  file_.emplace(*in, place.file, place.trouble);
  const auto text = file_->read();
  try {
    if (text) kept_ = parse_quota_records(*text, whose_);
  } catch (const std::invalid_argument& e) {
    throw settings_error(EX_CONFIG, file_->place() + ": " + e.what());
  }
}

quota_account::record quota_book::of(const std::string& name) const {
  const auto known = kept_.find(name);
  return known == kept_.end() ? quota_account::record() : known->second;
}

bool quota_book::is_worth_it(const std::vector<entry>& all, core::timestamp now) const {
  if (now - kept_at_ < least_save_interval) return false;
  if (changed_) return true;
  return std::ranges::any_of(all, [&](const entry& one) {
    const auto last = kept_.find(one.name);
    if (last == kept_.end() || last->second.seen != one.now.seen) return true;
    const auto more = static_cast<double>(one.now.used - last->second.used);
    const bool much = one.allowed != 0 && more >= save_share * static_cast<double>(one.allowed);
    return more > 0 && (much || now - kept_at_ >= save_interval);
  });
}

void quota_book::remember(const std::vector<entry>& all) {
  for (const entry& one : all) {
    changed_ = changed_ || of(one.name) != one.now;
    kept_[one.name] = one.now;
  }
}

void quota_book::keep(const std::vector<entry>& all, core::timestamp now) {
  if ((file_ && file_->is_busy()) || !is_worth_it(all, now)) return;
  kept_at_ = now;
  remember(all);
  changed_ = false;
  if (file_) file_->replace_meanwhile(to_text(kept_, whose_));
}

void quota_book::save(const std::vector<entry>& all) {
  remember(all);
  changed_ = false;
  if (file_) file_->replace(to_text(kept_, whose_));
}

}  // namespace mtcp::program

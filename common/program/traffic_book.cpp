#include "program/traffic_book.hpp"

#include <sysexits.h>

#include <chrono>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "program/registrable_domain.hpp"
#include "program/totals_records.hpp"

namespace mtcp::program {
namespace {

// A program that is killed forgets no more than was carried in this time.
constexpr std::chrono::minutes save_interval{1};

}  // namespace

traffic_book::traffic_book(std::shared_ptr<const state_dir> directory, bool destinations)
    : directory_(std::move(directory)), destinations_(destinations) {
  if (!directory_) return;
  file_.emplace(*directory_, "totals.json", "what was carried is counted, but forgotten when the program ends");
  const auto text = file_->read();
  try {
    if (text) restore(totals_, *text);
  } catch (const std::invalid_argument& e) {
    throw settings_error(EX_CONFIG, file_->place() + ": " + e.what());
  }
  if (destinations_) return;
  totals_.clear(totals::kind::destination);
  changed_ = text.has_value();  // the file must forget them, too
}

std::string traffic_book::destination_of(const core::target& to) const {
  return destinations_ ? registrable_domain(to.host) : std::string();
}

void traffic_book::add(totals::kind what, const std::string& name, amount more) {
  totals_.add(what, name, more, today());
  changed_ = true;
}

// Time zones change at whole minutes.
date traffic_book::today() const {
  const std::int64_t minute = std::time(nullptr) / 60;
  if (std::exchange(minute_, minute) != minute) today_ = local_date();
  return today_;
}

void traffic_book::save_meanwhile(core::timestamp now) {
  if (!changed_ || !file_ || file_->is_busy()) return;
  if (saved_at_ != core::timestamp(0) && now - saved_at_ < save_interval) return;
  saved_at_ = now;
  changed_ = false;
  file_->replace_meanwhile(to_text(totals_));
}

void traffic_book::save() {
  if (!changed_ || !file_) return;
  changed_ = false;
  file_->replace(to_text(totals_));
}

}  // namespace mtcp::program

#include "program/kept_file.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <system_error>
#include <utility>

namespace mtcp::program {

kept_file::kept_file(const state_dir& in, std::string name, std::string trouble)
    : in_(in), name_(std::move(name)), trouble_(std::move(trouble)) {}

bool kept_file::is_busy() const {
  return writing_.valid() && writing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
}

void kept_file::replace_meanwhile(std::string text) {
  if (is_busy()) return;
  if (writing_.valid()) note(writing_.get());
  const auto write = [this, text = std::move(text)]() -> error_code { return in_.replace(name_, text); };
  try {
    writing_ = std::async(std::launch::async, write);
  } catch (const std::system_error&) {  // there can be no more threads
    note(write());
  }
}

void kept_file::replace(const std::string& text) {
  if (writing_.valid()) note(writing_.get());
  note(in_.replace(name_, text));
}

void kept_file::note(error_code error) {
  if (error && !failed_) spdlog::warn("{}: {}: {}", place(), error.message(), trouble_);
  if (!error && failed_) spdlog::info("{} is written again", place());
  failed_ = static_cast<bool>(error);
}

}  // namespace mtcp::program

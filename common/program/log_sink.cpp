#include "program/log_sink.hpp"

#include <spdlog/details/log_msg.h>

#include <climits>
#include <utility>

namespace mtcp::program {
namespace {

// What a pipe takes as a whole, so that lines of several processes do not mix. No line of ours comes near.
constexpr std::size_t longest_line = PIPE_BUF;

const char* colour_of(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "\033[31m\033[1m";
  if (level == spdlog::level::warn) return "\033[33m\033[1m";
  return level == spdlog::level::info ? "\033[32m" : "\033[36m";
}

}  // namespace

std::string log_sink::text_of(const spdlog::details::log_msg& line) {
  spdlog::memory_buf_t laid_out;
  formatter_->format(line, laid_out);
  std::string text(laid_out.data(), laid_out.size());
  if (coloured_ && line.color_range_end > line.color_range_start) {
    text.insert(line.color_range_end, "\033[m");
    text.insert(line.color_range_start, colour_of(line.level));
  }
  if (text.size() > longest_line) text.replace(longest_line - 1, std::string::npos, "\n");
  return text;
}

std::string log_sink::losses() {
  if (lost_ == 0) return {};
  const std::string text = "nobody read the log for a while: " + std::to_string(lost_) +
                           (lost_ == 1 ? " line is missing here" : " lines are missing here");
  return text_of({"", spdlog::level::warn, text});
}

// True if `text` has begun, which is to say that it will be whole.
bool log_sink::write(const std::string& text) {
  rest_.erase(0, to_.write(rest_));
  if (!rest_.empty()) return false;
  const std::size_t taken = to_.write(text);
  if (taken != 0) rest_ = text.substr(taken);
  return taken != 0;
}

// With what was lost before it, so that this fits only where there is room for more than a word.
void log_sink::sink_it_(const spdlog::details::log_msg& line) {
  if (write(losses() + text_of(line))) {
    lost_ = 0;
    return;
  }
  if (++lost_ == 1 && on_loss_) on_loss_();
}

void log_sink::on_loss(std::function<void()> told) {
  const std::lock_guard lock(mutex_);
  on_loss_ = std::move(told);
}

bool log_sink::lacks_lines() {
  const std::lock_guard lock(mutex_);
  return lost_ != 0;
}

void log_sink::flush_() {
  if (write(losses())) lost_ = 0;
}

}  // namespace mtcp::program

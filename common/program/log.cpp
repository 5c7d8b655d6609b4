#include "program/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "mtcp/net/platform/secret_memory.hpp"
#include "mtcp/net/platform/unhurried_output.hpp"
#include "program/log_sink.hpp"
#include "program/printable.hpp"

namespace mtcp::program {
namespace {

/// The text of a line as printable(): what peers name stands in it.
class text_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = printable({line.payload.data(), line.payload.size()});
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<text_flag>(); }
};

/// The level as syslog(3) numbers it.
class priority_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
    out.push_back(priority_of(line.level));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<priority_flag>(); }

 private:
  static char priority_of(spdlog::level::level_enum level) {
    if (level >= spdlog::level::err) return '3';
    if (level == spdlog::level::warn) return '4';
    return level == spdlog::level::info ? '6' : '7';
  }
};

std::shared_ptr<log_sink>& sink() {
  static std::shared_ptr<log_sink> only = std::make_shared<log_sink>(STDERR_FILENO, false);
  return only;
}

bool is_coloured() {
  return ::isatty(STDERR_FILENO) == 1 && std::getenv("TERM") != nullptr && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace

void start_log(const std::string& program, spdlog::level::level_enum level) {
  const bool journal = platform::leads_to_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
  auto layout = std::make_unique<spdlog::pattern_formatter>();
  layout->add_flag<text_flag>('V').add_flag<priority_flag>('N');
  layout->set_pattern(journal ? "<%N>%V" : "%Y-%m-%dT%H:%M:%S.%e %^%l%$ %V");
  sink() = std::make_shared<log_sink>(STDERR_FILENO, is_coloured());
  auto log = std::make_shared<spdlog::logger>(program, sink());
  log->set_formatter(std::move(layout));
  log->set_level(level);
  spdlog::set_default_logger(std::move(log));
  if (const auto trouble = platform::secret_memory_trouble())
    spdlog::debug("secrets may be swapped out: no memory can be locked: {} (RLIMIT_MEMLOCK)", trouble.message());
}

void on_lost_lines(std::function<void()> told) { sink()->on_loss(std::move(told)); }

bool flush_log() {
  sink()->flush();
  return !sink()->lacks_lines();
}

}  // namespace mtcp::program

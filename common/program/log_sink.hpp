// Where the lines of the log go: a descriptor, without waiting.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "mtcp/net/platform/unhurried_output.hpp"

namespace mtcp::program {

class log_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// `coloured`: the level, where the pattern marks it.
  explicit log_sink(int descriptor, bool coloured) : to_(descriptor), coloured_(coloured) {}

  /// `told` is called when the first line is dropped, by whoever logs it.
  void on_loss(std::function<void()> told);
  /// Lines were dropped, and nobody has been told yet.
  bool lacks_lines();

 private:
  void sink_it_(const spdlog::details::log_msg& line) override;
  void flush_() override;

  std::string text_of(const spdlog::details::log_msg& line);
  std::string losses();
  bool write(const std::string& text);

  platform::unhurried_output to_;
  bool coloured_;
  std::string rest_;  // of a line that was not taken as a whole
  std::function<void()> on_loss_;
  std::uint64_t lost_ = 0;  // lines
};

}  // namespace mtcp::program

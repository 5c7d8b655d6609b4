// The last streams that have closed, and why they did.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace mtcp::program {

struct closed_stream {
  std::uint64_t number = 0;  ///< from 1
  double time = 0;           ///< seconds since 1970
  std::string target{};      ///< HOST:PORT; empty where destinations are not kept
  std::string source{};      ///< address of the application
  std::string user{};        ///< empty: it needed none
  bool direct = false;       ///< past the tunnel
  std::uint64_t bytes_up = 0, bytes_down = 0;
  std::chrono::nanoseconds age{0};
  std::string ended{};  ///< why
};

class closed_streams {
 public:
  explicit closed_streams(std::size_t most = 1'000) : most_(most) {}

  void add(closed_stream one) {
    one.number = ++last_;
    all_.push_back(std::move(one));
    if (all_.size() > most_) all_.pop_front();
  }
  /// The latest last.
  const std::deque<closed_stream>& all() const noexcept { return all_; }

 private:
  std::size_t most_;
  std::uint64_t last_ = 0;
  std::deque<closed_stream> all_;
};

}  // namespace mtcp::program

// Which of several tunnels new connections take: those of the first server that works, in the user's order. Streams
// that are open stay where they are. Pure.
//
// A tunnel that loses its last bridge for a moment keeps its turn, and one that comes back has to stay up for a while
// first: else a line that comes and goes would deal connections out to two servers, which destinations see as two
// addresses.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace mtcp::client {

class tunnel_choice {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds patience{10};  ///< with the one in use while it is down
  static constexpr std::chrono::seconds proof{30};     ///< that a better one has to be up

  /// None is up yet, and the first one has its patience from now on.
  tunnel_choice(std::size_t tunnels, time_point now) : tunnels_(tunnels, {false, now}) {}

  /// Whether a tunnel has a bridge now.
  void see(std::size_t tunnel, bool up, time_point now) {
    if (tunnels_[tunnel].up != up) tunnels_[tunnel] = {up, now};
  }
  /// True if another one is in use from now on.
  bool review(time_point now) {
    const auto better = wanted(now);
    if (!better || *better == used_) return false;
    used_ = *better;
    return true;
  }
  /// When review() may change its mind though nothing is seen to change; empty if it will not.
  std::optional<time_point> next() const {
    if (!tunnels_[used_].up && first_up(tunnels_.size())) return tunnels_[used_].since + patience;
    const auto better = first_up(used_);
    return better ? std::optional(tunnels_[*better].since + proof) : std::nullopt;
  }

  std::size_t used() const noexcept { return used_; }

 private:
  struct state {
    bool up;
    time_point since;
  };

  std::optional<std::size_t> wanted(time_point now) const {
    if (!tunnels_[used_].up) return now - tunnels_[used_].since >= patience ? first_up(tunnels_.size()) : std::nullopt;
    for (std::size_t i = 0; i < used_; ++i)
      if (tunnels_[i].up && now - tunnels_[i].since >= proof) return i;
    return std::nullopt;
  }
  std::optional<std::size_t> first_up(std::size_t before) const {
    for (std::size_t i = 0; i < before; ++i)
      if (tunnels_[i].up) return i;
    return std::nullopt;
  }

  std::vector<state> tunnels_;
  std::size_t used_ = 0;
};

}  // namespace mtcp::client

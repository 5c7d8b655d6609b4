// Looks at the tunnels once a second, and remembers: rates, their history, bridges that were lost, and what happened.
//
// Pure: snapshots and times come in, nothing blocks, and memory is bounded whatever the tunnels do (`keep`).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mtcp/snapshot.hpp"
#include "status/path_history.hpp"
#include "status/path_sampler.hpp"
#include "status/rate_history.hpp"

namespace mtcp::status {

using clock = std::chrono::steady_clock;

enum class role : std::uint8_t { client, server };

/// A bridge or stream, over all tunnels.
struct name {
  std::string session;
  std::uint64_t id = 0;
  auto operator<=>(const name&) const = default;
};

struct bridge_record {
  bridge_snapshot last{};
  rates now{};
  bool down = false;
  std::string error{};                    ///< why it is down, if that is known
  clock::time_point changed{};            ///< when it came up, was lost, or went into its last state
  std::optional<rate_history> history{};  ///< empty if too many bridges have one
};

struct happening {
  enum class level : std::uint8_t { good, info, bad };
  std::uint64_t number = 0;  ///< from 1
  double unix_time = 0;      ///< seconds
  level how = level::info;
  std::string text;
};

class monitor {
 public:
  struct keep {
    std::size_t charted_bridges = 256;  ///< bridges with a history
    std::size_t lost_bridges = 32;
    std::size_t happenings = 200;
  };
  struct counters {
    std::uint64_t bytes_up = 0, bytes_down = 0, streams_total = 0, retransmitted_bytes = 0;
    std::uint64_t hedged_frames = 0, hedged_bytes = 0;
  };

  monitor(role r, clock::time_point start) : monitor(r, start, keep{}) {}
  monitor(role r, clock::time_point start, keep k) : role_(r), keep_(k), start_(start), before_(start) {}

  /// What paths did before the program was started, from now on in front of what they do.
  void remember(path_history past) { past_ = std::move(past); }

  /// `unix_time` in seconds, for display and for steps of the clock. Calls within the same tick do nothing.
  void sample(acceptor_snapshot now, clock::time_point at, double unix_time);

  /// Between the last two samples nothing was carried.
  bool quiet() const;

  role which() const noexcept { return role_; }
  clock::time_point start() const noexcept { return start_; }
  std::uint64_t tick() const noexcept { return tick_; }
  double unix_time() const noexcept { return unix_time_; }
  /// What the last sample saw.
  const acceptor_snapshot& last() const noexcept { return last_; }
  const std::map<name, bridge_record>& bridges() const noexcept { return bridges_; }
  /// The history of lost bridges that are no longer kept one by one.
  const rate_history& forgotten() const noexcept { return forgotten_; }
  /// What paths did within a month.
  const path_history& past() const noexcept { return past_; }
  const std::deque<happening>& happenings() const noexcept { return happenings_; }
  /// 0 for a bridge or stream that the last sample did not see.
  rates stream_rates(const name& which) const;
  rates tunnel_rates(const std::string& session) const;
  /// Of what goes past the tunnel.
  rates direct_rates() const noexcept { return direct_.now; }
  /// Of sessions that have ended.
  const counters& ended_sessions() const noexcept { return ended_; }

 private:
  struct progress {
    std::uint64_t up = 0, down = 0;
    rates now{};
    std::uint64_t seen = 0;  // tick
  };
  void sample_tunnel(const tunnel_snapshot& t);
  void sample_bridge(const tunnel_snapshot& t, const bridge_snapshot& b);
  void advance(progress& p, std::uint64_t up, std::uint64_t down) const;
  rates rates_since(std::uint64_t up, std::uint64_t down) const;
  void find_lost_bridges();
  void tell_paths(const tunnel_snapshot& before, const tunnel_snapshot& now);
  void find_ended_sessions();
  void forget_oldest_lost();
  void tell_states(const tunnel_snapshot& t);
  std::string label(const tunnel_snapshot& t, const bridge_snapshot& b) const;
  void tell(happening::level how, std::string text);

  role role_;
  keep keep_;
  clock::time_point start_, before_;
  clock::time_point at_{};
  double seconds_ = 1;       // since the sample before
  std::uint64_t first_ = 0;  // ticks that the sample covers: first_ to tick_
  std::uint64_t tick_ = 0;
  double unix_time_ = 0;
  acceptor_snapshot last_{};
  std::map<name, bridge_record> bridges_;
  std::map<name, progress> streams_;
  std::map<std::string, progress> tunnels_;
  progress direct_;
  std::map<std::string, tunnel_snapshot::state> states_;
  rate_history forgotten_;
  path_sampler sampler_;
  path_history past_;
  counters ended_;
  std::deque<happening> happenings_;
  std::uint64_t happened_ = 0;
};

}  // namespace mtcp::status

// One line with both of its directions: which packets come through, and when. Pure: time is a parameter.
//
// A packet leaves the bottleneck of its connection, if that has one, then the one that all connections have together,
// and arrives a delay later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "lab/bottleneck.hpp"
#include "lab/connection.hpp"
#include "lab/options.hpp"
#include "lab/packet.hpp"
#include "lab/silences.hpp"
#include "lab/syn_guard.hpp"

namespace mtcp::lines {

class line {
 public:
  /// What comes out, in the direction in which it went in; resets also against it.
  using sink = std::function<void(direction, const packet&)>;
  line(const line_options& options, time_point start, sink out);
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  void take(direction d, packet p, time_point now);
  /// Puts out what has arrived by now.
  void advance(time_point now);
  /// When advance() is wanted next; time_point::max() for never.
  time_point next() const noexcept { return under_way_.empty() ? time_point::max() : under_way_.begin()->first; }
  /// From now on it swallows everything.
  void go_dark() noexcept { dark_ = true; }

  struct counts {
    std::uint64_t up = 0, down = 0;  ///< bytes of packets that came through
    std::uint64_t syns = 0;          ///< that were dialled, repeated ones too
    std::uint64_t excess = 0;        ///< of these, beyond the allowed number of connections
    std::uint64_t blocks = 0;        ///< of SYNs that came too soon
  };
  counts count() const;
  const std::string& name() const noexcept { return options_.name; }

 private:
  struct passage {
    direction way;
    bool shares;  ///< it has the bottleneck of all still before it
    packet bytes;
  };
  using table = std::unordered_map<flow_key, connection, flow_hash>;

  connection* find(const header& h, time_point now);
  connection* dialled(const header& h, time_point now);
  bool too_many(time_point now) const;
  void punish();
  void send_on(direction d, packet p, time_point now);
  bottleneck& shared(direction d) noexcept { return d == direction::up ? up_ : down_; }

  line_options options_;
  sink out_;
  bottleneck up_, down_;
  syn_guard guard_;
  silences silences_;
  table connections_;
  std::multimap<time_point, passage> under_way_;
  counts counts_;
  bool dark_ = false;
};

}  // namespace mtcp::lines

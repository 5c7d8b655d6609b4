// The status endpoint's documents about tunnels. Rates are bytes per second over the last second, counters are bytes.
#pragma once

#include <cstddef>
#include <string>

#include "mtcp/limits.hpp"
#include "program/failed_logins.hpp"
#include "status/monitor.hpp"

namespace mtcp::status {

struct report_options {
  std::string version;
  core::limits limits{};
  std::size_t max_streams = static_cast<std::size_t>(-1);  ///< of each tunnel: the busiest
  std::size_t max_happenings = 20;                         ///< the latest
  const program::failed_logins* failed_logins = nullptr;   ///< may be null: there were none
};

/// "active", "backup", "overflow" or "never", "both", "up" or "down": the words of the option --path.
const char* role_of(const path_snapshot& path);
const char* direction_of(const path_snapshot& path);

/// /api/stats: JSON. Counters are those of `now`, rates those of the monitor's last sample.
std::string stats_json(const monitor& seen, const acceptor_snapshot& now, const report_options& options);

/// /api/history: JSON. Every series ends at the same time; what it lacks in front is zero. "up" and "down" are seconds,
/// "up_10s" and "down_10s" means over ten seconds.
std::string history_json(const monitor& seen);

/// /api/history?span=: JSON. Of each path its steps up to that which begins at "time" (unix seconds) and is not over
/// yet; what it lacks in front is a gap, as is null. "up" and "down" are means, as are "in_flight_bytes" and "rtt_ms",
/// over the part of a step in which the program ran; "retransmitted_bytes" and "rtt_most_ms" are of the whole step. At
/// a server a path stands for a user; "others" are those that are not kept one by one.
std::string history_json(const path_history& seen, std::size_t span);

/// /metrics: text format 0.0.4 of Prometheus.
std::string metrics_text(const monitor& seen, const acceptor_snapshot& now, const report_options& options);

}  // namespace mtcp::status

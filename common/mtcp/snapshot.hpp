// What a tunnel or an acceptor can tell about itself, as plain values that the caller may keep.
//
// Counters are bytes since the start of the bridge, stream or session; rates are for the caller to derive. `up` is
// client to server at both ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/stats.hpp"
#include "mtcp/types.hpp"

namespace mtcp {

struct bridge_snapshot {
  enum class state : std::uint8_t {
    up,
    suspect,   ///< makes no progress while other bridges do
    disabled,  ///< the user has put it on stand-by: tunnel::set_bridge_enabled()
  };
  core::bridge_id id = 0;
  std::size_t path = 0;           ///< index into tunnel_snapshot::paths; 0 at the server
  std::string path_name{};        ///< empty at the server
  std::string local{}, remote{};  ///< ADDRESS:PORT, IPv6 in brackets
  state now = state::up;
  std::uint64_t bytes_up = 0;  ///< frames, without TLS
  std::uint64_t bytes_down = 0;
  std::uint64_t retransmitted_bytes = 0;
  std::uint64_t in_flight_bytes = 0;
  std::uint64_t cap_bytes = 0;
  std::uint64_t delivery_rate = 0;  ///< bytes per second that this end's data gets through, 0 while unknown
  core::duration rtt{0}, rtt_min{0};
  std::chrono::nanoseconds age{0};
  std::uint64_t reconnects = 0;  ///< bridges of this path that were lost before this one came up
};

/// What a path was found to do to its connections; 0 where nothing was.
struct path_findings {
  std::uint64_t fades_after_bytes = 0;  ///< both directions together
  std::chrono::nanoseconds lives{0};    ///< age at which they fade, or end without a word
  std::uint64_t freezes_after_bytes_up = 0, freezes_after_bytes_down = 0;
  std::chrono::nanoseconds dial_pause{0};  ///< that dials need between them
  std::chrono::nanoseconds dials_held{0};  ///< how long yet dials that nobody answers are not repeated
};

/// Client only.
struct path_snapshot {
  std::string name{};
  std::size_t bridges_wanted = 0;
  std::size_t bridges_up = 0;
  std::uint64_t reconnects = 0;
  std::string last_error{};        ///< of its last failed dial or lost bridge; empty if there was none
  core::bridge_options use{};      ///< as configured: a backup path rests while an active one works
  std::string congestion{};        ///< TCP_CONGESTION; empty for the system's default
  std::uint64_t replaced = 0;      ///< bridges that gave way to fresh ones
  std::string last_replacement{};  ///< why the last of them did, as "faded after 64 MB"; empty if there was none
  path_findings found{};
};

struct stream_snapshot {
  core::stream_id id = 0;
  core::target to{};
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::chrono::nanoseconds age{0};
};

struct tunnel_snapshot {
  enum class state : std::uint8_t {
    connecting,  ///< no session yet
    up,          ///< at least one bridge
    down,        ///< a session without a bridge: streams wait
    stopped,
  };
  state now = state::connecting;
  std::string user{};     ///< server: id of the client's key, with its name if it has one
  std::string session{};  ///< the first 8 hexadecimal digits of the session's id, for logs; empty while connecting
  std::chrono::nanoseconds uptime{0};
  std::uint64_t bytes_up = 0;  ///< stream bytes, each counted once
  std::uint64_t bytes_down = 0;
  core::tunnel_stats totals{};
  std::vector<path_snapshot> paths{};
  std::vector<bridge_snapshot> bridges{};
  std::vector<stream_snapshot> streams{};
};

struct acceptor_snapshot {
  std::vector<tunnel_snapshot> tunnels{};
  std::size_t pending = 0;              ///< connections that have not said a valid HELLO yet
  std::size_t silent = 0;               ///< of them those that have sent nothing
  std::uint64_t accepted_total = 0;     ///< connections accepted by the kernel
  std::uint64_t turned_away_total = 0;  ///< of them closed for an admission limit, or to make room
  std::uint64_t strangers_total = 0;    ///< of them closed for silence, junk or a wrong key
};

}  // namespace mtcp

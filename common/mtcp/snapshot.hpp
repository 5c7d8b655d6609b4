// What a tunnel or an acceptor can tell about itself, as plain values that the caller may keep.
//
// Counters are bytes since the start of the bridge, stream or session; rates are for the caller to derive. `up` is
// client to server at both ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/key.hpp"
#include "mtcp/restraint.hpp"
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
  std::uint64_t reconnects = 0;         ///< bridges of this path that were lost before this one came up
  restraint why = restraint::none;      ///< it carries little
  std::chrono::nanoseconds suspect{0};  ///< for how long it has been, if that is why
};

/// What a path was found to do to its connections; 0 where nothing was.
struct path_findings {
  std::uint64_t fades_after_bytes = 0;  ///< both directions together
  std::chrono::nanoseconds lives{0};    ///< age at which they fade, or end without a word
  std::uint64_t freezes_after_bytes_up = 0, freezes_after_bytes_down = 0;
  bool only_small_packets = false;         ///< bridges come up, and fall silent with their first full packet
  std::chrono::nanoseconds dial_pause{0};  ///< that dials need between them
  std::chrono::nanoseconds dials_held{0};  ///< how long yet dials that nobody answers are not repeated
};

/// Of a path that may carry only so much: what whoever runs the tunnel grants it.
struct quota_snapshot {
  std::uint64_t bytes = 0;  ///< of packets, both ways together, in a period
  std::uint64_t used = 0;   ///< of these
  std::string period{};     ///< "day", "month" or "total"
  bool used_up = false;
};

/// Client only.
struct path_snapshot {
  std::string name{};
  std::size_t number = 0;  ///< the same for as long as the path is there
  std::size_t bridges_wanted = 0;
  std::size_t bridges_up = 0;
  std::uint64_t reconnects = 0;
  std::string last_error{};        ///< of its last failed dial or lost bridge; empty if there was none
  core::bridge_options use{};      ///< as configured: a backup path rests while an active one works
  std::string congestion{};        ///< TCP_CONGESTION; empty for the system's default
  std::string proxy{};             ///< that it is dialled through: "socks5://HOST:PORT"; empty for none
  std::uint64_t replaced = 0;      ///< bridges that gave way to fresh ones
  std::string last_replacement{};  ///< why the last of them did, as "faded after 64 MB"; empty if there was none
  path_findings found{};
  std::optional<quota_snapshot> quota{};
  std::uint64_t bytes_up = 0;  ///< frames, without TLS, of all the bridges that it has had
  std::uint64_t bytes_down = 0;
  restraint why = restraint::none;  ///< it carries little
};

/// Client only: what paths come of, and go with.
struct pattern_snapshot {
  std::string interface {};  ///< "wl*"
  std::size_t paths = 0;     ///< that it has now
};

struct stream_snapshot {
  core::stream_id id = 0;
  core::target to{};      ///< at the server, of a connection to one of its listeners: where it has come in
  core::target source{};  ///< where such a connection comes from; else empty
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  std::chrono::nanoseconds age{0};
};

/// What the server listens on for the client.
struct listener_snapshot {
  enum class state : std::uint8_t {
    waiting,  ///< for a session, or for the server's answer
    listening,
    refused,      ///< and is asked for again, now and then
    unsupported,  ///< the server is too old
  };
  core::target listen{};  ///< as it was asked for; client only
  core::target to{};      ///< where connections lead; client only
  state now = state::waiting;
  core::target bound{};        ///< the address that it has, if it is listening
  std::string last_error{};    ///< why it is not; empty if nothing is wrong
  std::uint64_t accepted = 0;  ///< connections since the start; client only
};

struct tunnel_snapshot {
  enum class state : std::uint8_t {
    connecting,  ///< no session yet
    up,          ///< at least one bridge
    down,        ///< a session without a bridge: streams wait
    stopped,
  };
  state now = state::connecting;
  bool refuses = false;        ///< client: no bridge for so long that new streams are refused
  bool quota_used_up = false;  ///< client: the server says that the key may carry no more, for now
  std::string user{};          ///< server: id of the client's key, with its name if it has one
  std::string from{};          ///< server: address of the client's latest bridge
  std::string session{};       ///< the first 8 hexadecimal digits of the session's id, for logs; empty while connecting
  std::chrono::nanoseconds uptime{0};
  std::uint64_t bytes_up = 0;  ///< stream bytes, each counted once
  std::uint64_t bytes_down = 0;
  core::tunnel_stats totals{};
  std::vector<path_snapshot> paths{};  ///< those that are there, and those that are gone and still have a connection
  std::vector<pattern_snapshot> patterns{};
  std::vector<bridge_snapshot> bridges{};
  std::vector<stream_snapshot> streams{};
  std::vector<listener_snapshot> listeners{};
};

/// Client only: what its rules keep from the tunnel. Counters are since the start of the program.
struct direct_snapshot {
  std::vector<stream_snapshot> open{};  ///< connections past the tunnel; their ids rise from 1
  std::uint64_t connections_total = 0;
  std::uint64_t datagrams_total = 0;           ///< past the tunnel, both ways
  std::uint64_t bytes_up = 0, bytes_down = 0;  ///< of connections and datagrams
  std::uint64_t blocked_connections_total = 0;
  std::uint64_t blocked_datagrams_total = 0;
};

/// What stands for a session in the names of direct connections.
inline constexpr const char* direct_session = "direct";

/// Client only.
struct server_standing {
  std::string name{};
  tunnel_snapshot::state now = tunnel_snapshot::state::connecting;
  bool used = false;  ///< by new connections
};

/// Server only.
struct locked_out_address {
  std::string address{};
  std::chrono::nanoseconds left{0};
};

/// Server only.
struct memory_snapshot {
  std::size_t used = 0, limit = 0;  ///< of all streams; limit 0: none
  std::uint64_t shed_total = 0;     ///< how often a session had to give some back
};

struct key_use {
  std::size_t sessions = 0;
  std::size_t bridges = 0;
  std::size_t memory = 0;  ///< bytes held for their streams
};

/// Server only: what the holders of a key use, and the most that its file grants them; 0 for no limit of its own.
struct key_snapshot {
  std::string user{};
  std::string id{};
  key_use used{}, most{};
  std::size_t streams = 0, max_streams = 0;
  unsigned dials_per_second = 0;
  std::uint64_t rate_limit = 0;
  double expires = 0;               ///< seconds since 1970; 0: never
  std::uint64_t refused_total = 0;  ///< streams, for want of these
  std::uint64_t month_bytes = 0;    ///< of streams and datagrams in this month, both ways together
  std::uint64_t max_month_bytes = 0;
  bool month_used_up = false;
};

/// Of a server that has a fallback: connections that were no clients, and were carried there.
struct fallback_snapshot {
  std::string site{};  ///< empty if there is none
  std::size_t open = 0;
  std::uint64_t total = 0;
  std::uint64_t dismissed_total = 0;  ///< of them reset, to make room for others
  std::uint64_t failed_total = 0;     ///< of them reset, since the site could not be reached
};

struct acceptor_snapshot {
  std::vector<tunnel_snapshot> tunnels{};
  std::vector<server_standing> servers{};  ///< a client's, in order of preference, if it has several
  direct_snapshot direct{};
  std::size_t pending = 0;              ///< connections that have not said a valid HELLO yet
  std::size_t silent = 0;               ///< of them those that have sent nothing
  std::uint64_t accepted_total = 0;     ///< connections accepted by the kernel
  std::uint64_t turned_away_total = 0;  ///< of them not listened to for an admission limit, or to make room
  std::uint64_t strangers_total = 0;    ///< of them listened to in vain: silence, junk or a wrong key
  std::uint64_t locked_out_total = 0;   ///< of those turned away: their addresses had failed too often
  fallback_snapshot fallback{};
  memory_snapshot memory{};
  std::map<key_id, key_use> use_of_keys{};       ///< of those that have sessions
  std::vector<key_snapshot> keys{};              ///< of those that are in use, or were refused something
  std::vector<locked_out_address> locked_out{};  ///< for the longest time to come, ten at the most
};

}  // namespace mtcp

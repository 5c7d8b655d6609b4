// What a tunnel (client) and an acceptor (server) are configured with. Plain values: nothing here does anything.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/admission_options.hpp"
#include "mtcp/bridge_options.hpp"
#include "mtcp/key.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/limits.hpp"
#include "mtcp/rotation_options.hpp"

namespace mtcp {

inline constexpr std::uint16_t default_port = 8443;  ///< of a server

/// One way to reach the server, and the bridges that run over it.
struct path_options {
  std::string host{};  ///< the server: a name, or an IPv4 or IPv6 literal without brackets
  std::uint16_t port = default_port;
  std::uint16_t last_port = 0;  ///< of a range, of which each dial takes one by chance; 0 for `port` alone
  std::string bind{};           ///< local address to dial from; empty leaves it to the kernel
  std::string interface {};     ///< interface to dial through (SO_BINDTODEVICE, Linux); empty for any
  unsigned bridges = 4;         ///< TCP connections to keep up, at least 1
  bool tune_bridges = false;    ///< `bridges` is where to start: between 2 and 16, as many as raise the throughput
  core::bridge_options use{};   ///< active or backup, direction, rate limit of all bridges together in bytes per second
  std::string congestion{};     ///< TCP_CONGESTION, for example "bbr"; empty for the system's default
  rotation_options rotate{};    ///< of bridges that the network slows down or ends over their life
  std::chrono::milliseconds pace{0};  ///< between two dials, and up to a fifth more; 0: as the network answers them
  std::string name{};  ///< what statistics call this path; if empty they say where it leads, and from where
};

/// Called with one line of text for each bridge and session that comes or goes, for a log. It holds addresses of
/// bridges, but no destination and no secret. It must not use the tunnel or acceptor that calls it.
using event_sink = std::function<void(std::string_view)>;

/// Asked now and then, from the thread of the tunnel or acceptor: whether the event_sink is to hear all that happens to
/// bridges (dials, suspicions, rates, what is sent again and why). That costs a little.
using details_wish = std::function<bool()>;

/// A client's end of a tunnel.
struct tunnel_options {
  mtcp::key key;
  std::vector<path_options> paths{};  ///< at least one
  core::limits limits{};
  std::chrono::milliseconds connect_timeout{10'000};  ///< for TCP, TLS and HELLO of one bridge together
  std::chrono::milliseconds resume_timeout{60'000};   ///< streams outlive the last bridge by this much
  std::chrono::milliseconds backoff_first{100};       ///< pause after the first failed dial of a path; it doubles
  std::chrono::milliseconds max_backoff{10'000};
  std::chrono::milliseconds suspicion{10'000};  ///< for so long a bridge that made no progress is not relied on
  event_sink on_event{};                        ///< may be empty
  details_wish wants_details{};                 ///< no, if it is empty
};

class acceptor_group;
class own_addresses;

/// A server.
struct acceptor_options {
  key_ring keys{};  ///< at least one key
  /// Port 0: the system chooses, see acceptor::local_endpoints().
  std::vector<boost::asio::ip::tcp::endpoint> listen{};
  std::shared_ptr<acceptor_group> group{};   ///< acceptors that serve as one, in several threads; null: alone
  std::string congestion{};                  ///< TCP_CONGESTION; empty for the system's default
  std::shared_ptr<own_addresses> machine{};  ///< learns at which addresses bridges come in; may be null
  core::limits limits{};
  admission_options admission{};
  /// Load balancers: a connection from one of these addresses begins with a PROXY protocol header of version 2, and
  /// counts as one from the address in it. From all other addresses such a header is junk.
  std::vector<network> trusted_proxies{};
  std::chrono::milliseconds resume_timeout{60'000};  ///< a session outlives its last bridge by this much
  std::size_t sessions_per_key = 64;
  std::size_t bridges_per_session = 128;
  event_sink on_event{};         ///< may be empty
  details_wish wants_details{};  ///< no, if it is empty
};

}  // namespace mtcp

// What a tunnel (client) and an acceptor (server) are configured with. Plain values: nothing here does anything.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/admission_options.hpp"
#include "mtcp/async.hpp"
#include "mtcp/bridge_options.hpp"
#include "mtcp/event_sink.hpp"
#include "mtcp/key.hpp"
#include "mtcp/key_quota.hpp"
#include "mtcp/key_ring.hpp"
#include "mtcp/limits.hpp"
#include "mtcp/proxy_options.hpp"
#include "mtcp/reverse_options.hpp"
#include "mtcp/rotation_options.hpp"

namespace mtcp {

inline constexpr std::uint16_t default_port = 8443;  ///< of a server
/// A session outlives its last bridge by this much: a laptop may sleep for two minutes, and come back. The smaller of
/// both ends' times counts.
inline constexpr std::chrono::milliseconds default_resume_timeout{180'000};

/// One way to reach the server, and the bridges that run over it.
struct path_options {
  std::string host{};  ///< the server: a name, or an IPv4 or IPv6 literal without brackets
  std::uint16_t port = default_port;
  std::uint16_t last_port = 0;  ///< of a range, of which each dial takes one by chance; 0 for `port` alone
  std::string bind{};           ///< local address to dial from; empty leaves it to the kernel
  /// Interface to dial through (SO_BINDTODEVICE, Linux); empty for any. With * or ? in it a pattern: there is a path
  /// like this one for every interface that fits and has a default route, for as long as it has, and called after it.
  std::string interface {};
  std::uint32_t mark = 0;      ///< SO_MARK of bridges and of questions for the server's name (Linux); 0 for none
  unsigned bridges = 4;        ///< TCP connections to keep up, at least 1
  bool tune_bridges = false;   ///< `bridges` is where to start: between 2 and 64, as many as raise the throughput
  core::bridge_options use{};  ///< role, direction, rate limit of all bridges together in bytes per second
  bool metered = false;        ///< what it carries costs: no copies of messages, no trials with more bridges
  std::string congestion{};    ///< TCP_CONGESTION, for example "bbr"; empty for the system's default
  /// What TLS calls the server, in clear (RFC 6066, section 3), with the protocols that a browser offers (RFC 7301);
  /// the server does not care. Empty: nothing.
  std::string server_name{};
  unsigned max_segment = 0;           ///< TCP_MAXSEG, bytes in a packet; 0 for what the interface takes
  rotation_options rotate{};          ///< of bridges that the network slows down or ends over their life
  std::chrono::milliseconds pace{0};  ///< between two dials, and up to a fifth more; 0: as the network answers them
  /// Bridges are dialled through it; `bind`, `interface` and `congestion` are of the connections to it then.
  std::optional<proxy_options> proxy{};
  std::string name{};  ///< what statistics call this path; if empty they say where it leads, and from where
};

/// A client's end of a tunnel.
struct tunnel_options {
  mtcp::key key;
  std::vector<path_options> paths{};       ///< at least one, which may be a pattern
  std::vector<reverse_options> reverse{};  ///< what the server is to listen on: tunnel::async_accept()
  core::limits limits{};
  std::chrono::milliseconds connect_timeout{10'000};  ///< for TCP, TLS and HELLO of one bridge together
  std::chrono::milliseconds resume_timeout = default_resume_timeout;
  std::chrono::milliseconds connect_wait{5'000};  ///< so long async_open waits while no bridge is up
  std::chrono::milliseconds backoff_first{100};   ///< pause after the first failed dial of a path; it doubles
  std::chrono::milliseconds max_backoff{10'000};
  std::chrono::milliseconds suspicion{10'000};  ///< for so long a bridge that made no progress is not relied on
  /// So old a bridge gets a successor, with fresh secrets; give or take a fifth. 0: never.
  std::chrono::milliseconds renew_after = std::chrono::hours(1);
  event_sink on_event{};         ///< may be empty
  details_wish wants_details{};  ///< no, if it is empty
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
  std::chrono::milliseconds resume_timeout = default_resume_timeout;
  std::size_t sessions_per_key = 64;
  key_quotas quotas{};  ///< of keys to which something else is granted
  /// Whether a key has carried all that it may, so that it gets no new session. Asked in the acceptor's thread; empty:
  /// none.
  std::function<bool(const key_id&)> is_used_up{};
  std::size_t bridges_per_session = 128;
  /// Takes over who is no client, instead of the acceptor, which would close: the connection, to which nothing was
  /// sent, what was read from it, and whose it is. Such a one has done nothing wrong then. In the acceptor's thread;
  /// empty: they are closed.
  std::function<void(tcp::socket, std::vector<std::byte>, const ip_address&)> fallback{};
  event_sink on_event{};         ///< may be empty
  details_wish wants_details{};  ///< no, if it is empty
};

}  // namespace mtcp

// What a line of the key file grants to whoever holds that key, behind the key and its user's name:
//
//   streams=N sessions=N    at once
//   bridges=N               at once, of all sessions together
//   bytes-per-month=SIZE    of streams and datagrams, both ways together, in a month of local time: 200GB
//   dials=N                 destinations a second
//   rate=RATE               bytes each way, over all streams and datagrams: 50mbit
//   memory=SIZE             of the server's, held for its streams: 64MB
//   expires=DAY|TIME        when the key ends: 2026-12-31, at the beginning of that day (UTC), or 2026-12-31T12:00:00Z
//   allow=BLOCK deny=BLOCK  destinations, as --allow and --deny, before these; may be repeated
//   listen=[ADDRESS:]PORT[-LAST]|none
//                           where this client may have the server listen, instead of --allow-listen; may be repeated
//
// A BLOCK may have ports: 10.0.0.0/8:443, 10.0.0.0/8:8000-8099, [fd00::/8]:443.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "listen_rules.hpp"
#include "mtcp/key.hpp"
#include "mtcp/net/dial/rules.hpp"

namespace mtcp::server {

/// 0 stands for no limit of its own.
struct key_limits {
  struct destination {
    network block;
    rules::port_range ports;
    bool allow;

    /// A block without ports opens none that are denied everywhere.
    void add_to(rules& all) const;
  };

  std::size_t streams = 0;
  std::size_t sessions = 0;
  std::size_t bridges = 0;            ///< of all sessions
  std::uint64_t bytes_per_month = 0;  ///< of streams and datagrams, both ways together
  unsigned dials = 0;                 ///< a second
  std::uint64_t rate = 0;             ///< bytes per second, each way
  std::size_t memory = 0;             ///< bytes
  std::optional<std::chrono::sys_seconds> expires{};
  std::vector<destination> destinations{};
  std::optional<listen_rules> listen{};  ///< unset: those of everybody

  bool has_expired(std::chrono::system_clock::time_point now) const { return expires && now >= *expires; }
};

/// Throws key_error, which says what is wrong with which attribute.
key_limits limits_of(const key& k);

}  // namespace mtcp::server

// The keys of a server's key file, and what each grants, read once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "key_limits.hpp"
#include "mtcp/key_quota.hpp"
#include "mtcp/key_ring.hpp"

namespace mtcp::server {

struct granted_key {
  key_ring::entry key;
  key_ring::identity server;  ///< of a key of version 2: whom its holder takes this server for
  key_limits limits;

  /// Of this version or a later one, and not expired.
  bool is_valid(unsigned min_version, std::chrono::system_clock::time_point now) const {
    return key->version() >= min_version && !limits.has_expired(now);
  }
  /// For logs and statistics: its user's name, or its id.
  std::string name() const { return key->user().empty() ? to_string(key->id()) : key->user(); }
};
using granted_keys = std::vector<granted_key>;

/// The keys of a file, at least one. Throws key_error, which names the file, and the line or the key.
granted_keys load_keys(const std::string& path);
/// The keys in its text, perhaps none, once it is clear that a server takes them all. Throws as load_keys() does.
key_ring parse_keys(const std::string& path, std::string_view text);
/// Throws program::settings_error if a server has nobody to serve with these: it says why.
void require_any(const granted_keys& all, unsigned min_version, const std::string& path);
key_ring ring_of(const granted_keys& all);
/// Those of this version or a later one that have not expired. `next` becomes the time at which the next one does.
granted_keys valid_keys(const granted_keys& all, unsigned min_version, std::chrono::system_clock::time_point now,
                        std::optional<std::chrono::sys_seconds>& next);
/// Where these may have the server listen, beside what everybody may.
std::vector<listen_rule> listen_rules_of(const granted_keys& all);
/// For the acceptor.
key_quotas quotas_of(const granted_keys& all);

}  // namespace mtcp::server

#include "granted_keys.hpp"

#include <sysexits.h>

#include <algorithm>

#include "mtcp/core/base/earlier.hpp"
#include "program/options.hpp"

namespace mtcp::server {

namespace {

// Else its holder would find nobody here, and never learn why.
key_ring::identity server_of(const key& one, const key_ring& all, const std::string& path) {
  if (!one.server()) return nullptr;
  const auto found = all.find(*one.server());
  if (found) return found;
  const std::string whose = to_string(one.id()) + (one.user().empty() ? "" : " (" + one.user() + ")");
  throw key_error(key_error::kind::malformed,
                  path + ": key " + whose + " was made for a server whose identity is not in this file");
}

}  // namespace

// The ring has the keys in the order of the file, in which they are checked.
granted_keys load_keys(const std::string& path) {
  std::vector<key_limits> limits;
  const key_ring keys = load_key_file(path, [&limits](const key& one) { limits.push_back(limits_of(one)); });
  granted_keys all;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const key_ring::entry& one = keys.entries()[i];
    all.push_back({one, server_of(*one, keys, path), std::move(limits.at(i))});
  }
  return all;
}

key_ring parse_keys(const std::string& path, std::string_view text) {
  key_ring keys = parse_key_file(path, text, [](const key& one) { limits_of(one); });
  for (const key_ring::entry& one : keys.entries()) server_of(*one, keys, path);
  return keys;
}

void require_any(const granted_keys& all, unsigned min_version, const std::string& path) {
  const auto now = std::chrono::system_clock::now();
  if (std::ranges::any_of(all, [&](const granted_key& one) { return one.is_valid(min_version, now); })) return;
  const bool any_old = std::ranges::any_of(all, [&](const granted_key& k) { return k.key->version() < min_version; });
  throw program::settings_error(EX_CONFIG, path + (any_old ? ": all keys have expired, or --min-protocol rules them out"
                                                           : ": all keys have expired"));
}

key_ring ring_of(const granted_keys& all) {
  key_ring keys;
  for (const granted_key& one : all) {
    keys.add(one.key);
    if (one.server) keys.add(one.server);
  }
  return keys;
}

granted_keys valid_keys(const granted_keys& all, unsigned min_version, std::chrono::system_clock::time_point now,
                        std::optional<std::chrono::sys_seconds>& next) {
  granted_keys valid;
  next.reset();
  for (const granted_key& one : all) {
    if (!one.is_valid(min_version, now)) continue;
    valid.push_back(one);
    core::keep_earlier(next, one.limits.expires);
  }
  return valid;
}

std::vector<listen_rule> listen_rules_of(const granted_keys& keys) {
  std::vector<listen_rule> all;
  for (const granted_key& one : keys)
    if (const auto& own = one.limits.listen) all.insert(all.end(), own->all().begin(), own->all().end());
  return all;
}

key_quotas quotas_of(const granted_keys& all) {
  key_quotas out;
  for (const auto& [key, server, limits] : all)
    if (limits.sessions != 0 || limits.memory != 0 || limits.bridges != 0)
      out[key->id()] = {.sessions = limits.sessions, .memory = limits.memory, .bridges = limits.bridges};
  return out;
}

}  // namespace mtcp::server

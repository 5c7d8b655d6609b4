#include "granted_keys.hpp"

#include "mtcp/core/base/earlier.hpp"

namespace mtcp::server {

// The ring has the keys in the order of the file, in which they are checked.
granted_keys load_keys(const std::string& path) {
  std::vector<key_limits> limits;
  const key_ring keys = load_key_file(path, [&limits](const key& one) { limits.push_back(limits_of(one)); });
  granted_keys all;
  for (std::size_t i = 0; i < keys.size(); ++i) all.push_back({keys.entries()[i], std::move(limits.at(i))});
  return all;
}

key_ring ring_of(const granted_keys& all) {
  key_ring keys;
  for (const granted_key& one : all) keys.add(*one.key);
  return keys;
}

granted_keys valid_keys(const granted_keys& all, std::chrono::system_clock::time_point now,
                        std::optional<std::chrono::sys_seconds>& next) {
  granted_keys valid;
  next.reset();
  for (const granted_key& one : all) {
    if (one.limits.has_expired(now)) continue;
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
  for (const auto& [key, limits] : all)
    if (limits.sessions != 0 || limits.memory != 0 || limits.bridges != 0)
      out[key->id()] = {.sessions = limits.sessions, .memory = limits.memory, .bridges = limits.bridges};
  return out;
}

}  // namespace mtcp::server

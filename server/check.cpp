#include "check.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "granted_keys.hpp"
#include "memory_budget.hpp"
#include "mtcp/address.hpp"
#include "program/both_ends.hpp"

namespace mtcp::server {
namespace {

/// The front of its public key, in hexadecimal digits.
std::string name_of(const server_identity& server) {
  key_id front;
  std::copy_n(server.public_key().begin(), front.bytes.size(), front.bytes.begin());
  return to_string(front);
}

/// Its id, its user's name and what it grants, but no part of the key.
std::string text_of(const granted_key& one, const settings& s) {
  const key& k = *one.key;
  std::string text = to_string(k.id());
  if (!k.user().empty()) text += " (" + k.user() + ")";
  for (const auto& [name, value] : k.attributes()) text += ' ' + name + '=' + value;
  if (one.server) text += ", for " + name_of(*one.server);
  if (k.version() < s.min_protocol) text += ", of version 1: not accepted";
  if (one.limits.has_expired(std::chrono::system_clock::now())) text += ", and has expired";
  return text;
}

void print(const char* what, const std::string& text) { std::printf("%-8s %s\n", what, text.c_str()); }

// One follows another, so it matters how many keys still name the old one.
void print_servers(const granted_keys& keys) {
  std::map<std::string, std::size_t> count;
  for (const granted_key& one : keys)
    if (one.server) ++count[name_of(*one.server)];
  for (const auto& [name, used] : count) print("identity", name + ", named by " + std::to_string(used) + " keys");
}

}  // namespace

int print_settings(const settings& s) {
  const granted_keys keys = load_keys(s.key_file);
  for (const granted_key& one : keys) print("key", text_of(one, s));
  print_servers(keys);
  for (const program::host_ports& where : s.listen) print("listen", to_string(where));
  for (const network& block : s.trusted_proxies) print("proxy", block.to_string());
  for (const network& block : s.allow) print("allow", block.to_string());
  for (const network& block : s.deny) print("deny", block.to_string());
  for (const ip_address& address : s.own_addresses) print("own", address.to_string());
  for (const std::uint16_t port : s.denied_ports) print("deny", "port " + std::to_string(port));
  const memory_budget memory = budget_of(s.memory);
  print("memory", std::to_string(memory.process / 1'000'000) + " MB: " + memory.origin);
  for (const listen_rule& rule : s.allow_listen) print("reverse", rule.written);
  print("threads", std::to_string(s.threads));
  print("tests", s.tests ? "allowed" : "refused");
  if (s.fallback) print("fallback", to_string(*s.fallback));
  if (!s.audit_log.empty()) print("audit", s.audit_log);
  if (!s.state_dir.empty()) print("state-dir", s.state_dir);
  if (!s.on_event.empty()) print("on-event", s.on_event);
  print("hedge", program::to_string(s.hedge));
  if (!s.sandbox.run_as.empty()) print("run-as", program::describe_user(s.sandbox));
  print("sandbox", program::describe_sandbox(s.sandbox));
  if (!s.status.control.empty()) print("control", s.status.control);
  if (s.status.where.empty()) print("status", "none");
  for (const core::target& where : s.status.where) print("status", to_string(where));
  require_any(keys, s.min_protocol, s.key_file);
  return 0;
}

}  // namespace mtcp::server

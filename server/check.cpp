#include "check.hpp"

#include <cstdio>

#include "mtcp/address.hpp"
#include "mtcp/key_ring.hpp"

namespace mtcp::server {
namespace {

void print(const char* what, const std::string& text) { std::printf("%-8s %s\n", what, text.c_str()); }

}  // namespace

int print_settings(const settings& s) {
  const key_ring keys = load_key_file(s.key_file);
  for (const auto& one : keys.entries())
    print("key", to_string(one->id()) + (one->user().empty() ? "" : " (" + one->user() + ")"));
  for (const program::host_ports& where : s.listen) print("listen", to_string(where));
  for (const network& block : s.trusted_proxies) print("proxy", block.to_string());
  for (const network& block : s.allow) print("allow", block.to_string());
  for (const network& block : s.deny) print("deny", block.to_string());
  for (const ip_address& address : s.own_addresses) print("own", address.to_string());
  print("threads", std::to_string(s.threads));
  print("status", s.status.where ? to_string(*s.status.where) : "none");
  return 0;
}

}  // namespace mtcp::server

#include "mtcp/proxy/pac.hpp"

#include <algorithm>
#include <string_view>

namespace mtcp::proxy {
namespace {

bool is_harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view(".-_:").find(c) != std::string_view::npos;
}

std::string written(const core::target& proxy) {
  const bool usable = !proxy.host.empty() && std::ranges::all_of(proxy.host, is_harmless);
  const std::string host = usable ? proxy.host : "127.0.0.1";
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(proxy.port);
}

}  // namespace

std::string proxy_pac(const core::target& proxy, bool with_users) {
  const std::string where = written(proxy);
  const std::string socks = "SOCKS5 " + where, http = "PROXY " + where;
  return "function FindProxyForURL(url, host) {\n"
         "  if (isPlainHostName(host) || host === \"127.0.0.1\" || host === \"[::1]\") return \"DIRECT\";\n"
         "  return \"" +
         (with_users ? http : socks + "; " + http) + "\";\n}\n";
}

}  // namespace mtcp::proxy

#include "shell_env.hpp"

#include <algorithm>
#include <cctype>

#include "mtcp/address.hpp"

namespace mtcp::client {
namespace {

/// All that is not a name, an address or a port would be read by the shell.
bool is_harmless(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view(".-_:[]%").find(c) != std::string::npos;
}

std::string place_of(const core::target& at) {
  const std::string text = to_string(at);
  return std::ranges::all_of(text, is_harmless) ? text : "127.0.0.1:" + std::to_string(at.port);
}

constexpr const char* names[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"};

std::string value_of(std::string_view name, const std::string& place) {
  if (name == "no_proxy") return "localhost,127.0.0.1,::1";
  return (name == "all_proxy" ? "socks5h://" : "http://") + place;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Quoted: the brackets of an IPv6 address would be a pattern.
std::string set_line(const std::string& name, const std::string& value, shell of) {
  return of == shell::fish ? "set -gx " + name + " '" + value + "'\n" : "export " + name + "='" + value + "'\n";
}

std::string unset_line(const std::string& name, shell of) {
  return (of == shell::fish ? "set -e " : "unset ") + name + "\n";
}

}  // namespace

core::target reachable(const core::target& listen) {
  const auto address = parse_address(listen.host);
  if (listen.host.empty()) return {"127.0.0.1", listen.port};
  if (!address || !address->is_unspecified()) return listen;
  return {address->is_v4() ? "127.0.0.1" : "::1", listen.port};
}

std::string proxy_lines(const proxy_place& proxy, shell of) {
  const std::string place = place_of(proxy.at);
  std::string out;
  if (proxy.with_users) out += "# It asks for a password: write NAME:PASSWORD@ in front of " + place + ".\n";
  for (const std::string name : names) {
    const std::string value = value_of(name, place);
    out += set_line(name, value, of) + set_line(upper(name), value, of);
  }
  return out;
}

std::string unset_lines(shell of) {
  std::string out;
  for (const std::string name : names) out += unset_line(name, of) + unset_line(upper(name), of);
  return out;
}

std::vector<std::pair<std::string, std::string>> texts_to_copy(const proxy_place& proxy) {
  const std::string place = place_of(proxy.at);
  const std::string user = proxy.with_users ? "--proxy-user NAME:PASSWORD " : "";
  return {{"sh", proxy_lines(proxy, shell::posix)},
          {"fish", proxy_lines(proxy, shell::fish)},
          {"pac", "http://" + place + "/proxy.pac"},
          {"curl", "curl --proxy 'socks5h://" + place + "' " + user + "https://www.debian.org/"}};
}

}  // namespace mtcp::client

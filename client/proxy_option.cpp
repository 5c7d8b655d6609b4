#include "proxy_option.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "mtcp/key.hpp"
#include "mtcp/net/platform/private_file.hpp"
#include "program/parse.hpp"
#include "program/percent.hpp"

namespace mtcp::client {
namespace {

using protocol = proxy_options::protocol;

constexpr std::size_t longest = 255;  // of a user and a password (RFC 1929)

// "socks5h" is what curl calls SOCKS5 with names that the proxy looks up, which is how it is always done here.
constexpr std::pair<std::string_view, protocol> schemes[] = {
    {"socks5://", protocol::socks5}, {"socks5h://", protocol::socks5}, {"http://", protocol::http}};

[[noreturn]] void refuse() {
  throw std::invalid_argument("expected socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT");
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

/// What "USER@" in front says.
std::string parse_user(std::string_view text, protocol spoken) {
  if (text.find(':') != std::string_view::npos)
    throw std::invalid_argument(
        "a password does not belong here: put it into a file that you alone can read, and name that by "
        "proxy-password-file");
  auto user = program::percent_decoded(text);
  if (!user) throw std::invalid_argument("a % in the user is not followed by two hexadecimal digits");
  const bool has_colon = user->find(':') != std::string::npos;  // which ends the user in Basic (RFC 7617, section 2)
  if (user->empty() || user->size() > longest || has_control_character(*user) ||
      (has_colon && spoken == protocol::http))
    throw std::invalid_argument(
        "expected a user of 1 to 255 bytes, without control characters, and without : for HTTP");
  return std::move(*user);
}

/// In a URI the % before the zone of an IPv6 address is written %25 (RFC 6874, section 2).
std::string with_plain_zone(std::string_view host) {
  std::string out(host);
  if (const auto at = out.find("%25"); out.starts_with('[') && at != std::string::npos) out.erase(at + 1, 2);
  return out;
}

}  // namespace

proxy_options parse_proxy(const std::string& text) {
  const auto scheme = std::ranges::find_if(schemes, [&](const auto& s) { return text.starts_with(s.first); });
  if (scheme == std::end(schemes)) refuse();
  proxy_options out{.speaks = scheme->second};
  std::string_view rest = std::string_view(text).substr(scheme->first.size());
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    out.user = parse_user(rest.substr(0, at), out.speaks);
    rest.remove_prefix(at + 1);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) refuse();
  const core::target at = program::parse_destination(with_plain_zone(rest));
  out.host = at.host;
  out.port = at.port;
  return out;
}

std::string url_of(const proxy_options& proxy) {
  std::string out = to_string(proxy);
  if (!proxy.user.empty()) out.insert(out.find("://") + 3, program::percent_encoded(proxy.user) + '@');
  return out;
}

std::string load_proxy_password(const std::string& file) {
  const private_text all(file);
  std::string_view text = all.view();
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty() || text.size() > longest || has_control_character(text))
    throw key_error(key_error::kind::malformed,
                    file + ": expected one line, the password of a proxy, of 1 to 255 bytes");
  return std::string(text);
}

}  // namespace mtcp::client

#include "mtcp/proxy/authority.hpp"

#include <algorithm>
#include <charconv>

#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

constexpr std::string_view scheme = "http://";

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Schemes do not know case (RFC 3986, section 3.1).
bool has_scheme(std::string_view text) {
  return text.size() >= scheme.size() && std::ranges::equal(text.substr(0, scheme.size()), scheme, {}, lower);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (wrong != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Behind the host: from the last colon that is not inside brackets.
std::size_t port_position(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  const bool inside = bracket != std::string_view::npos && colon != std::string_view::npos && colon < bracket;
  return colon == std::string_view::npos || inside ? text.size() : colon;
}

bool is_host(std::string_view text) {
  if (text.starts_with('[') != text.ends_with(']')) return false;
  return text.starts_with('[') || text.find_first_of(":/@?#") == std::string_view::npos;
}

std::optional<core::target> parse(std::string_view text, std::optional<std::uint16_t> otherwise) {
  const std::size_t at = port_position(text);
  const bool named = at + 1 < text.size();  // "host:" has no port either (RFC 3986, section 3.2.3)
  const auto port = named ? parse_port(text.substr(at + 1)) : otherwise;
  const std::string_view host = text.substr(0, at);
  auto clean = is_host(host) ? clean_host(host) : std::nullopt;
  if (!port || !clean) return std::nullopt;
  return core::target{std::move(*clean), *port};
}

}  // namespace

std::optional<core::target> parse_authority(std::string_view text) { return parse(text, std::nullopt); }

std::optional<absolute_uri> parse_absolute_uri(std::string_view text) {
  if (!has_scheme(text) || !std::ranges::all_of(text, is_plain)) return std::nullopt;
  text.remove_prefix(scheme.size());
  text = text.substr(0, text.find('#'));
  std::string_view authority = text.substr(0, text.find_first_of("/?"));
  const std::string_view rest = text.substr(authority.size());
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  auto to = parse(authority, 80);
  if (!to) return std::nullopt;
  return absolute_uri{std::move(*to), std::string(authority), (rest.starts_with('/') ? "" : "/") + std::string(rest)};
}

}  // namespace mtcp::proxy

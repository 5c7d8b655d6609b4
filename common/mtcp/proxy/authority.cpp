#include "mtcp/proxy/authority.hpp"

#include <algorithm>
#include <charconv>

#include "mtcp/core/base/ascii.hpp"
#include "mtcp/proxy/host.hpp"

namespace mtcp::proxy {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f;
}

/// The length of a scheme of ours with what separates it from the authority; 0 if it is another. Schemes do not know
/// case (RFC 3986, section 3.1).
std::size_t scheme_size(std::string_view text) {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("ws://")})
    if (core::equal_without_case(text.substr(0, scheme.size()), scheme)) return scheme.size();
  return 0;
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

/// The % before a zone is written %25 in a URI (RFC 6874, section 2), and as it is by many programs.
std::string with_plain_zone(std::string_view host) {
  std::string out(host);
  const auto percent = out.find("%25");
  if (out.starts_with('[') && percent != std::string::npos && percent + 4 < out.size()) out.erase(percent + 1, 2);
  return out;
}

std::optional<core::target> parse(std::string_view text, std::optional<std::uint16_t> otherwise) {
  const std::size_t at = port_position(text);
  const bool named = at + 1 < text.size();  // "host:" has no port either (RFC 3986, section 3.2.3)
  const auto port = named ? parse_port(text.substr(at + 1)) : otherwise;
  const std::string_view host = text.substr(0, at);
  auto clean = is_host(host) ? clean_host(with_plain_zone(host)) : std::nullopt;
  if (!port || !clean) return std::nullopt;
  return core::target{std::move(*clean), *port};
}

}  // namespace

std::optional<core::target> parse_authority(std::string_view text) { return parse(text, std::nullopt); }

std::string to_authority(const core::target& to) {
  const bool brackets = to.host.find(':') != std::string::npos;
  return (brackets ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port);
}

std::optional<absolute_uri> parse_absolute_uri(std::string_view text) {
  const std::size_t scheme = scheme_size(text);
  if (scheme == 0 || !std::ranges::all_of(text, is_plain)) return std::nullopt;
  text.remove_prefix(scheme);
  text = text.substr(0, text.find('#'));
  std::string_view authority = text.substr(0, text.find_first_of("/?"));
  const std::string_view rest = text.substr(authority.size());
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  auto to = parse(authority, 80);
  if (!to) return std::nullopt;
  std::string origin = (rest.starts_with('/') ? "" : "/") + std::string(rest);
  return absolute_uri{std::move(*to), std::string(authority), std::move(origin), rest.empty()};
}

}  // namespace mtcp::proxy

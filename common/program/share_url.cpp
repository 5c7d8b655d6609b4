#include "program/share_url.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "mtcp/net/platform/private_file.hpp"
#include "program/parse.hpp"
#include "program/percent.hpp"

namespace mtcp::program {
namespace {

constexpr std::string_view scheme = "mtcp://";
constexpr std::string_view spaces = " \t\r\n";
constexpr std::size_t max_servers = 16;
constexpr std::size_t longest_name = 64;

key_error malformed(const std::string& why) { return {key_error::kind::malformed, "not an mtcp URL: " + why}; }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) + 1 - first);
}

/// Cuts `text` at the first `at`, and returns what was behind it; empty if there was none.
std::string_view cut(std::string_view& text, char at) {
  const auto found = text.find(at);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = text.substr(found + 1);
  text = text.substr(0, found);
  return rest;
}

std::string parse_name(std::string_view text) {
  std::optional<std::string> name = percent_decoded(text);
  if (!name) throw malformed("a % in the name is not followed by two hexadecimal digits");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  if (name->size() > longest_name || std::ranges::any_of(*name, is_control))
    throw malformed("the name has control characters or over 64 bytes");
  return std::move(*name);
}

/// In a URI the % before the zone of an IPv6 address is written %25 (RFC 6874, section 2).
std::string replace_first(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

std::vector<host_ports> parse_servers(std::string_view list) {
  std::vector<host_ports> servers;
  for (std::string_view rest = list; !rest.empty() || servers.empty();) {
    std::string_view one = rest;
    rest = cut(one, ',');
    try {
      servers.push_back(parse_server(replace_first(std::string(one), "%25", "%")));
    } catch (const std::invalid_argument& e) {
      throw malformed("server " + std::to_string(servers.size() + 1) + ": " + e.what());
    }
    if (servers.size() > max_servers) throw malformed("more than 16 servers");
  }
  return servers;
}

std::string parse_bridges(std::string_view query) {
  if (query.empty()) return {};
  const std::string_view value = cut(query, '=');
  if (query != "bridges" || value.empty()) throw malformed("behind the ? may only stand bridges=N");
  return std::string(value);
}

}  // namespace

share_url parse_share_url(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(scheme)) throw malformed("it does not start with mtcp://");
  text.remove_prefix(scheme.size());
  const std::string_view name = cut(text, '#');
  const std::string_view query = cut(text, '?');
  if (text.ends_with('/')) text.remove_suffix(1);  // which some programs append
  const std::string_view servers = cut(text, '@');
  if (servers.empty()) throw malformed("expected mtcp://KEY@HOST:PORT");
  return {key::parse(text), parse_servers(servers), parse_bridges(query), parse_name(name)};
}

std::string to_string(const share_url& url) {
  std::string out = std::string(scheme) + url.secret.to_string();
  for (const host_ports& server : url.servers) {
    out += &server == &url.servers.front() ? '@' : ',';
    out += replace_first(to_string(server), "%", "%25");
  }
  if (!url.bridges.empty()) out += "?bridges=" + url.bridges;
  if (!url.name.empty()) out += "#" + percent_encoded(url.name);
  return out;
}

share_url load_share_url(const std::string& file) try {
  if (file == "-") return parse_share_url(private_text::standard_input().view());
  return parse_share_url(private_text(file).view());
} catch (const key_error& e) {
  const std::string what = e.what();
  const bool named = file == "-" || what.starts_with(file);
  throw key_error(e.why(), named ? what : file + ": " + what);
}

}  // namespace mtcp::program

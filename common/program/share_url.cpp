#include "program/share_url.hpp"

#include <algorithm>
#include <stdexcept>

#include "mtcp/net/platform/private_file.hpp"
#include "program/parse.hpp"

namespace mtcp::program {
namespace {

constexpr std::string_view scheme = "mtcp://";
constexpr std::string_view spaces = " \t\r\n";
constexpr std::string_view digits = "0123456789ABCDEF";
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

bool is_unreserved(char c) {  // RFC 3986, section 2.3
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c))
      out += c;
    else
      (out += '%', out += digits[byte >> 4], out += digits[byte & 15]);
  }
  return out;
}

int digit_of(char c) {
  const auto found = digits.find(c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c);
  return found == std::string_view::npos ? -1 : static_cast<int>(found);
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) throw malformed("a % in the name is not followed by two hexadecimal digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string parse_name(std::string_view text) {
  std::string name = percent_decoded(text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
  if (name.size() > longest_name || std::ranges::any_of(name, is_control))
    throw malformed("the name has control characters or over 64 bytes");
  return name;
}

std::vector<host_ports> parse_servers(std::string_view list) {
  std::vector<host_ports> servers;
  for (std::string_view rest = list; !rest.empty() || servers.empty();) {
    std::string_view one = rest;
    rest = cut(one, ',');
    try {
      servers.push_back(parse_server(std::string(one)));
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
    out += to_string(server);
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

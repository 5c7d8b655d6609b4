#include "program/parse.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>

#include <utility>
#include "mtcp/net/options.hpp"

namespace mtcp::program {
namespace {

/// The number at the start of `text`; what follows it is left in `rest`.
template <class Number>
std::optional<Number> leading_number(const std::string& text, std::string& rest) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  rest.assign(end, text.data() + text.size());
  return value;
}

constexpr std::pair<const char*, double> units[] = {{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};

}  // namespace

core::target parse_listen(const std::string& text) {
  auto found = parse_host_port(text);
  if (!found) throw std::invalid_argument("expected ADDRESS:PORT, for example 127.0.0.1:1080, [::1]:1080 or :8443");
  if (found->host == "*") found->host.clear();
  return *found;
}

core::target parse_destination(const std::string& text) {
  auto found = parse_host_port(text);
  if (!found || found->host.empty() || found->port == 0)
    throw std::invalid_argument("expected HOST:PORT, for example example.org:443 or [2001:db8::1]:443");
  return *found;
}

core::target parse_server(const std::string& text) {
  const bool has_port = parse_host_port(text).has_value();
  const bool is_ipv6 = parse_address(text).has_value() && text.find(':') != std::string::npos && !text.starts_with('[');
  const std::string host = is_ipv6 ? "[" + text + "]" : text;
  return parse_destination(has_port ? text : host + ":" + std::to_string(default_port));
}

std::optional<unsigned> parse_bridges(const std::string& text) {
  constexpr unsigned most_bridges = 64;
  if (text == "auto") return std::nullopt;
  return parse_number(text, 1, most_bridges);
}

network parse_network(const std::string& text) {
  const auto found = network::parse(text);
  if (!found)
    throw std::invalid_argument("expected a block of addresses, for example 10.0.0.0/8, 192.0.2.7 or fd00::/8");
  return *found;
}

unsigned parse_number(const std::string& text, unsigned least, unsigned most) {
  std::string rest;
  const auto value = leading_number<unsigned>(text, rest);
  if (!value || !rest.empty() || *value < least || *value > most)
    throw std::invalid_argument("expected a number from " + std::to_string(least) + " to " + std::to_string(most));
  return *value;
}

std::uint64_t parse_rate(const std::string& text) {
  std::string rest;
  const auto value = leading_number<double>(text, rest);
  if (value && *value == 0 && rest.empty()) return 0;
  for (const auto& [unit, bits] : units)
    if (value && rest == unit && *value * bits >= 8 && *value * bits <= 1e13)
      return static_cast<std::uint64_t>(std::llround(*value * bits / 8));
  throw std::invalid_argument("expected a rate, for example 50mbit, 1.5gbit or 800kbit");
}

spdlog::level::level_enum parse_log_level(const std::string& text) {
  for (const auto& [name, level] : {std::pair{"debug", spdlog::level::debug}, std::pair{"info", spdlog::level::info},
                                    std::pair{"warn", spdlog::level::warn}, std::pair{"error", spdlog::level::err}})
    if (text == name) return level;
  throw std::invalid_argument("expected error, warn, info or debug");
}

}  // namespace mtcp::program

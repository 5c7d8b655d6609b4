#include "key_limits.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "program/date.hpp"
#include "program/parse.hpp"

namespace mtcp::server {
namespace {

constexpr unsigned most_streams = 16'384, most_sessions = 1'024, most_dials = 1'000'000, most_bridges = 65'536;

std::uint16_t parse_port(const std::string& text) {
  return static_cast<std::uint16_t>(program::parse_number(text, 1, 65'535));
}

rules::port_range parse_ports(const std::string& text) {
  const auto dash = text.find('-');
  const std::uint16_t first = parse_port(text.substr(0, dash));
  const std::uint16_t last = dash == std::string::npos ? first : parse_port(text.substr(dash + 1));
  if (last < first) throw std::invalid_argument("the last port comes before the first");
  return {first, last};
}

/// BLOCK, BLOCK:PORTS or [BLOCK]:PORTS.
std::pair<network, rules::port_range> parse_destination(const std::string& text) {
  const bool bracketed = text.starts_with('[');
  const auto close = text.find(']');
  if (bracketed && close == std::string::npos) throw std::invalid_argument("there is no ] to the [");
  const std::string behind = bracketed ? text.substr(close + 1) : std::string();
  if (bracketed && behind.empty()) return {program::parse_network(text.substr(1, close - 1)), {}};
  if (bracketed && !behind.starts_with(':')) throw std::invalid_argument("expected :PORT behind the ]");
  if (bracketed) return {program::parse_network(text.substr(1, close - 1)), parse_ports(behind.substr(1))};
  const auto colon = text.find(':');
  if (colon == std::string::npos || text.find(':', colon + 1) != std::string::npos)
    return {program::parse_network(text), {}};
  return {program::parse_network(text.substr(0, colon)), parse_ports(text.substr(colon + 1))};
}

/// "T12:00:00Z", since midnight.
std::chrono::seconds parse_time(const std::string& text) {
  unsigned hour = 0, minute = 0, second = 0;
  int used = 0;
  const int found = std::sscanf(text.c_str(), "T%2u:%2u:%2uZ%n", &hour, &minute, &second, &used);
  if (found != 3 || used != 10 || text.size() != 10 || hour > 23 || minute > 59 || second > 59)
    throw std::invalid_argument("no time of day");
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
}

std::chrono::sys_seconds parse_expiry(const std::string& text) try {
  const auto behind_day = std::min(text.find('T'), text.size());
  const std::string time = text.substr(behind_day);
  return std::chrono::sys_days(program::parse_date(text.substr(0, behind_day))) +
         (time.empty() ? std::chrono::seconds(0) : parse_time(time));
} catch (const std::invalid_argument&) {
  throw std::invalid_argument("expected a day or a time in UTC, for example 2026-12-31 or 2026-12-31T12:00:00Z");
}

using reader = void (*)(key_limits&, const std::string&);
struct attribute {
  const char* name;
  reader read;
};

void add_destination(key_limits& to, const std::string& text, bool allow) {
  const auto [block, ports] = parse_destination(text);
  to.destinations.push_back({block, ports, allow});
}

void add_listen_rule(key_limits& to, const std::string& text) {
  const bool none = text == "none";
  if (to.listen && (none || to.listen->all().empty())) throw std::invalid_argument("none stands alone");
  if (!to.listen) to.listen.emplace();
  if (!none) to.listen->add(parse_listen_rule(text));
}

constexpr std::array attributes{
    attribute{"streams",
              [](key_limits& to, const std::string& v) { to.streams = program::parse_number(v, 1, most_streams); }},
    attribute{"sessions",
              [](key_limits& to, const std::string& v) { to.sessions = program::parse_number(v, 1, most_sessions); }},
    attribute{"dials",
              [](key_limits& to, const std::string& v) { to.dials = program::parse_number(v, 1, most_dials); }},
    attribute{"bridges",
              [](key_limits& to, const std::string& v) { to.bridges = program::parse_number(v, 1, most_bridges); }},
    attribute{"bytes-per-month",
              [](key_limits& to, const std::string& v) { to.bytes_per_month = program::parse_size(v); }},
    attribute{"rate", [](key_limits& to, const std::string& v) { to.rate = program::parse_rate(v); }},
    attribute{"memory", [](key_limits& to, const std::string& v) { to.memory = program::parse_size(v); }},
    attribute{"expires", [](key_limits& to, const std::string& v) { to.expires = parse_expiry(v); }},
    attribute{"allow", [](key_limits& to, const std::string& v) { add_destination(to, v, true); }},
    attribute{"deny", [](key_limits& to, const std::string& v) { add_destination(to, v, false); }},
    attribute{"listen", [](key_limits& to, const std::string& v) { add_listen_rule(to, v); }},
};

std::string all_names() {
  std::string out;
  for (const attribute& one : attributes) out += (out.empty() ? "" : ", ") + std::string(one.name) + '=';
  return out;
}

void read(key_limits& to, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(attributes, name, &attribute::name);
  if (found == attributes.end()) throw std::invalid_argument("there is no such attribute; there are " + all_names());
  found->read(to, value);
}

}  // namespace

void key_limits::destination::add_to(rules& all) const {
  const bool any_port = ports == rules::port_range();
  if (any_port && allow) return all.allow(block);
  if (any_port) return all.deny(block);
  if (allow) return all.allow(block, ports);
  all.deny(block, ports);
}

key_limits limits_of(const key& k) {
  key_limits out;
  for (const auto& [name, value] : k.attributes()) {
    try {
      read(out, name, value);
    } catch (const std::invalid_argument& e) {
      throw key_error(key_error::kind::malformed, name + '=' + value + ": " + e.what());
    }
  }
  return out;
}

}  // namespace mtcp::server

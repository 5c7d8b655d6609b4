#include "program/parse.hpp"

#include <idn2.h>

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "mtcp/net/dial/zoned_address.hpp"

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

bool fits_a_label(char c) { return static_cast<unsigned char>(c) >= 128 || std::isalnum(c) || c == '-' || c == '_'; }

bool is_label(std::string_view text) { return !text.empty() && std::ranges::all_of(text, fits_a_label); }

/// A name whose last label is a number would be an IPv4 address, if it were one (RFC 3696, section 2).
bool is_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  for (;;) {
    const auto dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label(label)) return false;
    if (dot == std::string_view::npos) return !is_digits(label);
    text.remove_prefix(dot + 1);
  }
}

/// "10.0.0.0/8" for "10.0.0.1/8"; empty if `text` is no such thing.
std::string block_around(const std::string& text) {
  error_code no_v4, no_v6;
  const auto v4 = asio::ip::make_network_v4(text, no_v4);
  if (!no_v4) return v4.canonical().to_string();
  const auto v6 = asio::ip::make_network_v6(text, no_v6);
  return no_v6 ? std::string() : v6.canonical().to_string();
}

struct unit {
  const char* name;
  double size;
};
constexpr unit rates[] = {{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};
constexpr unit sizes[] = {{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}};
constexpr unit durations[] = {{"ms", 1}, {"s", 1e3}, {"min", 60e3}, {"h", 3600e3}};

/// A number with one of the units, if it lies between `least` and `most`.
std::optional<double> measure(const std::string& text, std::span<const unit> units, double least, double most) {
  std::string rest;
  const auto value = leading_number<double>(text, rest);
  for (const unit& u : units)
    if (value && rest == u.name && *value * u.size >= least && *value * u.size <= most) return *value * u.size;
  return std::nullopt;
}

}  // namespace

std::string in_ascii(const std::string& name) {
  if (std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 128; })) return name;
  char* converted = nullptr;
  const int status =
      idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), reinterpret_cast<std::uint8_t**>(&converted),
                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, decltype(&idn2_free)> owner(converted, idn2_free);
  if (status != IDN2_OK)
    throw std::invalid_argument("'" + name + "' is no host name: " + idn2_strerror(status) +
                                "; write it as the DNS knows it, with xn--");
  // To normalise may make ASCII of a character that is none: U+037E becomes a semicolon.
  const std::string ascii(converted);
  if (!std::ranges::all_of(ascii, [](char c) { return c == '.' || fits_a_label(c); }))
    throw std::invalid_argument("'" + name + "' is no host name: it would be '" + ascii + "'");
  return ascii;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

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
  if (!zoned_address::parse(found->host) && !is_name(found->host))
    throw std::invalid_argument("expected a host name or an IP address");
  found->host = in_ascii(found->host);
  return *found;
}

std::optional<unsigned> parse_bridges(const std::string& text) {
  constexpr unsigned max_bridges = 64;
  if (text == "auto") return std::nullopt;
  try {
    return parse_number(text, 1, max_bridges);
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(std::string(e.what()) + ", or auto");
  }
}

ip_address parse_ip(const std::string& text) {
  const auto address = parse_address(text);
  if (!address) throw std::invalid_argument("expected an IP address, for example 203.0.113.7 or 2001:db8::7");
  return *address;
}

network parse_network(const std::string& text) {
  const auto found = network::parse(text);
  const std::string around = found ? "" : block_around(text);
  if (!around.empty()) throw std::invalid_argument("bits behind the prefix are set; did you mean " + around + "?");
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
  if (text == "0") return 0;
  if (const auto bits = measure(text, rates, 8, 1e13)) return static_cast<std::uint64_t>(std::llround(*bits / 8));
  throw std::invalid_argument("expected a rate, for example 50mbit, 1.5gbit or 800kbit");
}

std::uint64_t parse_size(const std::string& text) {
  if (const auto bytes = measure(text, sizes, 1e3, 1e15)) return static_cast<std::uint64_t>(std::llround(*bytes));
  throw std::invalid_argument("expected a size, for example 500kB, 64MB or 1.5GB");
}

std::chrono::milliseconds parse_duration(const std::string& text) {
  constexpr double year = 366.0 * 24 * 3600e3;
  if (const auto time = measure(text, durations, 1, year)) return std::chrono::milliseconds(std::llround(*time));
  throw std::invalid_argument("expected a time, for example 1400ms, 20s, 15min or 2h");
}

std::chrono::seconds parse_keep_alive(const std::string& text) {
  if (text == "off") return std::chrono::seconds(0);
  constexpr double longest = 9 * 3600e3;  // systems take no more than 32,767 s
  if (const auto time = measure(text, durations, 1e3, longest)) return std::chrono::seconds(std::llround(*time / 1e3));
  throw std::invalid_argument("expected a time from 1s to 9h, or off");
}

spdlog::level::level_enum parse_log_level(const std::string& text) {
  for (const auto& [name, level] : {std::pair{"debug", spdlog::level::debug}, std::pair{"info", spdlog::level::info},
                                    std::pair{"warn", spdlog::level::warn}, std::pair{"error", spdlog::level::err}})
    if (text == name) return level;
  throw std::invalid_argument("expected error, warn, info or debug");
}

}  // namespace mtcp::program

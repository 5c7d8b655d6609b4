#include "listen_rules.hpp"

#include <algorithm>
#include <stdexcept>

#include "program/parse.hpp"

namespace mtcp::server {
namespace {

constexpr const char* expected =
    "expected [ADDRESS:]PORT or [ADDRESS:]FIRST-LAST, for example 8080, *:8000-8010 or 192.0.2.1:80";

std::uint16_t parse_port(const std::string& text) {
  if (!program::is_digits(text) || text.size() > 5 || std::stoi(text) > 65'535) throw std::invalid_argument(expected);
  return static_cast<std::uint16_t>(std::stoi(text));
}

void set_ports(listen_rule& rule, const std::string& text) {
  const auto dash = text.find('-');
  rule.first = parse_port(text.substr(0, dash));
  rule.last = dash == std::string::npos ? rule.first : parse_port(text.substr(dash + 1));
  if (rule.last < rule.first || (rule.first == 0 && rule.last != 0)) throw std::invalid_argument(expected);
}

void set_address(listen_rule& rule, std::string host) {
  rule.at = listen_rule::where::everywhere;
  if (host.empty() || host == "*") return;
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string::npos) throw std::invalid_argument(expected);
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_address(host);
  if (!address) throw std::invalid_argument(expected);
  if (address->is_unspecified()) return;
  rule.at = listen_rule::where::address;
  rule.address = unmapped(*address);
}

/// The address that is asked for by a rule for all of them, or none if the rule does not cover it.
std::optional<std::string> covered(const listen_rule& rule, const core::target& asked) {
  using where = listen_rule::where;
  if (asked.host.empty()) {
    if (rule.at == where::loopback) return "127.0.0.1";
    return rule.at == where::everywhere ? "" : rule.address.to_string();
  }
  const auto address = parse_address(asked.host);
  if (!address) return {};
  const bool all = address->is_unspecified();
  const ip_address wanted = unmapped(*address);
  const bool ok = rule.at == where::everywhere || (!all && rule.at == where::loopback && wanted.is_loopback()) ||
                  (!all && rule.at == where::address && wanted == rule.address);
  if (!ok) return {};
  return all && address->is_v6() ? std::string() : wanted.to_string();
}

}  // namespace

listen_rule parse_listen_rule(const std::string& text) {
  listen_rule rule;
  rule.written = text;
  const auto colon = text.rfind(':');
  if (colon != std::string::npos) set_address(rule, text.substr(0, colon));
  set_ports(rule, colon == std::string::npos ? text : text.substr(colon + 1));
  return rule;
}

std::optional<core::target> listen_rules::place_for(const core::target& asked) const {
  for (const listen_rule& rule : all_) {
    if (asked.port < rule.first || asked.port > rule.last) continue;
    if (auto host = covered(rule, asked)) return core::target{std::move(*host), asked.port};
  }
  return {};
}

}  // namespace mtcp::server

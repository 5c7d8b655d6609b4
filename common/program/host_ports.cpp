#include "program/host_ports.hpp"

#include <stdexcept>

#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/options.hpp"
#include "program/parse.hpp"

namespace mtcp::program {
namespace {

constexpr int max_listeners = 1024;

/// Takes the end of a range off "HOST:FIRST-LAST", and returns it; empty if `text` ends in no range.
std::string cut_last_port(std::string& text) {
  const auto colon = text.rfind(':');
  const auto dash = text.rfind('-');
  if (colon == std::string::npos || dash == std::string::npos || dash < colon) return {};
  const std::string last = text.substr(dash + 1);
  if (!is_digits(last) || !is_digits(text.substr(colon + 1, dash - colon - 1))) return {};
  text.erase(dash);
  return last;
}

host_ports with_range(const core::target& first, const std::string& last) {
  host_ports all{first.host, first.port};
  if (last.empty()) return all;
  if (first.port == 0 || last.size() > 5 || std::stoi(last) > 65535 || std::stoi(last) < first.port)
    throw std::invalid_argument("expected a range of ports from the lower to the higher, for example 8443-8499");
  all.last_port = static_cast<std::uint16_t>(std::stoi(last));
  return all;
}

}  // namespace

std::string to_string(const host_ports& all) {
  const std::string first = mtcp::to_string(core::target{all.host, all.port});
  return all.last_port == 0 ? first : first + '-' + std::to_string(all.last_port);
}

std::vector<core::target> each_port(const host_ports& all) {
  std::vector<core::target> out{{all.host, all.port}};
  for (int port = all.port + 1; port <= all.last_port; ++port)
    out.push_back({all.host, static_cast<std::uint16_t>(port)});
  return out;
}

host_ports parse_server(const std::string& text) {
  std::string first = text;
  const std::string last = cut_last_port(first);
  const bool has_port = parse_host_port(first).has_value();
  const bool is_ipv6 =
      zoned_address::parse(first).has_value() && first.find(':') != std::string::npos && !first.starts_with('[');
  const std::string host = is_ipv6 ? "[" + first + "]" : first;
  return with_range(parse_destination(has_port ? first : host + ":" + std::to_string(default_port)), last);
}

host_ports parse_listen_ports(const std::string& text) {
  std::string first = text;
  const std::string last = cut_last_port(first);
  const host_ports all = with_range(parse_listen(first), last);
  if (all.last_port - all.port >= max_listeners)
    throw std::invalid_argument("expected at most 1024 ports; more than that is for the packet filter to redirect");
  return all;
}

}  // namespace mtcp::program

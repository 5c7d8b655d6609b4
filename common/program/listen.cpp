#include "program/listen.hpp"

#include <sysexits.h>

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>
#include <optional>

#include "mtcp/address.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "program/message.hpp"
#include "program/options.hpp"
#include "program/parse.hpp"

namespace mtcp::program {
namespace {

bool has_ipv6() {
  asio::io_context io;
  tcp::socket probe(io);
  error_code error;
  probe.open(tcp::protocol::v6(), error);
  return !error;
}

std::vector<tcp::endpoint> resolve(const core::target& where) {
  asio::io_context io;
  asio::ip::basic_resolver<tcp::protocol, executor> names(io);
  error_code error;
  std::vector<tcp::endpoint> all;
  for (const auto& found : names.resolve(where.host, std::to_string(where.port), error))
    if (std::ranges::find(all, found.endpoint()) == all.end()) all.push_back(found.endpoint());
  if (error) throw boost::system::system_error(error, "cannot find " + where.host);
  return all;
}

/// The port of `local`, or a free one if that is 0; empty if this machine does not have the address.
std::optional<std::uint16_t> port_on(const tcp::endpoint& local) {
  asio::io_context io;
  tcp::acceptor probe(io);
  error_code error;
  probe.open(local.protocol(), error);
  if (!error) probe.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) probe.bind(local, error);
  if (error == asio::error::address_family_not_supported || error == boost::system::errc::address_not_available)
    return {};
  return error ? local.port() : probe.local_endpoint().port();
}

std::optional<core::target> parse_listener(const std::string& text) {
  if (text == "none") return std::nullopt;
  return parse_listen(text);
}

}  // namespace

std::vector<tcp::endpoint> endpoints_of(const core::target& where) {
  if (where.host.empty()) return {{has_ipv6() ? tcp::protocol::v6() : tcp::protocol::v4(), where.port}};
  const auto literal = zoned_address::parse(where.host);
  if (!literal) return resolve(where);
  const auto here = literal->here();
  if (!here) throw boost::system::system_error(here.error(), "cannot find " + where.host);
  return {{*here, where.port}};
}

std::vector<tcp::endpoint> listen_endpoints(const core::target& where) {
  std::vector<tcp::endpoint> all = endpoints_of(where);
  if (all.size() == 1) return all;
  std::vector<tcp::endpoint> usable;
  std::uint16_t port = where.port;
  for (const tcp::endpoint& one : all) {
    const auto found = port_on({one.address(), port});
    if (!found) continue;
    port = *found;
    usable.emplace_back(one.address(), port);
  }
  return usable.empty() ? all : usable;
}

std::vector<core::target> listeners_of(const values& given, const std::string& option, const core::target& otherwise) {
  if (!given.has(option)) return {otherwise};
  std::vector<core::target> all;
  const auto chosen = given.each(option, parse_listener);
  for (const auto& one : chosen)
    if (one) all.push_back(*one);
  if (!all.empty() && all.size() != chosen.size())
    throw settings_error(EX_USAGE, given.origin(option) + ": none cannot stand beside others");
  return all;
}

int exit_code_of(const boost::system::system_error& e) {
  return e.code() == boost::system::errc::permission_denied ? EX_NOPERM : EX_UNAVAILABLE;
}

void fail_for(const std::string& option, const boost::system::system_error& e) {
  throw settings_error(exit_code_of(e), option + ": " + message_of(e));
}

}  // namespace mtcp::program

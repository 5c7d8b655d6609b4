#include "gateway.hpp"

#include <spdlog/spdlog.h>

#include <boost/system/system_error.hpp>
#include <optional>
#include <utility>

#include "connect.hpp"
#include "mtcp/net/platform/transparent.hpp"
#include "mtcp/relay.hpp"

namespace mtcp::client {
namespace {

/// TCP itself has told the application of success, as with --fast-open; so a failure is a reset.
std::string nothing_to_say(const opening&) { return {}; }

task<> lead(std::shared_ptr<const local_port> with, tcp::socket application, core::target to) {
  auto talk = std::make_unique<dialogue>(std::move(application), with->handshake_limit);
  std::optional<joined> both = co_await connect(*with, std::move(talk), std::move(to), "transparent", nothing_to_say);
  if (!both) co_return;
  task<> relaying = relay(std::move(*both));
  both.reset();
  co_await std::move(relaying);
}

bool is_permission(const error_code& error) {
  return error == boost::system::errc::operation_not_permitted || error == asio::error::operation_not_supported;
}

}  // namespace

gateway::gateway(const executor& where, udp_gateway::port_source now, std::uint32_t mark)
    : now_(now), udp_(where, std::move(now), guard_, mark) {}

void gateway::open(listener& at) {
  const tcp::endpoint local = at.local_endpoint();
  error_code error = at.allow_foreign_addresses();
  if (!error) error = udp_.listen({local.address(), local.port()});
  if (!error) return look_at_low_ports(local.address().is_v6());
  if (!is_permission(error))
    throw boost::system::system_error(error, "cannot take UDP on " + to_string(to_target(local)));
  if (!std::exchange(told_, true))
    spdlog::warn("transparent: no UDP, and TCP by REDIRECT only: TPROXY takes CAP_NET_ADMIN or CAP_NET_RAW ({})",
                 error.message());
}

void gateway::look_at_low_ports(bool ipv6) {
  const error_code error = udp_.try_low_port(ipv6);
  if (error && !std::exchange(told_of_low_ports_, true))
    spdlog::warn("transparent: no answers to UDP from ports below 1024, as of name servers: {}; CAP_NET_BIND_SERVICE",
                 error.message());
}

task<> gateway::serve(tcp::socket application) {
  error_code gone;
  const tcp::endpoint from = application.remote_endpoint(gone);
  const tcp::endpoint to = platform::original_destination(application);
  if (gone || !guard_.permits(to.address(), to.port()) || guard_.is_own(from)) {
    co_await close_with_reset(application);
    co_return;
  }
  core::target target = to_target(to);
  task<> leading = lead(now_(), std::move(application), std::move(target));
  co_await std::move(leading);
}

}  // namespace mtcp::client

#include "mtcp/net/dial/dialer.hpp"

#include <boost/asio/socket_base.hpp>
#include <utility>

#include "mtcp/net/dial/happy_eyeballs.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_addresses = 8;  // whoever names a destination chooses how many it has

// Before it connects: the destination may speak at once. Urgent data stays where it is among the other bytes (RFC 6093,
// section 6), since out of band nobody would fetch it.
error_code prepare(tcp::socket& socket, const dial_options& how) {
  error_code error;
  platform::prepare(socket);
  platform::set_keep_alive(socket, how.keep_alive);
  if (how.mark != 0 && (error = platform::set_mark(socket.native_handle(), how.mark))) return error;
  socket.set_option(asio::socket_base::out_of_band_inline(true), error);
  return error;
}

dialed failure(const error_code& error) { return {error, to_refusal(error)}; }

}  // namespace

core::refusal to_refusal(const error_code& error) noexcept {
  if (error == asio::error::connection_refused) return core::refusal::connection_refused;
  if (error == asio::error::network_unreachable) return core::refusal::network_unreachable;
  if (error == asio::error::host_unreachable || error == asio::error::timed_out ||
      error == asio::error::host_not_found || error == asio::error::host_not_found_try_again)
    return core::refusal::host_unreachable;
  return core::refusal::general;
}

task<dialed> dialer::dial(core::target to, std::size_t at_once, permission allowed) {
  const auto deadline = clock::now() + options_.timeout;
  const auto found = co_await names_.resolve(to.host, deadline);
  if (!found) co_return failure(found.error());
  std::vector<tcp::endpoint> endpoints;
  for (const ip_address& address : interleave(*found))
    if (const tcp::endpoint e(unmapped(address), to.port); allowed(e) && endpoints.size() < max_addresses)
      endpoints.push_back(e);
  if (endpoints.empty()) co_return dialed{error_code(asio::error::access_denied), core::refusal::policy};
  connection_race::preparation prepared = [how = options_](tcp::socket& socket, const tcp::endpoint&) {
    return prepare(socket, how);
  };
  auto connected =
      co_await connect_first(std::move(endpoints), at_once, options_.stagger, deadline, std::move(prepared));
  if (!connected) co_return failure(connected.error());
  co_return dialed{std::move(connected), core::refusal::general};
}

}  // namespace mtcp

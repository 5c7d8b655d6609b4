#include "mtcp/net/listening_socket.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>

#include "mtcp/address.hpp"
#include "mtcp/net/platform/transparent.hpp"

namespace mtcp {
namespace {

constexpr std::chrono::milliseconds pause_after_failure{100};  // time for others to give descriptors back

error_code of_system(int number) { return {number, boost::system::system_category()}; }

/// A peer that is gone already; it says nothing about the next one.
bool concerns_one_connection(const error_code& error) {
  return error == of_system(ECONNABORTED) || error == of_system(EPROTO);
}

/// Accepting failed for want of descriptors or memory.
bool is_shortage(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory || error == of_system(ENFILE);
}

void listen(tcp::acceptor& acceptor, const listen_options& options) {
  const tcp::endpoint& local = options.local;
  acceptor.open(local.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.set_option(asio::socket_base::out_of_band_inline(true));  // of what it accepts, before anything arrives
  if (local.address().is_v6())
    acceptor.set_option(asio::ip::v6_only(options.ipv6_only || !local.address().is_unspecified()));
  if (!options.congestion.empty()) {
    const error_code error = platform::set_congestion(acceptor, options.congestion);
    if (error) throw boost::system::system_error(error);
  }
  acceptor.bind(local);
  acceptor.listen();
}

}  // namespace

listening_socket::listening_socket(const executor& where, const listen_options& options)
    : acceptor_(where), pause_(where) {
  try {
    listen(acceptor_, options);
  } catch (const boost::system::system_error& error) {
    throw boost::system::system_error(error.code(), "cannot listen on " + to_string(to_target(options.local)));
  }
  local_ = acceptor_.local_endpoint();
}

error_code listening_socket::allow_foreign_addresses() {
  return platform::allow_foreign_addresses(acceptor_.native_handle(), local_.address().is_v6());
}

task<std::optional<tcp::socket>> listening_socket::accept() {
  while (is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(use_result);
    if (!error) co_return std::move(socket);
    if (!is_open()) break;
    if (concerns_one_connection(error)) continue;
    auto waiting = is_shortage(error) ? accept_in_shortage() : std::nullopt;
    if (waiting) co_return waiting;
    pause_.expires_after(pause_after_failure);
    co_await pause_.async_wait(use_result);
  }
  co_return std::nullopt;
}

// A connection that cannot be accepted stays in the queue, and would be reported again at once, for ever: the reserve
// lets it be accepted and closed, which tells the peer. The kernel complains before it looks whether a connection waits
// at all, so there may be none. Returns the connection if the shortage is over.
std::optional<tcp::socket> listening_socket::accept_in_shortage() {
  error_code error;
  acceptor_.non_blocking(true, error);
  tcp::socket waiting(acceptor_.get_executor());
  acceptor_.accept(waiting, error);
  if (!error) return waiting;
  reserve_.give_up();
  acceptor_.accept(waiting, error);
  if (!error) ++turned_away_;
  waiting.close(error);
  reserve_.fill();
  return std::nullopt;
}

void listening_socket::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

}  // namespace mtcp

#include "mtcp/net/listener.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <sstream>

#include "mtcp/net/platform/shortage.hpp"

namespace mtcp {
namespace {

constexpr std::chrono::milliseconds breather{100};

/// A peer that is gone already; it says nothing about the next one.
bool concerns_one_connection(const error_code& error) {
  using boost::system::errc::errc_t;
  return error == errc_t::connection_aborted || error == errc_t::protocol_error;
}

void listen(tcp::acceptor& acceptor, const tcp::endpoint& local) {
  acceptor.open(local.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  if (local.address().is_v6()) acceptor.set_option(asio::ip::v6_only(!local.address().is_unspecified()));
  acceptor.bind(local);
  acceptor.listen();
}

void name_endpoint(const tcp::endpoint& local, const boost::system::system_error& error) {
  std::ostringstream where;
  where << "cannot listen on " << local;
  throw boost::system::system_error(error.code(), where.str());
}

}  // namespace

listener::listener(const executor& where, const tcp::endpoint& local, std::size_t most_connections, service serve,
                   task_group::failure_handler on_failure)
    : acceptor_(where),
      most_connections_(most_connections),
      serve_(std::move(serve)),
      connections_(where, std::move(on_failure)),
      pause_(where) {
  try {
    listen(acceptor_, local);
  } catch (const boost::system::system_error& error) {
    name_endpoint(local, error);
  }
  local_ = acceptor_.local_endpoint();
}

task<> listener::run() {
  while (!stopped_) {
    co_await connections_.wait(most_connections_ - 1);
    if (stopped_) break;
    auto [error, socket] = co_await acceptor_.async_accept(use_result);
    if (!error) {
      start(std::move(socket));
    } else if (!stopped_ && !concerns_one_connection(error)) {
      co_await pause(error);
    }
  }
  co_await connections_.wait();
}

void listener::stop() {
  error_code ignored;
  stopped_ = true;
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::start(tcp::socket socket) {
  error_code ignored;  // the connection may be gone; reading from it will tell
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::protocol::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  connections_.start(serve_(std::move(socket)));
}

task<> listener::pause(const error_code& why) {
  bool turned_away = false;
  auto waiting = is_shortage(why) ? accept_in_shortage(acceptor_, reserve_, turned_away) : std::nullopt;
  if (waiting) co_return start(std::move(*waiting));
  pause_.expires_after(breather);
  co_await pause_.async_wait(use_result);
}

}  // namespace mtcp

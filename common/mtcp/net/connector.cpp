#include "mtcp/net/connector.hpp"

#include <boost/asio/ip/address.hpp>
#include <stdexcept>
#include <utility>

#include "mtcp/net/platform.hpp"

namespace mtcp {

connector::connector(const executor& where, const path_options& path, std::chrono::milliseconds timeout,
                     std::string name_servers)
    : path_(path),
      deadline_(clock::now() + timeout),
      name_servers_(std::move(name_servers)),
      socket_(where),
      timer_(where) {}

task<error_code> connector::connect(const tls_context& context, const key& own) {
  expire_at(deadline_);
  endpoints found;
  error_code error = co_await resolve(found);
  if (!error) error = co_await connect_to_any(found);
  if (error) co_return explain(error);
  expire_at(deadline_);
  channel_.emplace(registered_anew(std::move(socket_)));
  error = co_await channel_->connect(context, own);
  co_return explain(error);
}

// The resolver is a new one for each dial: a laptop that has changed networks has other name servers. And not the C
// library's, whose lookups cannot be ended: with dead name servers they outlast every deadline.
task<error_code> connector::resolve(endpoints& out) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(path_.host, not_literal);
  if (!not_literal) {
    out.emplace_back(literal, path_.port);
    co_return error_code();
  }
  try {
    names_.emplace(socket_.get_executor(), resolver_options{.servers = name_servers_});
  } catch (const std::runtime_error&) {
    co_return error_code(asio::error::host_not_found_try_again);
  }
  const auto found = co_await names_->resolve(path_.host, deadline_);
  names_.reset();
  if (!found) co_return found.error();
  for (const ip_address& address : *found) out.emplace_back(address, path_.port);
  co_return error_code();
}

// Each address gets its share of the time that is left, so that one that does not answer leaves some to the others.
task<error_code> connector::connect_to_any(const endpoints& found) {
  error_code error = asio::error::timed_out;
  std::size_t left = found.size();
  for (const tcp::endpoint& to : found) {
    const auto now = clock::now();
    if (aborted_ || now >= deadline_) break;
    expire_at(now + (deadline_ - now) / static_cast<int>(left--));
    error = co_await connect_to(to);
    if (!error) break;
  }
  co_return error;
}

task<error_code> connector::connect_to(tcp::endpoint to) {
  timed_out_ = false;
  error_code error = prepare(to);
  if (error) co_return error;
  auto [outcome] = co_await socket_.async_connect(to, use_result);
  error = explain(outcome);
  co_return error;
}

error_code connector::prepare(const tcp::endpoint& to) {
  error_code error;
  socket_.close(error);
  socket_.open(to.protocol(), error);
  if (error) return error;
  platform::prepare_bridge(socket_);
  if (!path_.interface.empty() && (error = platform::bind_to_interface(socket_, path_.interface))) return error;
  if (!path_.congestion.empty() && (error = platform::set_congestion(socket_, path_.congestion))) return error;
  if (path_.bind.empty()) return {};
  const auto local = asio::ip::make_address(path_.bind, error);
  if (!error && local.is_v6() != to.address().is_v6()) error = asio::error::address_family_not_supported;
  if (!error) socket_.bind(tcp::endpoint(local, 0), error);
  return error;
}

void connector::expire_at(clock::time_point when) {
  timer_.expires_at(when);
  timer_.async_wait(lifeline_.guard([this](error_code error) {
    if (error || timer_.expiry() > clock::now()) return;
    timed_out_ = true;
    close();
  }));
}

// Without an error too: the socket may have been closed in the turn in which it succeeded.
error_code connector::explain(error_code error) const {
  if (aborted_) return asio::error::operation_aborted;
  if (timed_out_) return asio::error::timed_out;
  return error;
}

secure_channel connector::take() {
  timer_.cancel();
  secure_channel out = std::move(*channel_);
  channel_.reset();
  return out;
}

void connector::abort() {
  aborted_ = true;
  close();
}

void connector::close() {
  error_code ignored;
  if (names_) names_->cancel();
  socket_.close(ignored);
  if (channel_) channel_->close();
}

}  // namespace mtcp

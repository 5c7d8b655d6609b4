#include "server.hpp"

#include <spdlog/spdlog.h>

#include "mtcp/net/relay.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "udp_association.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

// UDP associations at once, each of which holds a port: of one user, and of all.
constexpr std::size_t associations_per_user = 1'024;
constexpr std::size_t associations_most = 8'192;

acceptor_options options_of(const settings& s, key_ring keys) {
  acceptor_options options;
  options.keys = std::move(keys);
  options.trusted_proxies = s.trusted_proxies;
  options.on_event = program::log_event;
  for (const core::target& where : s.listen) options.listen.push_back(program::listen_endpoint(where));
  return options;
}

std::unique_ptr<status::status_server> open_status(const executor& where, const status::setting& s, acceptor& a) {
  status::site_options what;
  what.which = status::role::server;
  what.can.close_stream = [&a](const std::string& session, std::uint64_t id) { return a.close_stream(session, id); };
  return status::open_status(where, s, std::move(what), [&a] { return a.snapshot(); });
}

}  // namespace

server::server(asio::io_context& io, const settings& s, key_ring keys)
    : executor_(io.get_executor()),
      settings_(s),
      acceptor_(io, options_of(s, std::move(keys))),
      resolver_(executor_),
      dialer_(resolver_, rules_),
      status_(open_status(executor_, s.status, acceptor_)),
      background_(executor_, program::report_failure),
      streams_(executor_, program::report_failure),
      drained_(executor_, timer::time_point::max()),
      grace_(executor_),
      watch_(executor_) {
  for (const tcp::endpoint& local : acceptor_.local_endpoints())
    spdlog::info("listening bridges {}", to_string(to_target(local)));
  rules_ = rules_of(s);
}

/// Those of the settings, and never the program's own listeners.
rules server::rules_of(const settings& s) const {
  rules all = s.destinations;
  for (const tcp::endpoint& local : acceptor_.local_endpoints()) all.add_listener(local);
  if (status_) all.add_listener(status_->local_endpoint());
  return all;
}

void server::reload(const settings& s, key_ring keys) {
  if (s.listen != settings_.listen || s.status.where != settings_.status.where)
    spdlog::warn("other listeners need a restart");
  spdlog::set_level(s.log_level);
  acceptor_.set_keys(std::move(keys));
  rules_ = rules_of(s);
}

task<> server::run() {
  background_.start(acceptor_.run());
  background_.start(accept_streams());
  background_.start(watch_tunnels());
  if (status_) background_.start(status_->run());
  co_await drained_.async_wait(use_result);
  co_await streams_.wait();
  stopping_ = true;
  grace_.cancel();
  watch_.cancel();
  acceptor_.stop();
  if (status_) status_->stop();
  co_await background_.wait();
}

void server::drain() {
  acceptor_.drain();
  if (status_) status_->drain();
  drained_.cancel();
  grace_.expires_after(program::grace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) acceptor_.stop();
  });
}

task<> server::accept_streams() {
  for (;;) {
    auto [error, request] = co_await acceptor_.async_accept(use_result);
    if (error) co_return;
    streams_.start(serve(std::move(request)));
  }
}

task<> server::serve(incoming request) {
  if (core::is_association(request.target())) co_return co_await serve_udp(std::move(request));
  const std::string name = to_string(request.target());
  dialed to = co_await dialer_.dial(request.target());
  spdlog::debug("{} {}: {}", request.user(), name, to.socket ? "open" : to.socket.error().message());
  if (!to.socket) co_return request.refuse(to.why);
  error_code gone;
  const tcp::endpoint local = to.socket->local_endpoint(gone);
  stream remote = request.answer(gone ? core::target{} : to_target(local));
  co_await relay(std::move(remote), std::move(*to.socket));
}

task<> server::serve_udp(incoming request) {
  const std::string user = request.user();
  if (associations_.size() >= associations_most || associations_.count(user) >= associations_per_user)
    co_return request.refuse(core::refusal::general);
  const auto place = associations_.insert(user);
  co_await serve_association(std::move(request), resolver_, rules_);
  associations_.erase(place);
}

/// Says which clients came and went.
task<> server::watch_tunnels() {
  std::set<std::string> before;
  while (!stopping_) {
    std::set<std::string> now;
    for (const tunnel_snapshot& t : acceptor_.snapshot().tunnels) now.insert(t.user + ", session " + t.session);
    for (const std::string& name : now)
      if (!before.contains(name)) spdlog::info("client {} connected", name);
    for (const std::string& name : before)
      if (!now.contains(name)) spdlog::info("client {} gone", name);
    before = std::move(now);
    watch_.expires_after(1s);
    co_await watch_.async_wait(use_result);
  }
}

}  // namespace mtcp::server

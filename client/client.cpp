#include "client.hpp"

#include <spdlog/spdlog.h>

#include "forward_session.hpp"
#include "health.hpp"
#include "mtcp/net/address.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "socks_session.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t most_connections = 8'192;  // of one listener

tunnel_options options_of(const settings& s, key secret) {
  return {.key = std::move(secret), .paths = s.paths, .on_event = program::log_event};
}

}  // namespace

client::client(asio::io_context& io, const settings& s, key secret)
    : executor_(io.get_executor()),
      tunnel_(io, options_of(s, std::move(secret))),
      background_(executor_, program::report_failure),
      services_(executor_, program::report_failure),
      grace_(executor_),
      watch_(executor_) {
  if (s.socks) listen("socks", *s.socks, [this](tcp::socket a) { return serve_socks(tunnel_, std::move(a)); });
  for (const forward& f : s.forwards)
    listen("forward", f.listen, [this, to = f.to](tcp::socket a) { return serve_forward(tunnel_, to, std::move(a)); });
  open_status(s);
}

// Ids start again with every session: what was asked of an earlier one is not done to this one.
status::controls client::controls() {
  const auto in_this = [this](auto change) {
    return [this, change](const std::string& session, std::uint64_t id) {
      return tunnel_.snapshot().session == session && change(id);
    };
  };
  return {.close_stream = in_this([this](std::uint64_t id) { return tunnel_.close_stream(id); }),
          .disable_bridge = in_this([this](std::uint64_t id) { return tunnel_.set_bridge_enabled(id, false); }),
          .enable_bridge = in_this([this](std::uint64_t id) { return tunnel_.set_bridge_enabled(id, true); })};
}

void client::open_status(const settings& s) {
  status::site_options what;
  what.can = controls();
  if (s.socks) what.socks_port = listeners_.front()->local_endpoint().port();
  status_ = status::open_status(executor_, s.status, std::move(what), [this] {
    acceptor_snapshot all;
    all.tunnels.push_back(tunnel_.snapshot());
    return all;
  });
}

void client::listen(const char* what, const core::target& where, listener::service serve) {
  const tcp::endpoint local = program::listen_endpoint(where);
  listeners_.push_back(
      std::make_unique<listener>(executor_, local, most_connections, std::move(serve), program::report_failure));
  spdlog::info("listening {} {}", what, to_string(to_target(listeners_.back()->local_endpoint())));
}

task<> client::run() {
  background_.start(tunnel_.run());
  background_.start(watch_tunnel());
  if (status_) background_.start(status_->run());
  for (const auto& l : listeners_) services_.start(l->run());
  co_await services_.wait();
  grace_.cancel();
  tunnel_.stop();
  watch_.cancel();
  if (status_) status_->stop();
  co_await background_.wait();
}

void client::drain() {
  draining_ = true;
  if (status_) status_->drain();
  for (const auto& l : listeners_) l->stop();
  grace_.expires_after(program::grace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) tunnel_.stop();
  });
}

task<> client::watch_tunnel() {
  health seen;
  for (;;) {
    const tunnel_snapshot now = tunnel_.snapshot();
    if (now.now == tunnel_snapshot::state::stopped) co_return;
    for (const log_line& line : seen.changes(now, std::chrono::steady_clock::now())) spdlog::log(line.level, line.text);
    watch_.expires_after(seen.up() ? 1s : std::chrono::milliseconds(50));
    co_await watch_.async_wait(use_result);
  }
}

}  // namespace mtcp::client

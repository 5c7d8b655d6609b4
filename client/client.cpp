#include "client.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "forward_session.hpp"
#include "health.hpp"
#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "path_option.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t max_connections = 16'384;  // of one listener; a server allows as many streams

bool same_paths(const settings& a, const settings& b) {
  return std::ranges::equal(a.paths, b.paths, {}, describe, describe);
}

bool same_listeners(const settings& a, const settings& b) {
  return a.socks == b.socks && a.forwards == b.forwards && status::same_endpoint(a.status, b.status);
}

tunnel_options options_of(const settings& s, key secret) {
  return {.key = std::move(secret),
          .paths = s.paths,
          .on_event = program::log_event,
          .wants_details = program::logs_details};
}

}  // namespace

client::generation::generation(asio::io_context& io, const settings& s, key secret)
    : through(io, options_of(s, std::move(secret))),
      port{.through = through,
           .users = load_users(s.users_file),
           .fast_open = s.fast_open,
           .udp_advertise = s.udp_advertise} {}

// These keep their generation for as long as the connection lasts.

task<> client::serve_local(generation_ref with, tcp::socket application) {
  task<> session = mtcp::client::serve_local(with->port, std::move(application));
  co_await std::move(session);
}

task<> client::serve_forward(generation_ref with, core::target to, tcp::socket application) {
  task<> session = mtcp::client::serve_forward(with->through, std::move(to), std::move(application));
  co_await std::move(session);
}

task<> client::run_tunnel(generation_ref with) { co_await with->through.run(); }

client::client(asio::io_context& io, const settings& s, key secret)
    : io_(io),
      executor_(io.get_executor()),
      settings_(s),
      key_(secret.id()),
      current_(std::make_shared<generation>(io, s, std::move(secret))),
      background_(executor_, program::report_failure),
      services_(executor_, program::report_failure),
      grace_(executor_),
      watch_(executor_) {
  if (s.socks) listen("socks", *s.socks, [this](tcp::socket a) { return serve_local(current_, std::move(a)); });
  for (const forward& f : s.forwards) {
    listen("forward", f.listen, [this, to = f.to](tcp::socket a) { return serve_forward(current_, to, std::move(a)); });
    if (!unmapped(listeners_.back()->local_endpoint().address()).is_loopback())
      spdlog::warn("forward: everybody who reaches {} reaches {}", to_string(f.listen), to_string(f.to));
  }
  open_status(s);
}

// Ids start again with every session: what was asked of an earlier one is not done to this one.
status::controls client::controls() {
  const auto in_this = [this](auto change) {
    return [this, change](const std::string& session, std::uint64_t id) {
      return current_->through.snapshot().session == session && change(id);
    };
  };
  return {
      .close_stream = in_this([this](std::uint64_t id) { return current_->through.close_stream(id); }),
      .disable_bridge = in_this([this](std::uint64_t id) { return current_->through.set_bridge_enabled(id, false); }),
      .enable_bridge = in_this([this](std::uint64_t id) { return current_->through.set_bridge_enabled(id, true); })};
}

void client::open_status(const settings& s) {
  status::site_options what;
  what.can = controls();
  if (s.socks) what.socks_port = listeners_.front()->local_endpoint().port();
  what.socks_users = !current_->port.users.empty();
  status_ = status::open_status(executor_, s.status, std::move(what), [this] {
    acceptor_snapshot all;
    all.tunnels.push_back(current_->through.snapshot());
    return all;
  });
}

void client::listen(const char* what, const core::target& where, listener::service serve) {
  try {
    const tcp::endpoint local = program::listen_endpoint(where);
    listeners_.push_back(
        std::make_unique<listener>(executor_, local, max_connections, std::move(serve), program::report_failure));
  } catch (const boost::system::system_error& e) {
    program::fail_for(std::string("--") + what, e);
  }
  spdlog::info("listening {} {}", what, to_string(to_target(listeners_.back()->local_endpoint())));
}

task<> client::run() {
  start_tunnel();
  background_.start(watch_tunnel());
  if (status_) background_.start(status_->run());
  for (const auto& l : listeners_) services_.start(l->run());
  co_await services_.wait();
  stop_tunnels(program::rest_of(grace_));
  grace_.cancel();
  watch_.cancel();
  if (status_) status_->stop();
  co_await background_.wait();
}

void client::drain() {
  draining_ = true;
  if (status_) status_->drain();
  for (const auto& l : listeners_) l->stop();
  current_->port.idle->close();
  for (const auto& old : retired_) old->port.idle->close();
  grace_.expires_after(program::grace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) stop_tunnels();
  });
}

void client::start_tunnel() { background_.start(run_tunnel(current_)); }

void client::stop_tunnels(std::chrono::milliseconds patience) {
  current_->through.stop(patience);
  for (const auto& old : retired_) old->through.stop(patience);
}

void client::reload(const settings& s, key secret) {
  if (draining_) return;
  require_guard(s, settings_.socks);  // that one goes on listening
  if (secret.id() != key_ || !same_paths(settings_, s)) {
    const key_id id = secret.id();
    auto fresh = std::make_shared<generation>(io_, s, std::move(secret));  // may throw: nothing has changed yet
    key_ = id;
    retired_.push_back(std::exchange(current_, std::move(fresh)));
    start_tunnel();
    spdlog::info("a new tunnel for new connections");
  } else {
    current_->port.users = load_users(s.users_file);
    current_->port.fast_open = s.fast_open;
    current_->port.udp_advertise = s.udp_advertise;
  }
  if (!same_listeners(settings_, s)) spdlog::warn("other listeners need a restart");
  settings_.paths = s.paths;
  spdlog::set_level(s.log_level);
}

/// Besides the list, only run_tunnel() holds a generation that no connection uses.
void client::forget_idle_tunnels() {
  std::erase_if(retired_, [](const generation_ref& old) {
    const bool idle = old.use_count() <= 2;
    if (idle) old->through.stop();
    return idle;
  });
}

task<> client::watch_tunnel() {
  health seen;
  const generation* watched = current_.get();
  for (;;) {
    if (std::exchange(watched, current_.get()) != current_.get()) seen = health();
    forget_idle_tunnels();
    const tunnel_snapshot now = current_->through.snapshot();
    if (now.now == tunnel_snapshot::state::stopped) co_return;
    for (const log_line& line : seen.changes(now, std::chrono::steady_clock::now())) spdlog::log(line.level, line.text);
    watch_.expires_after(seen.up() ? 1s : std::chrono::milliseconds(50));
    co_await watch_.async_wait(use_result);
  }
}

}  // namespace mtcp::client

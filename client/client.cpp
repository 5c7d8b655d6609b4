#include "client.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "forward_session.hpp"
#include "health.hpp"
#include "local_port.hpp"
#include "mtcp/net/address.hpp"
#include "mtcp/net/private_file.hpp"
#include "path_option.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t most_connections = 8'192;  // of one listener

// These keep the tunnel for as long as the connection lasts.

task<> local_through(std::shared_ptr<const local_port> port, tcp::socket application) {
  task<> session = serve_local(*port, std::move(application));
  co_await std::move(session);
}

task<> forward_through(std::shared_ptr<tunnel> through, core::target to, tcp::socket application) {
  task<> session = serve_forward(*through, std::move(to), std::move(application));
  co_await std::move(session);
}

task<> run_tunnel(std::shared_ptr<tunnel> what) { co_await what->run(); }

bool same_paths(const settings& a, const settings& b) {
  return std::ranges::equal(a.paths, b.paths, {}, describe, describe);
}

bool same_listeners(const settings& a, const settings& b) {
  return a.socks == b.socks && a.forwards == b.forwards && a.status.where == b.status.where;
}

tunnel_options options_of(const settings& s, key secret) {
  return {.key = std::move(secret), .paths = s.paths, .on_event = program::log_event};
}

/// Throws key_error, which names the file and the line.
socks::user_table load_users(const std::string& path) {
  if (path.empty()) return {};
  const private_text text(path);
  try {
    auto users = socks::user_table::parse(text.view());
    if (users.empty()) throw std::invalid_argument("there is no user in it");
    return users;
  } catch (const std::invalid_argument& e) {
    throw key_error(key_error::kind::malformed, path + ": " + e.what());
  }
}

std::shared_ptr<const local_port> make_port(const settings& s, std::shared_ptr<tunnel> through) {
  return std::make_shared<const local_port>(local_port{.through = std::move(through),
                                                       .users = load_users(s.users_file),
                                                       .fast_open = s.fast_open,
                                                       .udp_advertise = s.udp_advertise});
}

}  // namespace

client::client(asio::io_context& io, const settings& s, key secret)
    : io_(io),
      executor_(io.get_executor()),
      settings_(s),
      key_(secret.id()),
      tunnel_(std::make_shared<tunnel>(io, options_of(s, std::move(secret)))),
      port_(make_port(s, tunnel_)),
      background_(executor_, program::report_failure),
      services_(executor_, program::report_failure),
      grace_(executor_),
      watch_(executor_) {
  if (s.socks) listen("socks", *s.socks, [this](tcp::socket a) { return local_through(port_, std::move(a)); });
  for (const forward& f : s.forwards)
    listen("forward", f.listen,
           [this, to = f.to](tcp::socket a) { return forward_through(tunnel_, to, std::move(a)); });
  open_status(s);
}

void client::open_status(const settings& s) {
  status::site_options what;
  if (s.socks) what.socks_port = listeners_.front()->local_endpoint().port();
  what.socks_users = !port_->users.empty();
  status_ = status::open_status(executor_, s.status, std::move(what), [this] {
    acceptor_snapshot all;
    all.tunnels.push_back(tunnel_->snapshot());
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
  start_tunnel();
  background_.start(watch_tunnel());
  if (status_) background_.start(status_->run());
  for (const auto& l : listeners_) services_.start(l->run());
  co_await services_.wait();
  grace_.cancel();
  stop_tunnels();
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
    if (!cancelled) stop_tunnels();
  });
}

void client::start_tunnel() { background_.start(run_tunnel(tunnel_)); }

void client::stop_tunnels() {
  tunnel_->stop();
  for (const auto& old : retired_) old->stop();
}

void client::reload(const settings& s, key secret) {
  if (draining_) return;
  if (!same_listeners(settings_, s)) spdlog::warn("other listeners need a restart");
  spdlog::set_level(s.log_level);
  const bool same_tunnel = secret.id() == key_ && same_paths(settings_, s);
  const key_id id = secret.id();
  auto next = same_tunnel ? tunnel_ : std::make_shared<tunnel>(io_, options_of(s, std::move(secret)));
  port_ = make_port(s, next);  // throws if the users cannot be read, and then nothing has changed
  if (same_tunnel) return;
  settings_.paths = s.paths;
  key_ = id;
  retired_.push_back(std::exchange(tunnel_, std::move(next)));
  start_tunnel();
  spdlog::info("a new tunnel for new connections");
}

/// Besides the list, only run_tunnel() holds a tunnel that no connection uses.
void client::forget_idle_tunnels() {
  std::erase_if(retired_, [](const std::shared_ptr<tunnel>& old) {
    const bool idle = old.use_count() <= 2;
    if (idle) old->stop();
    return idle;
  });
}

task<> client::watch_tunnel() {
  health seen;
  const tunnel* watched = tunnel_.get();
  for (;;) {
    if (std::exchange(watched, tunnel_.get()) != tunnel_.get()) seen = health();
    forget_idle_tunnels();
    const tunnel_snapshot now = tunnel_->snapshot();
    if (now.now == tunnel_snapshot::state::stopped) co_return;
    for (const log_line& line : seen.changes(now, std::chrono::steady_clock::now())) spdlog::log(line.level, line.text);
    watch_.expires_after(seen.up() ? 1s : std::chrono::milliseconds(50));
    co_await watch_.async_wait(use_result);
  }
}

}  // namespace mtcp::client

#include "client.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "forward_session.hpp"
#include "local_port.hpp"
#include "mtcp/address.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/platform/transparent.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"
#include "shell_env.hpp"
#include "tunnel_of.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
// Between looks at what paths have carried.
constexpr std::chrono::seconds count_interval = 10s;
constexpr std::size_t max_connections = 16'384;  // of one listener; a server allows as many streams

bool same_listeners(const settings& a, const settings& b) {
  return a.socks == b.socks && a.forwards == b.forwards && a.transparent == b.transparent &&
         status::same_endpoint(a.status, b.status);
}

dial_options sockets_of(const settings& s) {
  dial_options direct;
  direct.keep_alive = s.keep_alive;
  direct.mark = s.mark;
  return direct;
}

settings with_mark(settings s, std::uint32_t mark) {
  s.set_mark(mark);
  return s;
}

void require_mark(const settings& s) {
  if (s.mark == 0) return;
  if (const error_code error = platform::can_mark(s.mark))
    throw program::settings_error(EX_NOPERM, "--mark " + std::to_string(s.mark) + ": " + error.message() +
                                                 " (it takes CAP_NET_ADMIN, or CAP_NET_RAW since Linux 5.17)");
}

}  // namespace

// These keep their generation for as long as the connection lasts.

task<> client::serve_local(tunnels::generation_ref with, tcp::socket application) {
  task<> session = mtcp::client::serve_local(with->port, std::move(application));
  co_await std::move(session);
}

task<> client::serve_reverse([[maybe_unused]] tunnels::generation_ref with, reverse_dialer& by, incoming request) {
  task<> session = by.serve(std::move(request));
  co_await std::move(session);
}

task<> client::serve_forward(tunnels::generation_ref with, core::target to, tcp::socket application) {
  task<> session = mtcp::client::serve_forward(with->through, with->port.book, std::move(to), std::move(application));
  co_await std::move(session);
}

client::client(asio::io_context& io, const settings& s, std::vector<key> secrets, program::command_process* on_event)
    : executor_(io.get_executor()),
      settings_(s),
      kept_(program::open_state_dir(s.state_dir)),
      book_(std::make_shared<program::traffic_book>(kept_, s.destinations)),
      ways_(std::make_shared<router>(executor_, s.rules, sockets_of(s))),
      reverse_(executor_, sockets_of(s), book_),
      events_(executor_, on_event),
      tunnels_(
          io, s, std::move(secrets), failed_logins_, ways_, book_, kept_,
          [this](tunnels::generation_ref with, incoming request) {
            services_.start(serve_reverse(std::move(with), reverse_, std::move(request)));
          },
          events_),
      gateway_(
          executor_, [this] { return redirected_port(); }, s.mark),
      test_(io, [this] { return carried(); }),
      background_(executor_, program::report_failure),
      services_(executor_, program::report_failure),
      drained_(executor_, timer::time_point::max()),
      grace_(executor_),
      next_count_(executor_) {
  require_mark(s);
  for (const core::target& where : s.socks)
    listen("socks", where, [this](tcp::socket a) { return serve_local(tunnels_.used(), std::move(a)); });
  for (const forward& f : s.forwards) {
    listen("forward", f.listen,
           [this, to = f.to](tcp::socket a) { return serve_forward(tunnels_.used(), to, std::move(a)); });
    if (!unmapped(listeners_.back()->local_endpoint().address()).is_loopback())
      spdlog::warn("forward: everybody who reaches {} reaches {}", to_string(f.listen), to_string(f.to));
  }
  for (const core::target& where : s.transparent) listen_transparently(where);
  open_status(s);
}

// Ids start again with every session: what was asked of an earlier one is not done to this one.
status::controls client::controls() {
  const auto in_this = [this](auto change) {
    return [this, change](const std::string& session, std::uint64_t id) {
      return used().snapshot().session == session && change(id);
    };
  };
  const auto close_stream = in_this([this](std::uint64_t id) { return used().close_stream(id); });
  return {.close_stream =
              [this, close_stream](const std::string& session, std::uint64_t id) {
                return session == direct_session ? ways_->connections().reset(id) : close_stream(session, id);
              },
          .disable_bridge = in_this([this](std::uint64_t id) { return used().set_bridge_enabled(id, false); }),
          .enable_bridge = in_this([this](std::uint64_t id) { return used().set_bridge_enabled(id, true); }),
          .change_path = [this](const std::string& name, core::path_role role,
                                std::uint64_t limit) { return tunnels_.used()->change_path(name, role, limit); },
          .start_test = [this] { return start_test(); },
          .test_report = [this] { return test_.report(); }};
}

bool client::start_test() {
  std::vector<line::course_options> servers;
  for (const tunnels::generation_ref& one : tunnels_.all())
    servers.push_back({.server = one->name, .through = one->options});
  return test_.start(std::move(servers));
}

std::uint64_t client::carried() const {
  const tunnel_snapshot now = used().snapshot();
  return now.bytes_up + now.bytes_down;
}

void client::open_status(const settings& s) {
  status::site_options what;
  what.can = controls();
  what.failed_logins = failed_logins_;
  what.directory = kept_;
  what.book = [this]() -> const program::traffic_book& {
    tunnels_.count_paths();
    return *book_;
  };
  what.reload = [this] { return read_again_ ? read_again_() : std::string("it is not ready yet"); };
  if (!s.socks.empty()) offer_proxy(what, listeners_.front()->local_endpoint().port());
  status_ = status::open_status(executor_, s.status, std::move(what), [this] {
    acceptor_snapshot all;
    tunnels_.describe(all);
    all.direct = ways_->connections().snapshot();
    return all;
  });
}

/// What browsers and people are told of the proxy, whose host they are on if they see this endpoint as it is meant.
void client::offer_proxy(status::site_options& what, std::uint16_t port) {
  what.pac = [this, port](const std::string& host) {
    const origin here{asio::ip::address_v4::loopback()};
    return ways_->pac({host, port}, !tunnels_.used()->port.users.empty(), here);
  };
  what.to_copy = [this, port](const std::string& host) {
    return texts_to_copy({{host, port}, !tunnels_.used()->port.users.empty()});
  };
}

void client::listen(const char* what, const core::target& where, listener::service serve) {
  listener::service kept_alive = [this, serve = std::move(serve)](tcp::socket application) {
    platform::set_keep_alive(application, settings_.keep_alive);
    return serve(std::move(application));
  };
  try {
    for (const tcp::endpoint& local : program::listen_endpoints(where)) {
      listeners_.push_back(
          std::make_unique<listener>(executor_, local, max_connections, kept_alive, program::report_failure));
      spdlog::info("listening {} {}", what, to_string(to_target(listeners_.back()->local_endpoint())));
    }
  } catch (const boost::system::system_error& e) {
    program::fail_for(std::string("--") + what, e);
  }
}

/// It keeps its generation, for as long as a connection or an association lasts.
std::shared_ptr<const local_port> client::redirected_port() const {
  const tunnels::generation_ref& with = tunnels_.used();
  return {with, &with->redirected};
}

void client::listen_transparently(const core::target& where) {
  const std::size_t before = listeners_.size();
  listen("transparent", where, [this](tcp::socket a) { return gateway_.serve(std::move(a)); });
  try {
    for (std::size_t i = before; i < listeners_.size(); ++i) gateway_.open(*listeners_[i]);
  } catch (const boost::system::system_error& e) {
    program::fail_for("--transparent", e);
  }
}

task<> client::run() {
  background_.start(tunnels_.run());
  background_.start(keep_book());
  if (status_) background_.start(status_->run());
  for (const auto& l : listeners_) services_.start(l->run());
  services_.start(gateway_.run());
  services_.start(stay_until_drained());
  co_await services_.wait();
  test_.stop();
  co_await test_.wait();
  stop_connections(program::rest_of(grace_));
  grace_.cancel();
  if (status_) status_->stop();
  over_ = true;
  next_count_.cancel();
  co_await background_.wait();
  events_.stop();
  tunnels_.count_paths();
  book_->save();
}

task<> client::keep_book() {
  while (!over_) {
    tunnels_.count_paths();
    book_->save_meanwhile(mtcp::now());
    next_count_.expires_at(timer::time_point(core::next_multiple(mtcp::now(), count_interval)));
    co_await next_count_.async_wait(use_result);
  }
}

/// Without a local listener there may be nothing else to serve for a while.
task<> client::stay_until_drained() {
  if (!draining_) co_await drained_.async_wait(use_result);
}

void client::drain() {
  draining_ = true;
  drained_.cancel();
  test_.stop();
  if (status_) status_->drain();
  for (const auto& l : listeners_) l->stop();
  gateway_.stop();
  tunnels_.close_idle();
  tunnels_.stop_listening();
  grace_.expires_after(program::grace);
  grace_.async_wait([this](error_code cancelled) {
    if (!cancelled) stop_connections();
  });
}

void client::stop_connections(std::chrono::milliseconds patience) {
  ways_->stop();
  reverse_.stop();
  tunnels_.stop(patience);
}

void client::reload(const settings& s, std::vector<key> secrets) {
  if (draining_) return;
  if (s.mark != settings_.mark) {
    spdlog::warn("another mark needs a restart");
    return reload(with_mark(s, settings_.mark), std::move(secrets));
  }
  require_guard(s, settings_.socks);  // that one goes on listening
  tunnels_.reload(s, std::move(secrets));
  if (!same_listeners(settings_, s)) spdlog::warn("other listeners need a restart");
  if (s.destinations != settings_.destinations) spdlog::warn("another --no-destinations needs a restart");
  if (s.sandbox != settings_.sandbox) spdlog::warn("another --run-as, --no-sandbox or --state-dir needs a restart");
  if (s.on_event != settings_.on_event) spdlog::warn("another --on-event needs a restart");
  ways_->set_rules(s.rules);
  ways_->set_keep_alive(s.keep_alive);
  reverse_.set_keep_alive(s.keep_alive);
  settings_.keep_alive = s.keep_alive;
  spdlog::set_level(s.log_level);
}

}  // namespace mtcp::client

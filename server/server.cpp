#include "server.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "mtcp/acceptor_group.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

/// Of the worker in the main thread; the others do not listen.
acceptor_options options_of(const settings& s, key_ring keys, std::shared_ptr<acceptor_group> group) {
  acceptor_options options;
  options.keys = std::move(keys);
  options.group = std::move(group);
  options.trusted_proxies = s.trusted_proxies;
  options.machine = std::make_shared<own_addresses>();
  options.on_event = program::log_event;
  options.wants_details = program::logs_details;
  try {
    for (const program::host_ports& all : s.listen)
      for (const core::target& where : each_port(all)) options.listen.push_back(program::listen_endpoint(where));
  } catch (const boost::system::system_error& e) {
    program::fail_for("--listen", e);
  }
  return options;
}

std::vector<std::unique_ptr<worker_thread>> make_others(unsigned count, acceptor_options options,
                                                        common_places& places) {
  options.listen.clear();
  std::vector<std::unique_ptr<worker_thread>> others;
  while (others.size() < count) others.push_back(std::make_unique<worker_thread>(options, places));
  return others;
}

}  // namespace

server::server(asio::io_context& io, const settings& s, key_ring keys)
    : server(io, s, options_of(s, std::move(keys), std::make_shared<acceptor_group>())) {}

server::server(asio::io_context& io, const settings& s, const acceptor_options& options)
    : executor_(io.get_executor()),
      settings_(s),
      machine_(options.machine),
      places_{{descriptors_for_destinations(platform::descriptor_limit()), options.keys.size()}},
      front_(io, options, places_),
      others_(make_others(s.threads - 1, options, places_)),
      status_(open_status()),
      background_(executor_, program::report_failure),
      changed_(executor_),
      watch_(executor_) {
  log_listeners();
  tell_all([allowed = rules_of(s)](worker& w) { w.set_rules(allowed); });
}

// Of a range of ports one line.
void server::log_listeners() const {
  const auto all = front_.bridges().local_endpoints();
  auto local = all.begin();
  for (const program::host_ports& where : settings_.listen) {
    const core::target first = to_target(*local);
    spdlog::info("listening bridges {}", to_string(program::host_ports{first.host, first.port, where.last_port}));
    local += static_cast<std::ptrdiff_t>(each_port(where).size());
  }
}

std::unique_ptr<status::status_server> server::open_status() {
  status::site_options what;
  what.which = status::role::server;
  what.can.close_stream = [this](const std::string& session, std::uint64_t id) { return close_stream(session, id); };
  return status::open_status(executor_, settings_.status, std::move(what), [this] { return snapshot(); });
}

/// The rules of the settings, which never allow the program's own listeners. What is known of the machine outlives a
/// reload.
rules server::rules_of(const settings& s) const {
  rules all = s.destinations;
  all.set_machine(machine_);
  for (const tcp::endpoint& local : front_.bridges().local_endpoints()) all.add_listener(local);
  if (status_) all.add_listener(status_->local_endpoint());
  return all;
}

// ---- all workers ----

template <class Action>
void server::tell_all(const Action& action) {
  action(front_);
  for (const auto& other : others_) other->tell(action);
}

acceptor_snapshot server::snapshot() {
  acceptor_snapshot all = front_.bridges().snapshot();
  for (const auto& other : others_) {
    acceptor_snapshot part = other->ask([](worker& w) { return w.bridges().snapshot(); });
    std::move(part.tunnels.begin(), part.tunnels.end(), std::back_inserter(all.tunnels));
  }
  return all;
}

bool server::close_stream(const std::string& session, core::stream_id id) {
  const auto close = [&](worker& w) { return w.bridges().close_stream(session, id); };
  return close(front_) || std::ranges::any_of(others_, [&](const auto& other) { return other->ask(close); });
}

// ---- from beginning to end ----

void server::reload(const settings& s, key_ring keys) {
  if (s.listen != settings_.listen || !status::same_endpoint(s.status, settings_.status))
    spdlog::warn("other listeners need a restart");
  if (s.threads != settings_.threads) spdlog::warn("another number of threads needs a restart");
  spdlog::set_level(s.log_level);
  places_.descriptors.set_keys(keys.size());
  tell_all([keys = std::move(keys), proxies = s.trusted_proxies, allowed = rules_of(s)](worker& w) {
    w.bridges().set_keys(keys);
    w.bridges().set_trusted_proxies(proxies);
    w.set_rules(allowed);
  });
}

task<> server::run() {
  others_running_ = others_.size();
  for (const auto& other : others_) {
    other->start(executor_, [this] {
      --others_running_;
      changed_.notify_all();
    });
  }
  background_.start(watch_tunnels());
  if (status_) background_.start(status_->run());
  co_await front_.run();
  while (others_running_ != 0) co_await changed_.wait();
  stopping_ = true;
  watch_.cancel();
  if (status_) status_->stop();
  co_await background_.wait();
}

void server::drain() {
  if (status_) status_->drain();
  tell_all([](worker& w) { w.drain(); });
}

/// Says which clients came and went.
task<> server::watch_tunnels() {
  std::set<std::string> before;
  while (!stopping_) {
    std::set<std::string> now;
    for (const tunnel_snapshot& t : snapshot().tunnels) now.insert(t.user + ", session " + t.session);
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

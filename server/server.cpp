#include "server.hpp"

#include <spdlog/spdlog.h>
#include <sysexits.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "mtcp/acceptor_group.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "program/listen.hpp"
#include "program/process.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_keys_told = 1'000;

/// Of the worker in the main thread; the others do not listen.
acceptor_options options_of(const settings& s, const granted_keys& keys, const memory_budget& memory) {
  std::optional<std::chrono::sys_seconds> next;
  acceptor_options options;
  const granted_keys valid = valid_keys(keys, s.min_protocol, std::chrono::system_clock::now(), next);
  require_any(keys, s.min_protocol, s.key_file);
  options.keys = ring_of(valid);
  options.quotas = quotas_of(valid);
  options.group = std::make_shared<acceptor_group>(static_cast<std::size_t>(memory.streams));
  options.limits = limits_within(memory, options.limits);
  options.trusted_proxies = s.trusted_proxies;
  options.resume_timeout = s.resume_timeout;
  options.limits.hedge = s.hedge;
  options.machine = std::make_shared<own_addresses>();
  options.on_event = program::log_event;
  options.wants_details = program::logs_details;
  try {
    for (const program::host_ports& all : s.listen)
      for (const tcp::endpoint& first : program::listen_endpoints({all.host, all.port}))
        for (const core::target& where : program::each_port({"", first.port(), all.last_port}))
          options.listen.emplace_back(first.address(), where.port);
  } catch (const boost::system::system_error& e) {
    program::fail_for("--listen", e);
  }
  return options;
}

/// Which asks the accounts whether a key may have another session.
acceptor_options with_accounts(acceptor_options options, key_accounts& accounts) {
  options.is_used_up = [&accounts](const key_id& id) { return accounts.of(id)->is_used_up(); };
  return options;
}

/// The site may be opened later, but before anybody is accepted.
acceptor_options with_fallback(acceptor_options options, const settings& s, std::shared_ptr<fallback_site>& site) {
  if (!s.fallback) return options;
  options.fallback = [&site](tcp::socket who, std::vector<std::byte> said, const ip_address& from) {
    site->take(std::move(who), std::move(said), from);
  };
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

server::server(asio::io_context& io, const settings& s, granted_keys keys, program::command_process* on_event)
    : server(io, s, std::move(keys), budget_of(s.memory), on_event) {}

server::server(asio::io_context& io, const settings& s, granted_keys keys, const memory_budget& memory,
               program::command_process* on_event)
    : server(io, s, keys, memory, options_of(s, keys, memory), on_event) {}

server::server(asio::io_context& io, const settings& s, granted_keys keys, const memory_budget& memory,
               const acceptor_options& options, program::command_process* on_event)
    : executor_(io.get_executor()),
      settings_(s),
      keys_(std::move(keys)),
      machine_(options.machine),
      events_(executor_, on_event),
      directory_(program::open_state_dir(s.state_dir)),
      book_(directory_, false),
      places_{.descriptors = {descriptors_for_destinations(platform::descriptor_limit()), options.keys.size()},
              .keys = key_accounts(directory_.get()),
              .local_names = s.local_names},
      front_(io, with_fallback(with_accounts(options, places_.keys), s, fallback_), places_),
      others_(make_others(s.threads - 1, with_accounts(options, places_.keys), places_)),
      status_(open_status(options.limits)),
      background_(executor_, program::report_failure),
      changed_(executor_),
      watch_(executor_) {
  places_.audit.open(s.audit_log);
  if (s.fallback) {
    const std::size_t places = fallback_site::places_within(memory.process, platform::descriptor_limit());
    fallback_ = std::make_shared<fallback_site>(executor_, *s.fallback, places);
    fallback_->avoid(rules_here());
    spdlog::info("who is no client is carried to {}", to_string(*s.fallback));
  }
  places_.free_deserted = [this](const key_id& owner, const core::target& asked) {
    asio::post(executor_,
               [this, owner, asked] { tell_all([owner, asked](worker& w) { w.free_deserted(owner, asked); }); });
  };
  places_.keys.on_used_up([this](const key_id& id) { asio::post(executor_, [this, id] { end_streams_of(id); }); });
  front_.bridges().on_stranger([this](const ip_address& from, stranger why) { tell_of(from, why); });
  log_listeners();
  spdlog::info("memory: {} MB ({}), {} MB of it for streams", memory.process / 1'000'000, memory.origin,
               memory.streams / 1'000'000);
  warn_of_forgotten_months();
  take_keys();
  tell_all([keep_alive = s.keep_alive, tests = s.tests](worker& w) {
    w.set_tests(tests);
    w.set_keep_alive(keep_alive);
  });
}

void server::take_keys() {
  const granted_keys valid = valid_keys(keys_, settings_.min_protocol, std::chrono::system_clock::now(), next_expiry_);
  places_.descriptors.set_keys(valid.size());
  count_users();
  places_.keys.set(valid);
  tell_all([valid, ring = ring_of(valid), quotas = quotas_of(valid), allowed = rules_here(),
            listen = listen_rules(settings_.allow_listen)](worker& w) {
    w.bridges().set_keys(ring, quotas);
    w.set_rules(allowed, listen, valid);
  });
}

void server::forget_expired_keys() {
  if (!next_expiry_ || std::chrono::system_clock::now() < *next_expiry_) return;
  spdlog::info("a key has expired: its tunnels end");
  take_keys();
}

// ---- what keys carry in a month ----

void server::warn_of_forgotten_months() const {
  const auto has_month = [](const granted_key& one) { return one.limits.bytes_per_month != 0; };
  if (!directory_ && std::ranges::any_of(keys_, has_month))
    spdlog::warn(
        "keys have bytes-per-month, and what they carry is forgotten when the program ends: --state-dir keeps it");
}

// The limit may be another one by now.
void server::end_streams_of(const key_id& id) {
  bool used_up = false;
  places_.keys.each([&](const granted_key& key, const key_account& account) {
    const program::quota_account month = account.month();
    if (key.key->id() != id || !month.used_up()) return;
    used_up = true;
    spdlog::warn("{} has carried its {}: its streams end, and new ones are refused", key.name(),
                 in_words(month.allowed()));
    events_.tell({.name = "quota-used-up",
                  .about = "quota of " + to_string(id),
                  .variables = {{"MTCP_ROLE", "server"}, {"MTCP_USER", key.name()}}});
  });
  if (used_up) tell_all([id](worker& w) { w.bridges().close_streams(id, core::reset_code::quota); });
}

void server::look_at_months() {
  for (const std::string& name : places_.keys.look(program::local_date(), mtcp::now()))
    spdlog::info("{}: a month begins, and with it its bytes-per-month", name);
}

// Also before keys go: what they carried last counts, and one that comes again begins anew.
void server::count_users() {
  std::map<key_id, program::amount> counted;
  places_.keys.each([&](const granted_key& key, const key_account& account) {
    const program::amount carried = account.carried();
    if (carried == program::amount{}) return;
    const program::amount more = carried - counted_[key.key->id()];
    if (more != program::amount{}) book_.add(program::totals::kind::user, key.name(), more);
    counted.emplace(key.key->id(), carried);
  });
  counted_ = std::move(counted);
}

/// Silence is no failed login: the network may have swallowed what a client said. A wrong clock is none either: he has
/// a key.
void server::tell_of(const ip_address& from, stranger why) {
  program::failed_logins& all = why == stranger::silent        ? silences_
                                : why == stranger::wrong_clock ? wrong_clocks_
                                                               : *failed_logins_;
  const auto verdict = all.add(from, to_string(why), {}, std::chrono::steady_clock::now());
  if (verdict.line) spdlog::warn("{}", *verdict.line);
}

// Of a range of ports one line.
void server::log_listeners() const {
  const auto all = front_.bridges().local_endpoints();
  const auto breaks_off = [](const tcp::endpoint& a, const tcp::endpoint& b) {
    return a.address() != b.address() || a.port() + 1 != b.port();
  };
  for (auto first = all.begin(); first != all.end();) {
    const auto last = std::min(std::adjacent_find(first, all.end(), breaks_off), std::prev(all.end()));
    const std::uint16_t last_port = last == first ? std::uint16_t{0} : last->port();
    spdlog::info("listening bridges {}",
                 to_string(program::host_ports{to_target(*first).host, first->port(), last_port}));
    first = std::next(last);
  }
}

std::unique_ptr<status::status_server> server::open_status(const core::limits& limits) {
  status::site_options what;
  what.limits = limits;
  what.reload = [this] { return read_again_ ? read_again_() : std::string("it is not ready yet"); };
  what.which = status::role::server;
  what.failed_logins = failed_logins_;
  what.directory = directory_;
  what.book = [this]() -> const program::traffic_book& {
    count_users();
    return book_;
  };
  what.can.close_stream = [this](const std::string& session, std::uint64_t id) { return close_stream(session, id); };
  return status::open_status(executor_, settings_.status, std::move(what), [this] { return snapshot(); });
}

/// The rules of the settings, which never allow the program's own listeners. What is known of the machine outlives a
/// reload.
rules server::rules_here() const {
  rules all = settings_.destinations;
  all.set_machine(machine_);
  for (const tcp::endpoint& local : front_.bridges().local_endpoints()) all.add_listener(local);
  if (status_)
    for (const tcp::endpoint& local : status_->local_endpoints()) all.add_listener(local);
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
  if (fallback_) all.fallback = fallback_->snapshot();
  describe_keys(all);
  return all;
}

void server::describe_keys(acceptor_snapshot& all) const {
  places_.keys.each([&](const granted_key& key, const key_account& account) {
    const key_account::usage used = account.used();
    const program::quota_account month = account.month();
    const auto sessions = all.use_of_keys.find(key.key->id());
    const bool idle = sessions == all.use_of_keys.end();
    const bool untold = idle && used.refused_total == 0 && month.kept().used == 0;
    if (untold || all.keys.size() >= most_keys_told) return;
    const key_limits& most = key.limits;
    key_snapshot& one = all.keys.emplace_back();
    one = {.user = key.name(), .id = to_string(key.key->id())};
    if (!idle) one.used = sessions->second;
    one.most = {most.sessions, most.bridges, most.memory};
    one.month_bytes = month.kept().used;
    one.max_month_bytes = month.allowed().bytes;
    one.month_used_up = month.used_up();
    one.streams = used.streams;
    one.max_streams = most.streams;
    one.dials_per_second = most.dials;
    one.rate_limit = most.rate;
    if (most.expires) one.expires = static_cast<double>(most.expires->time_since_epoch().count());
    one.refused_total = used.refused_total;
  });
}

bool server::close_stream(const std::string& session, core::stream_id id) {
  const auto close = [&](worker& w) { return w.bridges().close_stream(session, id); };
  return close(front_) || std::ranges::any_of(others_, [&](const auto& other) { return other->ask(close); });
}

// ---- from beginning to end ----

void server::reload(const settings& s, granted_keys keys) {
  places_.audit.open(s.audit_log);  // throws before anything has changed
  if (s.listen != settings_.listen || !status::same_endpoint(s.status, settings_.status))
    spdlog::warn("other listeners need a restart");
  if (s.local_names != settings_.local_names) spdlog::warn("another --local-names needs a restart");
  if (s.threads != settings_.threads) spdlog::warn("another number of threads needs a restart");
  if (s.resume_timeout != settings_.resume_timeout) spdlog::warn("another --resume-timeout needs a restart");
  if (s.fallback != settings_.fallback) spdlog::warn("another --fallback needs a restart");
  if (s.memory != settings_.memory) spdlog::warn("another --memory needs a restart");
  if (s.hedge != settings_.hedge) spdlog::warn("another --hedge needs a restart");
  if (s.on_event != settings_.on_event) spdlog::warn("another --on-event needs a restart");
  if (s.sandbox != settings_.sandbox) spdlog::warn("another --run-as, --no-sandbox or --state-dir needs a restart");
  spdlog::set_level(s.log_level);
  keys_ = std::move(keys);
  warn_of_forgotten_months();
  settings_.min_protocol = s.min_protocol;
  settings_.destinations = s.destinations;
  settings_.allow_listen = s.allow_listen;
  take_keys();
  tell_all([proxies = s.trusted_proxies, keep_alive = s.keep_alive, tests = s.tests](worker& w) {
    w.bridges().set_trusted_proxies(proxies);
    w.set_tests(tests);
    w.set_keep_alive(keep_alive);
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
  if (fallback_) {
    fallback_->stop();
    co_await fallback_->wait();
  }
  while (others_running_ != 0) co_await changed_.wait();
  stopping_ = true;
  watch_.cancel();
  if (status_) status_->stop();
  co_await background_.wait();
  places_.keys.save();
  count_users();
  book_.save();
  events_.stop();
}

void server::drain() {
  if (status_) status_->drain();
  tell_all([](worker& w) { w.drain(); });
}

void server::tell_of(const std::string& session, const client_of_tunnel& who, bool comes) {
  if (comes)
    spdlog::info("client {}, session {} connected, from {}", who.user, session, who.from);
  else
    spdlog::info("client {}, session {} gone", who.user, session);
  places_.audit.write(comes ? "tunnel" : "tunnel over", who.user, session, who.from);
  events_.tell(
      {.name = comes ? "tunnel-up" : "tunnel-down",
       .about = "session " + session,
       .variables = {
           {"MTCP_ROLE", "server"}, {"MTCP_USER", who.user}, {"MTCP_SESSION", session}, {"MTCP_FROM", who.from}}});
}

/// Says which clients came and went.
task<> server::watch_tunnels() {
  std::map<std::string, client_of_tunnel> before;  // by session
  while (!stopping_) {
    std::map<std::string, client_of_tunnel> now;
    for (const tunnel_snapshot& t : snapshot().tunnels) now[t.session] = {t.user, t.from};
    for (const auto& [session, who] : now)
      if (!before.contains(session)) tell_of(session, who, true);
    for (const auto& [session, who] : before)
      if (!now.contains(session)) tell_of(session, who, false);
    before = std::move(now);
    forget_expired_keys();
    look_at_months();
    count_users();
    book_.save_meanwhile(mtcp::now());
    watch_.expires_after(1s);
    co_await watch_.async_wait(use_result);
  }
}

}  // namespace mtcp::server

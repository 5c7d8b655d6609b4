#include "tunnels.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/path_list.hpp"
#include "mtcp/session/uplinks.hpp"
#include "path_option.hpp"
#include "program/process.hpp"
#include "tunnel_of.hpp"

namespace mtcp::client {
namespace {

using std::chrono::steady_clock;

// Where there are several, an outage of the one in use is to be seen soon, and so is what a command is told of.
constexpr std::chrono::milliseconds look_interval{1'000};

bool same_conduct(const settings& a, const settings& b) {
  return a.connect_wait == b.connect_wait && a.resume_timeout == b.resume_timeout && a.hedge == b.hedge &&
         a.reverses == b.reverses;
}

bool same_path(const path_setting& a, const path_setting& b) {
  return describe(a) == describe(b) && a.proxy == b.proxy;  // the password too
}

bool same_paths(const tunnel_settings& a, const tunnel_settings& b) {
  return std::ranges::equal(a.paths, b.paths, same_path);
}

/// Calls `each` with every path that is no pattern, and what the tunnel calls it.
template <class Paths, class Each>
void for_each_named(Paths& paths, const Each& each) {
  const path_list given({paths.begin(), paths.end()});
  auto name = given.names.begin();
  for (auto& one : paths)
    if (!is_interface_pattern(one.interface)) each(*name++, one);
}

/// Those of its paths that may carry only so much.
std::vector<metered_tunnel::meter> meters_of(const tunnel_settings& mine) {
  std::vector<metered_tunnel::meter> out;
  for_each_named(mine.paths, [&](const std::string& name, const path_setting& one) {
    if (one.granted.any()) out.push_back({.path = name, .granted = one.granted, .role = one.use.role});
  });
  return out;
}

tunnel_options with_reverse(tunnel_options options, const settings& all) {
  options.reverse = all.reverses;
  return options;
}

}  // namespace

tunnels::generation::generation(asio::io_context& io, const settings& all, const tunnel_settings& mine,
                                mtcp::key secret, std::shared_ptr<program::failed_logins> failures,
                                std::shared_ptr<router> ways, std::shared_ptr<program::traffic_book> book)
    : name(name_of(mine)),
      key(secret.id()),
      options(tunnel_options_of(all, mine, std::move(secret))),
      through(io, with_reverse(options, all)),
      port{.through = through,
           .ways = std::move(ways),
           .users = load_users(all.users_file),
           .fast_open = all.fast_open,
           .udp_advertise = all.udp_advertise,
           .failed_logins = std::move(failures),
           .book = std::move(book)},
      redirected{.through = through, .ways = port.ways, .fast_open = true, .book = port.book} {
  meters = meters_of(mine);
}

bool tunnels::generation::change_path(const std::string& path, core::path_role role, std::uint64_t rate_limit) {
  if (!through.change_path(path, role, rate_limit)) return false;
  for_each_named(options.paths, [&](const std::string& called, path_options& one) {
    if (called != path) return;
    one.use.role = role;
    one.use.rate_limit = rate_limit;
  });
  return true;
}

void tunnels::generation::use_as(const std::string& path, core::path_role role) {
  std::uint64_t rate_limit = 0;
  for_each_named(options.paths, [&](const std::string& called, const path_options& one) {
    if (called == path) rate_limit = one.use.rate_limit;
  });
  change_path(path, role, rate_limit);
}

tunnels::tunnels(asio::io_context& io, const settings& s, std::vector<key> secrets,
                 std::shared_ptr<program::failed_logins> failures, std::shared_ptr<router> ways,
                 std::shared_ptr<program::traffic_book> book, std::shared_ptr<const program::state_dir> kept,
                 reverse_service serve_reverse, program::event_command& events)
    : io_(io),
      settings_(s),
      failed_logins_(std::move(failures)),
      ways_(std::move(ways)),
      book_(std::move(book)),
      serve_reverse_(std::move(serve_reverse)),
      quotas_(std::move(kept)),
      events_(events),
      background_(io.get_executor(), program::report_failure),
      next_look_(io.get_executor()),
      next_count_(io.get_executor()) {
  begin(make(s, std::move(secrets)));
}

std::vector<tunnels::generation_ref> tunnels::make(const settings& s, std::vector<key> secrets) const {
  std::vector<generation_ref> out;
  for (const tunnel_settings* one : s.all_tunnels())
    out.push_back(
        std::make_shared<generation>(io_, s, *one, std::move(secrets.at(out.size())), failed_logins_, ways_, book_));
  return out;
}

void tunnels::begin(std::vector<generation_ref> fresh) {
  current_ = std::move(fresh);
  seen_.assign(current_.size(), {});
  watched_.assign(current_.size(), {});
  choice_.emplace(current_.size(), steady_clock::now());
  for (const generation_ref& one : current_) quotas_.grant(*one);
  if (!running_) return;
  for (const generation_ref& one : current_) background_.start(run_one(one));
  next_look_.cancel();
  next_count_.cancel();
}

task<> tunnels::run_one(generation_ref with) {
  task_group accepting(io_.get_executor(), program::report_failure);
  accepting.start(accept_from(with));
  co_await with->through.run();
  co_await accepting.wait();
}

/// Until the tunnel is stopped.
task<> tunnels::accept_from(const generation_ref& with) {
  for (;;) {
    auto [error, request] = co_await with->through.async_accept(use_result);
    if (error) co_return;
    serve_reverse_(with, std::move(request));
  }
}

void tunnels::stop_listening() {
  for (const auto* all : {&current_, &retired_})
    for (const generation_ref& one : *all) one->through.stop_listening();
}

task<> tunnels::run() {
  running_ = true;
  for (const generation_ref& one : current_) background_.start(run_one(one));
  background_.start(watch());
  background_.start(watch_quotas());
  co_await background_.wait();
  look_at_quotas();
  quotas_.save();
}

void tunnels::stop(std::chrono::milliseconds patience) {
  for (const auto* all : {&current_, &retired_})
    for (const generation_ref& one : *all) one->through.stop(patience);
  stopping_ = true;
  next_look_.cancel();
  next_count_.cancel();
}

void tunnels::close_idle() {
  for (const auto* all : {&current_, &retired_})
    for (const generation_ref& one : *all) one->port.idle->close();
}

// ---- other settings ----

bool tunnels::same(const settings& s, const std::vector<key>& secrets) const {
  const auto key_of = [](const generation_ref& one) { return one->key; };
  const auto of = [](const tunnel_settings* a, const tunnel_settings* b) { return same_paths(*a, *b); };
  return same_conduct(settings_, s) && std::ranges::equal(settings_.all_tunnels(), s.all_tunnels(), of) &&
         std::ranges::equal(current_, secrets, {}, key_of, &key::id);
}

void tunnels::reload(const settings& s, std::vector<key> secrets) {
  if (same(s, secrets)) {
    for (const generation_ref& one : current_) {
      one->port.users = load_users(s.users_file);
      one->port.fast_open = s.fast_open;
      one->port.udp_advertise = s.udp_advertise;
    }
  } else {
    std::vector<generation_ref> fresh = make(s, std::move(secrets));
    stop_listening();  // the new ones will
    retired_.insert(retired_.end(), current_.begin(), current_.end());
    begin(std::move(fresh));
    spdlog::info(current_.size() == 1 ? "a new tunnel for new connections" : "new tunnels for new connections");
  }
  settings_ = s;
}

/// Besides the list, only run_one() holds one that no connection uses.
void tunnels::forget_idle() {
  std::erase_if(retired_, [](const generation_ref& old) {
    const bool idle = old.use_count() <= 2;
    if (idle) old->through.stop();
    return idle;
  });
}

// ---- what they do ----

std::optional<std::chrono::milliseconds> tunnels::look(steady_clock::time_point now) {
  const bool several = current_.size() > 1;
  std::chrono::milliseconds next = several ? look_interval : seen_.front().next_look();
  for (std::size_t i = 0; i < current_.size(); ++i) {
    const tunnel_snapshot is = current_[i]->through.snapshot();
    if (is.now == tunnel_snapshot::state::stopped) return std::nullopt;
    choice_->see(i, is.now == tunnel_snapshot::state::up, now);
    for (const log_line& line : seen_[i].changes(is, now))
      spdlog::log(line.level, "{}{}", several ? current_[i]->name + ": " : "", line.text);
    next = std::min(next, seen_[i].next_look());
    if (events_.is_on()) tell_events(i, is);
  }
  if (events_.is_on()) next = std::min(next, look_interval);
  if (choice_->review(now)) spdlog::warn("new connections go through {}", used()->name);
  return next;
}

void tunnels::tell_events(std::size_t which, tunnel_snapshot is) {
  for (path_snapshot& path : is.paths) path.quota = quotas_.describe(path.name);
  for (program::event& one : watched_[which].changes(is, current_[which]->name)) events_.tell(std::move(one));
}

task<> tunnels::watch() {
  for (;;) {
    forget_idle();
    const auto next = look(steady_clock::now());
    if (!next) co_return;
    next_look_.expires_at(timer::time_point(core::next_multiple(mtcp::now(), *next)));
    co_await next_look_.async_wait(use_result);
  }
}

// All that still carry something count.
void tunnels::look_at_quotas() {
  std::vector<metered_tunnel*> all;
  for (const auto* some : {&current_, &retired_})
    for (const generation_ref& one : *some) all.push_back(one.get());
  quotas_.look(all, program::local_date(), mtcp::now());
}

task<> tunnels::watch_quotas() {
  while (!stopping_) {
    look_at_quotas();
    const auto next = quotas_.next_look();
    const core::duration pause = next.value_or(std::chrono::hours(24));
    const bool idle = pause >= std::chrono::seconds(1);  // then one wake-up does for all that look now and then
    next_count_.expires_at(timer::time_point(idle ? core::next_multiple(mtcp::now(), pause) : mtcp::now() + pause));
    co_await next_count_.async_wait(use_result);
  }
}

// Both counts of a path only grow, and begin anew with a tunnel.
void tunnels::count_paths() {
  for (const auto* some : {&current_, &retired_})
    for (const generation_ref& one : *some)
      for (const path_snapshot& path : one->through.snapshot().paths) {
        program::amount& before = one->counted[path.name];
        const program::amount now{std::max(path.bytes_up, before.up), std::max(path.bytes_down, before.down)};
        book_->add(program::totals::kind::path, path.name, now - before);
        before = now;
      }
}

void tunnels::describe(acceptor_snapshot& out) const {
  out.tunnels.push_back(used()->through.snapshot());
  for (path_snapshot& path : out.tunnels.back().paths) {
    path.quota = quotas_.describe(path.name);
    const bool set_aside = path.why == restraint::never || path.why == restraint::backup;
    if (path.quota && path.quota->used_up && set_aside) path.why = restraint::quota;
  }
  if (current_.size() == 1) return;
  for (const generation_ref& one : current_)
    out.servers.push_back({one->name, one->through.snapshot().now, one == used()});
}

}  // namespace mtcp::client

#include "mtcp/net/acceptor_server.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "mtcp/error.hpp"
#include "mtcp/net/asio/clock.hpp"
#include "mtcp/net/bridge_link.hpp"
#include "mtcp/net/stream_impl.hpp"

namespace mtcp::detail {
namespace {

constexpr std::size_t most_locks = 10;               // that are told of
constexpr std::size_t worth_giving_back = 16 << 20;  // bytes that a session held

server_settings settings_of(const acceptor_options& o) {
  return {o.limits, o.resume_timeout, o.sessions_per_key, o.bridges_per_session};
}

}  // namespace

server::server(const executor& where, acceptor_options options)
    : executor_(where),
      options_(std::move(options)),
      group_(options_.group ? options_.group : std::make_shared<acceptor_group>()),
      tls_(tls_context::server(options_.keys, {}, directory().seen())),
      pending_(where, options_.admission, platform::descriptor_limit(), *this),
      sessions_(settings_of(options_), directory().instance(), *this,
                trace::lines_for([this](event_weight weight, const std::string& line) { report(line, weight); },
                                 options_.wants_details)),
      connections_(where,
                   [this](const auto& escaped) {
                     report("a connection failed: " + message_of(escaped), event_weight::warning);
                   }),
      changed_(where) {
  directory().set_memory_limits(options_.quotas);
  if (options_.keys.empty()) throw std::invalid_argument("a server needs a key");
  if (options_.listen.empty() && !options_.group) throw std::invalid_argument("a server needs an address to listen on");
  for (const tcp::endpoint& endpoint : options_.listen) listen_on(endpoint);
}

// 0.0.0.0 and [::] may be listened on side by side.
void server::listen_on(const tcp::endpoint& where) {
  const auto takes_ipv4 = [&where](const tcp::endpoint& e) { return e.address().is_v4() && e.port() == where.port(); };
  const bool ipv6_only = std::ranges::any_of(options_.listen, takes_ipv4);
  listeners_.emplace_back(executor_, listen_options{where, ipv6_only, options_.congestion});
}

std::vector<tcp::endpoint> server::local_endpoints() const {
  std::vector<tcp::endpoint> all;
  for (const listening_socket& listener : listeners_)
    if (listener.is_open()) all.push_back(listener.local_endpoint());
  return all;
}

void server::set_keys(key_ring keys, key_quotas quotas) {
  tls_ = tls_context::server(keys, {}, directory().seen());
  options_.quotas = std::move(quotas);
  directory().set_memory_limits(options_.quotas);
  options_.keys = std::move(keys);
  sessions_.leave_if([this](const owner_id& owner) { return !options_.keys.find(key_id{owner}); }, now());
}

// ---- from beginning to end ----

task<> server::run(std::shared_ptr<server> self) {
  for (listening_socket& listener : self->listeners_)
    self->connections_.start(self->accept_from(listener), self, std::rethrow_exception);  // leaves the event loop
  while (self->stage_ != stage::stopped) co_await self->changed_.wait();
  co_await self->connections_.wait();
}

void server::close_listeners() {
  for (listening_socket& listener : listeners_) listener.close();
}

void server::drain() {
  if (stage_ == stage::serving) stage_ = stage::draining;
  close_listeners();
  sessions_.go_away(now());
}

void server::stop(std::chrono::milliseconds patience) {
  stage_ = stage::stopped;
  close_listeners();
  pending_.close();
  requests_.clear();
  cancel_accept();
  sessions_.leave_all(patience, now());
  changed_.notify_all();
}

// The application drops the acceptor: what is still running ends by itself, and reports to nobody any more.
void server::abort() {
  options_.on_event = nullptr;
  directory().leave(place_);
  stop();
  sessions_.end_all("the server stops");
}

// ---- streams for the application ----

bool server::try_accept(error_code& error, incoming& out) {
  return requests_.try_take(stage_ == stage::stopped, error, out);
}

void server::on_stream(server_session& of, core::stream_id id) {
  if (stage_ == stage::stopped) return;  // which refuses it
  const core::engine& engine = of.core().engine();
  auto asked = std::make_unique<stream_impl>(of.core(), executor_, id, engine.target_of(id), core::target());
  const bool listens = engine.kind_of(id) == core::stream_kind::listener;
  requests_.push(
      incoming(stream(std::move(asked)), of.user(), key_id{of.owner()}, of.from(), short_name(of.id()), listens));
}

// ---- sessions ----

void server::on_begin(const session_ref& begun) {
  const auto added = drivers_.emplace(begun->id(), std::make_unique<driver>(executor_, *begun)).first;
  begun->wake_by(*added->second);
  added->second->wake();  // for its deadline
}

// The session may be at work further up the stack, so it is destroyed only in the next turn.
void server::on_end(session_ref ended) {
  const auto found = drivers_.find(ended->id());
  asio::post(executor_, [last = std::move(ended), by = std::move(found->second)]() mutable {
    const bool large = last->core().engine().memory() >= worth_giving_back;
    last.reset();
    if (large) platform::give_memory_back();
  });
  drivers_.erase(found);
}

key_quota server::quota_of(const key_id& of) const {
  const auto own = options_.quotas.find(of);
  return own == options_.quotas.end() ? key_quota() : own->second;
}

std::optional<core::limit_reason> server::enter(const core::session_id& id, const owner_id& owner, std::size_t most) {
  if (options_.is_used_up && options_.is_used_up(key_id{owner})) return core::limit_reason::quota;
  const std::size_t own = quota_of(key_id{owner}).sessions;
  if (!directory().add(id, key_id{owner}, place_, own != 0 ? own : most)) return core::limit_reason::sessions;
  return std::nullopt;
}

void server::shed(const memory_shares::victim& what) {
  directory().has_shed(what.session);
  const auto found = sessions_.all().find(what.session);
  if (found == sessions_.all().end()) return;
  const std::string who = found->second->user() + ", session " + short_name(what.session);
  const std::string held = std::to_string(found->second->core().engine().memory() >> 20) + " MiB";
  const std::string did = sessions_.shed(what.session, what.excess);
  report("out of memory" + std::string(what.own_limit ? " of its key: " : ": ") + who + " holds most, " + held + "; " +
             did,
         event_weight::warning);
}

void server::report(const std::string& line, event_weight weight) const {
  if (options_.on_event) options_.on_event(weight, line);
}

bool server::close_stream(std::string_view session, core::stream_id id) { return sessions_.close_stream(session, id); }

void server::close_streams(const key_id& owner, core::reset_code why) { sessions_.close_streams(owner.bytes, why); }

acceptor_snapshot server::snapshot() const {
  acceptor_snapshot out = totals_;
  out.pending = pending_.pending();
  out.silent = pending_.silent();
  for (const listening_socket& listener : listeners_) out.turned_away_total += listener.turned_away();
  out.accepted_total += out.turned_away_total;
  out.turned_away_total += pending_.turned_away();
  out.strangers_total = pending_.failed();
  out.locked_out_total = pending_.locked_out();
  session_directory::memory_report memory = directory().memory();
  out.memory = {memory.used, memory.limit, memory.shed_total};
  out.use_of_keys = std::move(memory.by_key);
  for (const penalties::row& one : pending_.locks(most_locks))
    out.locked_out.push_back({one.from.to_string(), one.left});
  for (const auto& [id, open] : sessions_.all()) {
    tunnel_snapshot& tunnel = out.tunnels.emplace_back();
    open->core().describe(tunnel, now());
    tunnel.user = open->user();
    tunnel.from = open->from();
    tunnel.session = short_name(id);
    tunnel.now = tunnel.bridges.empty() ? tunnel_snapshot::state::down : tunnel_snapshot::state::up;
  }
  return out;
}

}  // namespace mtcp::detail

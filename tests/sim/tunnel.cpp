#include "sim/tunnel.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

// How long both ends may take to forget everything once all streams have ended: a dead bridge is noticed after 10 s.
constexpr duration settle_limit = 30s;

constexpr duration trace_interval = 250ms;

double millis(duration d) { return static_cast<double>(d.count()) * 1e-6; }

core::limits limits_of(const plan& p, side which) { return which == side::client ? p.client : p.server; }

}  // namespace

tunnel::tunnel(const plan& p, bool verbose)
    : plan_(p),
      log_(events_, verbose),
      chance_(p.seed),
      client_(events_, side::client, limits_of(p, side::client), p.most_cuts, chance_.fork(), log_,
              {[this](const core::event& e) { programs_.on_client_event(e); },
               [this](core::bridge_id id) { on_lost(id); }, [this](core::bridge_id id) { on_suspect(id); }}),
      server_(events_, side::server, limits_of(p, side::server), p.most_cuts, chance_.fork(), log_,
              {[this](const core::event& e) { programs_.on_server_event(e); }, [](core::bridge_id) {},
               [](core::bridge_id) {}}),
      programs_(events_, client_, server_, plan_.streams, log_),
      paths_(p.paths.size()) {
  client_.engine().set_peer_limits(core::announced(p.server));
  server_.engine().set_peer_limits(core::announced(p.client));
  for (std::size_t path = 0; path < p.paths.size(); ++path) dial(path);
  for (const fault& f : plan_.faults) {
    if (!f.after_bytes) events_.at(f.at, [this, &f] { strike(f); });
  }
}

// ---- dialling ----

bottleneck_pair tunnel::bottlenecks_of(std::size_t path) {
  const path_plan& p = plan_.paths[path];
  const auto make = [&] {
    return bottleneck_pair{std::make_shared<bottleneck>(events_, p.up.narrow),
                           std::make_shared<bottleneck>(events_, p.down.narrow)};
  };
  if (!p.shared) return make();
  bottleneck_pair& pair = shared_[*p.shared];
  if (!pair.up) pair = make();
  return pair;
}

connection::socket_handlers tunnel::handlers_of(side which, dialled& d) {
  endpoint& at = which == side::client ? client_ : server_;
  return {[&at] { at.changed(); },
          [this, &at, &d](core::slice bytes) {
            at.delivered(d.id, std::move(bytes));
            watch_bytes(d);
          },
          [this, &at, &d, which](const char* why) {
            at.closed(d.id, why);
            if (which == side::client) replace(d);  // it may have been lost before it was up
          }};
}

void tunnel::dial(std::size_t path) {
  dialled_.push_back(std::make_unique<dialled>());
  dialled& d = *dialled_.back();
  d.id = dialled_.size();
  d.path = path;
  d.carrier = std::make_unique<connection>(events_, plan_.paths[path], bottlenecks_of(path), plan_.connection,
                                           chance_.fork(), handlers_of(side::client, d), handlers_of(side::server, d));
  for (const fault& f : plan_.faults) {
    if (f.after_bytes && f.path == path && !struck_.contains(&f)) d.waiting.push_back(&f);
  }
  apply_state(d);
  // TCP and TLS take a round trip each, then HELLO goes out.
  const timestamp passable = d.carrier->passable_at();
  if (passable == timestamp::max()) return;
  events_.at(passable + 2 * plan_.paths[path].round_trip(), [this, &d] { send_hello(d); });
}

void tunnel::apply_state(dialled& d) {
  const path_state& state = paths_[d.path];
  if (state.held_until > events_.now()) d.carrier->hold(state.held_until);
  if (state.swallowed_until > events_.now()) d.carrier->swallow(state.swallowed_until);
  if (state.rate > 0) d.carrier->set_rate(state.rate);
}

void tunnel::send_hello(dialled& d) {
  if (!d.carrier->open(side::client)) return;
  d.client_counts = client_.engine().unsettled();
  events_.after(plan_.paths[d.path].delay, [this, &d] { send_welcome(d); });
}

void tunnel::send_welcome(dialled& d) {
  if (!d.carrier->open(side::server)) return;
  server_.engine().settle(d.client_counts, events_.now());
  d.server_counts = server_.engine().unsettled();
  server_.attach(d.id, *d.carrier, plan_.paths[d.path].options);
  events_.after(plan_.paths[d.path].delay, [this, &d] { welcomed(d); });
}

void tunnel::welcomed(dialled& d) {
  if (!d.carrier->open(side::client)) return;
  log_.note("bridge %lu up on path %zu", d.id, d.path);
  client_.engine().settle(d.server_counts, events_.now());
  client_.attach(d.id, *d.carrier, plan_.paths[d.path].options);
}

void tunnel::on_lost(core::bridge_id id) { replace(*dialled_[id - 1]); }
// As the client does: no more replacements than there should be bridges.
void tunnel::on_suspect(core::bridge_id id) {
  ++suspected_;
  dialled& d = *dialled_[id - 1];
  const auto lives = [&](const auto& other) { return other->path == d.path && other->carrier->open(side::client); };
  if (std::count_if(dialled_.begin(), dialled_.end(), lives) < 2) replace(d);
}

void tunnel::replace(dialled& d) {
  if (ending_ || !plan_.redial || std::exchange(d.replaced, true)) return;
  events_.after(*plan_.redial, [this, path = d.path] {
    if (!ending_) dial(path);
  });
}

// ---- faults ----

void tunnel::strike(const fault& f) {
  remember(f);
  log_.note("fault %d on path %zu for %ld ms", int(f.what), f.path, long(f.length / 1ms));
  for (std::size_t i = 0; i < dialled_.size(); ++i) {
    if (dialled_[i]->path == f.path && dialled_[i]->carrier->open(side::client)) strike(f, *dialled_[i]);
  }
}

void tunnel::strike(const fault& f, dialled& d) {
  using kind = fault::kind;
  switch (f.what) {
    case kind::hold:
      return d.carrier->hold(events_.now() + f.length);
    case kind::swallow:
      return d.carrier->swallow(events_.now() + f.length);
    case kind::rate:
      return d.carrier->set_rate(f.value);
    case kind::reset:
      return d.carrier->reset();
    case kind::cut:
      return d.carrier->cut();
    case kind::silence:
      return d.carrier->silence();
  }
}

void tunnel::remember(const fault& f) {
  if (!f.persistent) return;
  path_state& state = paths_[f.path];
  if (f.what == fault::kind::hold) state.held_until = events_.now() + f.length;
  if (f.what == fault::kind::swallow) state.swallowed_until = events_.now() + f.length;
  if (f.what == fault::kind::rate) state.rate = f.value;
}

void tunnel::watch_bytes(dialled& d) {
  const std::uint64_t received = d.carrier->out(side::client).received() + d.carrier->out(side::server).received();
  std::erase_if(d.waiting, [&](const fault* f) {
    if (received < *f->after_bytes) return false;
    if (!struck_.insert(f).second) return true;
    events_.at(events_.now(), [this, f, &d] {
      log_.note("fault %d on bridge %lu", int(f->what), d.id);
      strike(*f, d);
    });
    return true;
  });
}

// ---- a run ----

void tunnel::run_until(timestamp when) { events_.run_until(when); }

bool tunnel::run() {
  try {
    play();
    if (plan_.stop_at == timestamp{0}) settle_down();
  } catch (const livelock& stuck) {
    log_.fail("livelock at the %s", stuck.what());
  }
  return log_.failures().empty();
}

void tunnel::play() {
  const timestamp limit = plan_.stop_at > timestamp{0} ? plan_.stop_at : plan_.time_limit;
  while (!programs_.finished() && events_.now() < limit) {
    events_.run_until(std::min(limit, events_.now() + 10ms));
    if (log_.verbose() && events_.now() % trace_interval == 0ms) note_bridges();
  }
  if (plan_.stop_at > timestamp{0}) return;
  if (programs_.finished()) return;
  log_.fail("streams have not ended: %zu at the client, %zu at the server", client_.engine().stream_count(),
            server_.engine().stream_count());
  programs_.note_unfinished();
}

void tunnel::note_bridges() const {
  for (const auto& d : dialled_) {
    for (const endpoint* e : {&client_, &server_}) {
      const auto s = e->engine().stats_of(d->id);
      if (!s || !e->attached(d->id)) continue;
      const link& out = d->carrier->out(e->which());
      log_.note(
          "  %s bridge %lu: %lu kB sent, %lu of %lu kB in flight, %.2f MB/s, rtt %.1f (min %.1f) ms%s; "
          "tcp window %lu kB, rtt %.1f ms, %lu losses, %lu timeouts%s",
          name_of(e->which()), d->id, s->bytes_sent / 1000, s->in_flight / 1000, s->cap / 1000,
          static_cast<double>(s->delivery_rate) * 1e-6, millis(s->rtt), millis(s->rtt_min),
          s->suspect ? ", suspect" : "", out.info().congestion_window / 1000, millis(out.info().srtt),
          out.count().losses, out.count().timeouts, out.info().recovering ? ", recovering" : "");
    }
  }
}

void tunnel::settle_down() {
  log_.note("all streams have ended");
  programs_.abandon();
  const timestamp limit = events_.now() + settle_limit;
  while (!(quiet(client_) && quiet(server_)) && events_.now() < limit) events_.run_until(events_.now() + 10ms);
  report_leftovers(client_);
  report_leftovers(server_);
  ending_ = true;
  programs_.judge();
}

bool tunnel::quiet(endpoint& e) const {
  const core::tunnel_stats now = e.engine().stats();
  return e.engine().stream_count() == 0 && e.engine().idle() && now.receive_memory == 0 && now.send_memory == 0 &&
         now.reorder_bytes == 0 && now.receive_granted == 0;
}

void tunnel::report_leftovers(endpoint& e) {
  if (quiet(e)) return;
  const core::tunnel_stats now = e.engine().stats();
  log_.fail(
      "%s is left with %zu streams, %sidle, %zu bytes to read (%zu behind holes), %zu unacknowledged, %zu granted",
      name_of(e.which()), e.engine().stream_count(), e.engine().idle() ? "" : "not ", now.receive_memory,
      now.reorder_bytes, now.send_memory, now.receive_granted);
}

tunnel::totals tunnel::count() const {
  totals sum;
  sum.dialled = dialled_.size();
  sum.suspected = suspected_;
  for (const auto& d : dialled_) {
    for (const side s : {side::client, side::server}) {
      sum.wire_bytes += d->carrier->out(s).count().sent;
      sum.retransmitted += d->carrier->out(s).count().retransmitted;
    }
  }
  return sum;
}

}  // namespace mtcp::sim

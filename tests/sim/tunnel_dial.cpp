// What the client's policy wants done: connections, and what is said first on them.
#include <algorithm>
#include <utility>
#include <variant>

#include "mtcp/session/outcome.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

constexpr duration connect_timeout = 10s;
constexpr duration first_repeat = 1s;  // of a SYN that nobody answers

}  // namespace

void tunnel::work(core::timestamp now) {
  change_paths();
  client_.work(now);
  carry_out_actions();
}

void tunnel::carry_out_actions() {
  while (auto next = client_.next_action()) std::visit([this](auto& wanted) { carry_out(std::move(wanted)); }, *next);
}

// ---- dial ----

void tunnel::carry_out(client_policy::dial wanted) {
  dialled_.push_back(std::make_unique<dialled>());
  dialled& d = *dialled_.back();
  d.id = wanted.id;
  d.path = numbered_.at(wanted.path);
  const path_plan& path = plan_.paths[d.path];
  d.at = events_.now();
  dials_[d.id] = &d;
  d.carrier = std::make_unique<connection>(events_, path, bottlenecks_of(d.path), plan_.connection, chance_.fork(),
                                           client_handlers(d), server_handlers(d));
  for (const fault& f : plan_.faults)
    if (f.after_bytes && f.path == d.path && !struck_.contains(&f)) d.waiting.push_back(&f);
  apply_state(d);
  events_.after(connect_timeout, [this, &d] { fail_dial(d, timed_out()); });
  if (wanted.patience)
    events_.after(*wanted.patience, [this, &d] {
      if (!d.answered) fail_dial(d, timed_out());
    });
  const bool once = !plan_.redial && ++paths_[d.path].dialled > path.bridges;
  if (once || (path.dial_hangs > 0 && chance_.chance(path.dial_hangs))) return;
  d.welcome_is_lost = path.welcome_lost > 0 && chance_.chance(path.welcome_lost);
  d.is_refused = path.dial_refused > 0 && chance_.chance(path.dial_refused);
  send_syn(d, first_repeat);
}

// TCP repeats a SYN that is not answered, after a second, two more, four more.
void tunnel::send_syn(dialled& d, duration repeat) {
  if (d.failed) return;
  if (!lets_syn_through(d.path)) {
    events_.after(repeat, [this, &d, repeat] { send_syn(d, 2 * repeat); });
    return;
  }
  if (is_one_too_many(d)) return;
  when_passable(d, plan_.paths[d.path].round_trip(), [this, &d] {
    d.answered = true;
    if (d.is_refused || !servers_[plan_.paths[d.path].server]) return fail_dial(d, connection_refused());
    // TCP has taken a round trip, and TLS takes another.
    when_passable(d, plan_.paths[d.path].round_trip(), [this, &d] {
      client_.connected(d.id, events_.now());
      carry_out_actions();
    });
  });
}

bool tunnel::lets_syn_through(std::size_t path) {
  const watch_plan& by = plan_.paths[path].watched;
  path_state& state = paths_[path];
  const timestamp now = events_.now();
  if (now < state.blocked_until) return false;
  const bool too_soon = state.last_syn && now - *state.last_syn < by.syn_gap;
  state.last_syn = now;
  if (!too_soon) return true;
  state.blocked_until = now + by.block;
  ++state.blocks;
  log_.note("SYNs of path %zu are blocked for %ld ms", path, long(by.block / 1ms));
  return false;
}

bool tunnel::is_one_too_many(dialled& d) {
  const watch_plan& by = plan_.paths[d.path].watched;
  if (by.connections == SIZE_MAX) return false;
  const auto is_there = [&d](const std::unique_ptr<dialled>& other) {
    return other->path == d.path && other->counted && !other->failed && other->carrier->open(side::client);
  };
  d.counted = static_cast<std::size_t>(std::ranges::count_if(dialled_, is_there)) < by.connections;
  if (d.counted) return false;
  if (by.punishes)
    for (const auto& other : dialled_)
      if (other->path == d.path) other->carrier->silence();
  return true;
}

bottleneck_pair tunnel::bottlenecks_of(std::size_t path) {
  const path_plan& p = plan_.paths[path];
  bottleneck_pair& common = paths_[path].common;
  const auto make_common = [this](const path_plan::direction& d) {
    const std::size_t queue = std::max<std::size_t>(d.narrow.queue, 512 << 10);
    return std::make_shared<bottleneck>(events_, bottleneck::options{.rate = d.common_rate, .queue = queue});
  };
  if (p.up.common_rate > 0 && !common.common_up) common.common_up = make_common(p.up);
  if (p.down.common_rate > 0 && !common.common_down) common.common_down = make_common(p.down);
  const auto make = [&] {
    return bottleneck_pair{std::make_shared<bottleneck>(events_, p.up.narrow),
                           std::make_shared<bottleneck>(events_, p.down.narrow), common.common_up, common.common_down};
  };
  if (!p.shared) return make();
  bottleneck_pair& pair = shared_[*p.shared];
  if (!pair.up) pair = make();
  return pair;
}

connection::socket_handlers tunnel::client_handlers(dialled& d) {
  return {[&d] {
            if (d.client) d.client->writable();
          },
          [this, &d](core::slice bytes) {
            if (d.client) {
              d.client->delivered(std::move(bytes));
            } else {
              d.early.push_back(std::move(bytes));
            }
            watch_bytes(d);
          },
          [this, &d](const char* why) {
            if (d.client) return d.client->lost(why);
            fail_dial(d, connection_reset());
          }};
}

connection::socket_handlers tunnel::server_handlers(dialled& d) {
  return {[&d] {
            if (d.server) d.server->writable();
          },
          [this, &d](core::slice bytes) {
            if (d.server) d.server->delivered(std::move(bytes));
            watch_bytes(d);
          },
          [&d](const char* why) {
            if (d.server) d.server->lost(why);
          }};
}

void tunnel::apply_state(dialled& d) {
  const path_state& state = paths_[d.path];
  if (state.held_until > events_.now()) d.carrier->hold(state.held_until);
  if (state.swallowed_until > events_.now()) d.carrier->swallow(state.swallowed_until);
  if (state.rate > 0) d.carrier->set_rate(state.rate);
  if (state.loss) d.carrier->lose(*state.loss);
}

void tunnel::fail_dial(dialled& d, error_code why) {
  if (d.failed || d.bridge) return;
  d.failed = true;
  dials_.erase(d.id);
  d.carrier->abort(side::client);
  client_.dial_failed(d.id, why, events_.now());
  carry_out_actions();
}

// What TCP carries it repeats, so it arrives once the connection lets anything through.
void tunnel::when_passable(dialled& d, duration later, std::function<void()> what) {
  const timestamp passable = d.carrier->passable_at();
  if (passable == timestamp::max()) return;
  events_.at(std::max(passable, events_.now()) + later, [this, &d, later, what = std::move(what)] {
    if (d.failed || !d.carrier->open(side::client)) return;
    if (d.carrier->passable_at() > events_.now()) return when_passable(d, later, what);
    what();
  });
}

void tunnel::carry_out(client_policy::abandon wanted) {
  const auto found = dials_.find(wanted.id);
  if (found != dials_.end()) fail_dial(*found->second, operation_aborted());
}

// ---- greet ----

void tunnel::carry_out(client_policy::greet wanted) {
  const auto found = dials_.find(wanted.id);
  if (found == dials_.end()) return;
  dialled& d = *found->second;
  when_passable(d, plan_.paths[d.path].delay, [this, &d, said = std::move(wanted.hello)] { hear_hello(d, said); });
}

void tunnel::hear_hello(dialled& d, const core::hello& said) {
  server* at = servers_[plan_.paths[d.path].server].get();
  if (at == nullptr || !d.carrier->open(side::server)) return fail_dial(d, connection_reset());
  const server_sessions::answer reply = at->greet(said);
  if (reply.joined) {
    d.session = reply.joined;
    d.bridge_id = said.bridge;
    d.server = std::make_unique<bridge_socket>(events_, *d.carrier, side::server, d.path, plan_.max_cuts,
                                               chance_.fork(), [this, &d] { detach_server(d); });
    d.server->attach(d.session->core(), said.bridge);
    d.session->attach(said.bridge, *d.server, reply.use, events_.now());
  }
  if (d.welcome_is_lost) return d.carrier->silence();
  when_passable(d, plan_.paths[d.path].delay, [this, &d, got = reply.message] { hear_welcome(d, got); });
}

void tunnel::hear_welcome(dialled& d, const core::welcome& got) {
  if (const error_code wrong = client_.welcomed(d.id, got, events_.now())) {
    d.failed = true;
    dials_.erase(d.id);
    d.carrier->abort(side::client);
    return carry_out_actions();
  }
  dials_.erase(d.id);
  d.client = std::make_unique<bridge_socket>(events_, *d.carrier, side::client, d.path, plan_.max_cuts, chance_.fork(),
                                             [this, &d] { detach_client(d); });
  d.bridge = client_.attach(d.id, *d.client, events_.now());
  d.client->attach(d.bridge->session->core, d.bridge->bridge);
  for (core::slice& bytes : std::exchange(d.early, {})) d.client->delivered(std::move(bytes));
  carry_out_actions();
}

// ---- over ----

void tunnel::detach_client(dialled& d) {
  client_.detach(*d.bridge, events_.now());
  carry_out_actions();
}

void tunnel::detach_server(dialled& d) { d.session->detach(d.bridge_id, events_.now()); }

}  // namespace mtcp::sim

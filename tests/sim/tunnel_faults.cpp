// What befalls the network and the programs of a run.
#include <algorithm>
#include <utility>

#include "mtcp/session/outcome.hpp"
#include "sim/tunnel.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

// ---- connections and paths ----

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
    case kind::lose:
      return d.carrier->lose(static_cast<double>(f.value) / 1000);
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
  if (f.what == fault::kind::lose) state.loss = static_cast<double>(f.value) / 1000;
}

void tunnel::watch_bytes(dialled& d) {
  const std::uint64_t received = d.carrier->out(side::client).received() + d.carrier->out(side::server).received();
  std::erase_if(d.waiting, [&](const fault* f) {
    if (received < *f->after_bytes) return false;
    if (!struck_.insert(f).second) return true;
    events_.at(events_.now(), [this, f, &d] {
      log_.note("fault %d on a bridge of path %zu", int(f->what), d.path);
      strike(*f, d);
    });
    return true;
  });
}

// ---- interfaces ----

// Without a route nothing leaves any more; what is under way comes too late in the end, or never.
void tunnel::begin(const absence& a) {
  log_.note("the interface of path %zu %s for %ld ms", a.path, a.unplugged ? "is gone" : "has no route",
            long(a.length / 1ms));
  const timestamp until = a.at + a.length;
  for (const auto& d : dialled_) {
    if (d->path != a.path || !d->carrier->open(side::client)) continue;
    if (a.unplugged) {
      d->carrier->silence();
    } else {
      d->carrier->swallow(until);
    }
  }
  paths_[a.path].swallowed_until = until;
  interface_state& is = interfaces_[a.path];
  is.is_uplink = false;
  if (a.unplugged) is.index = 0;
  see_interfaces();
}

void tunnel::end(const absence& a) {
  interface_state& is = interfaces_[a.path];
  is.is_uplink = true;
  if (a.unplugged) is.index = ++last_index_;
  see_interfaces();
}

// ---- programs ----

void tunnel::happen(const incident& i) {
  using kind = incident::kind;
  server* at = servers_[i.server].get();
  log_.note("incident %d for %ld ms", int(i.what), long(i.length / 1ms));
  switch (i.what) {
    case kind::server_crash:
      return end_server(i.server, i.length);
    case kind::server_exit:
      if (at != nullptr) at->leave(500ms);
      return events_.after(1s, [this, i] { end_server(i.server, i.length); });
    case kind::server_drain:
      if (at != nullptr) at->drain();
      return events_.after(i.length, [this, i] { end_server(i.server, 1s); });
    case kind::client_exit:
      return stop_client();
    case kind::key_removed:
      if (at == nullptr) return;
      at->remove_key();
      return events_.after(i.length, [at] { at->restore_key(); });
    case kind::time_jump:
      return events_.skip(i.length);
  }
}

void tunnel::end_server(std::size_t which, duration down) {
  if (!servers_[which]) return;
  servers_[which]->die();
  dead_.push_back(std::move(servers_[which]));
  events_.after(down, [this, which] { begin_server(which); });
}

void tunnel::begin_server(std::size_t which) {
  if (servers_[which]) return;
  const server_settings settings{plan_.server, plan_.resume_timeout, 64, 64};
  servers_[which] = std::make_unique<server>(events_, settings, chance_.fork(), programs_, log_);
}

void tunnel::stop_client() {
  client_.stop(duration{0}, events_.now());
  const auto pending = dials_;
  for (const auto& [id, d] : pending) fail_dial(*d, operation_aborted());
}

}  // namespace mtcp::sim

#include "sim/tunnel.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

// How long both ends may take to forget everything once all streams have ended: a dead bridge is noticed after 10 s,
// and a session whose client is gone ends with the resume timeout.
constexpr duration settle_limit = 30s;

constexpr duration trace_interval = 250ms;

constexpr std::size_t min_write_room = 16 << 10;
constexpr std::size_t bookkeeping = 256 << 10;

double millis(duration d) { return static_cast<double>(d.count()) * 1e-6; }

path_settings settings_of(const plan& p, std::size_t path) {
  const path_plan& is = p.paths[path];
  return {std::to_string(path), is.bridges, is.tune, is.options, is.rotate, is.pace};
}

client_settings settings_of(const plan& p) {
  client_settings s;
  for (std::size_t i = 0; i < p.paths.size(); ++i) {
    s.paths_come |= p.paths[i].of_interface;
    if (!p.paths[i].of_interface) s.paths.push_back(settings_of(p, i));
  }
  s.limits = p.client;
  s.resume_timeout = p.resume_timeout;
  s.connect_wait = p.resume_timeout;  // programs of a plan do not ask again
  s.renew_after = p.renew_after;
  s.first_backoff = p.redial.value_or(100ms);
  s.seed = p.seed;
  if (std::ranges::any_of(p.streams, &stream_plan::reverse)) s.reverse = {{{"", 8080}, {"reverse", 1}}};
  return s;
}

}  // namespace

tunnel::tunnel(const plan& p, journal::notes notes)
    : plan_(p),
      log_(events_, notes),
      chance_(p.seed),
      programs_(events_, plan_, log_),
      driver_(events_, *this, "client"),
      client_(settings_of(p), driver_, programs_,
              {[this](const trace::event& e) { on_trace(e); }, [this] { return log_.takes_notes(); }}),
      paths_(p.paths.size()) {
  for (const path_plan& path : p.paths) servers_.resize(std::max(servers_.size(), path.server + 1));
  for (std::size_t i = 0; i < servers_.size(); ++i) begin_server(i);
  programs_.use(client_);
  client_.hand_accepted_to(programs_);
  client_.start(events_.now());
  for (std::size_t i = 0; i < plan_.paths.size(); ++i) {
    if (!plan_.paths[i].of_interface) numbered_.push_back(i);
    interfaces_.push_back({std::to_string(i), static_cast<unsigned>(i) + 1, plan_.paths[i].of_interface});
  }
  for (const absence& a : plan_.absences) {
    if (a.at == timestamp{0}) begin(a);
    if (a.at > timestamp{0}) events_.at(a.at, [this, &a] { begin(a); });
    events_.at(a.at + a.length, [this, &a] { end(a); });
  }
  see_interfaces();
  for (const fault& f : plan_.faults)
    if (!f.after_bytes) events_.at(f.at, [this, &f] { strike(f); });
  for (const incident& i : plan_.incidents) events_.at(i.at, [this, &i] { happen(i); });
}

core::engine& tunnel::server_engine() const {
  return servers_.at(0)->sessions().all().begin()->second->core().engine();
}

void tunnel::on_trace(const trace::event& what) {
  log_.note("client", what);
  if (const auto* e = std::get_if<trace::bridge_suspected>(&what)) {
    ++suspected_;
    reasons_to_dial_.emplace(e->where, events_.now());
  }
  if (const auto* e = std::get_if<trace::bridge_lost>(&what)) reasons_to_dial_.emplace(e->where, events_.now());
  if (const auto* e = std::get_if<trace::path_comes>(&what))
    for (unsigned n = plan_.paths[std::stoul(e->path)].bridges; n > 0; --n)
      reasons_to_dial_.emplace("on " + e->path, events_.now());
  if (!std::holds_alternative<trace::session_over>(what)) return;
  if (!plan_.streams_may_be_lost) log_.fail("client: %s", trace::to_string(what).c_str());
  for (std::size_t i = 0; i < plan_.paths.size(); ++i)  // each path makes its bridges anew
    for (unsigned n = plan_.paths[i].bridges; n > 0; --n)
      reasons_to_dial_.emplace("on " + std::to_string(i), events_.now());
}

// ---- interfaces ----

void tunnel::see_interfaces() {
  std::vector<interface_state> there;
  std::ranges::copy_if(interfaces_, std::back_inserter(there), [](const auto& one) { return one.index != 0; });
  uplinks_.see(std::move(there), events_.now());
  change_paths();
  driver_.wake();  // for its deadline
  carry_out_actions();
}

// As the programs do it (net/client_paths.cpp).
void tunnel::change_paths() {
  while (const auto next = uplinks_.next_change(events_.now())) {
    const std::size_t path = std::stoul(next->interface);
    if (next->comes) {
      const auto number = client_.add_path(settings_of(plan_, path)).value();
      numbered_.resize(std::max(numbered_.size(), number + 1));
      numbered_[number] = path;
    } else {
      const auto number = std::ranges::find(numbered_, path) - numbered_.begin();
      client_.retire_path(static_cast<std::size_t>(number), events_.now());
    }
  }
}

std::optional<core::timestamp> tunnel::next_deadline() const {
  const auto client = client_.next_deadline(), paths = uplinks_.next_deadline();
  return client && paths ? std::min(*client, *paths) : client ? client : paths;
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
  check_pace_of_dials();
  return log_.failures().empty();
}

void tunnel::play() {
  const timestamp limit = plan_.stop_at > timestamp{0} ? plan_.stop_at : plan_.time_limit;
  while (!programs_.finished() && events_.now() < limit) {
    events_.run_until(std::min(limit, events_.now() + 10ms));
    check_memory();
    if (log_.takes_notes() && events_.now() % trace_interval == 0ms) note_bridges();
  }
  if (plan_.stop_at > timestamp{0} || programs_.finished()) return;
  log_.fail("streams have not ended");
  programs_.note_unfinished();
}

void tunnel::note_bridges() {
  for (const auto& d : dialled_) {
    for (const side s : {side::client, side::server}) {
      const session* at = s == side::client ? (d->bridge ? &d->bridge->session->core : nullptr)
                                            : (d->session ? &d->session->core() : nullptr);
      const core::bridge_id id = s == side::client && d->bridge ? d->bridge->bridge : d->bridge_id;
      const auto stats = at == nullptr ? std::nullopt : at->engine().stats_of(id);
      if (!stats) continue;
      const tcp_flow& out = d->carrier->out(s);
      log_.note(
          "  %s bridge %lu: %lu kB sent, %lu of %lu kB in flight, %.2f MB/s, rtt %.1f (min %.1f) ms%s; "
          "tcp window %lu kB, rtt %.1f ms, %lu losses, %lu timeouts%s",
          name_of(s), id, stats->bytes_sent / 1000, stats->in_flight / 1000, stats->cap / 1000,
          static_cast<double>(stats->delivery_rate) * 1e-6, millis(stats->rtt), millis(stats->rtt_min),
          stats->suspect ? ", suspect" : "", out.info().congestion_window / 1000, millis(out.info().srtt),
          out.count().losses, out.count().timeouts, out.info().recovering ? ", recovering" : "");
    }
  }
}

// ---- the end ----

void tunnel::settle_down() {
  log_.note("all streams have ended");
  programs_.lose_session();
  client_.stop_listening(events_.now());
  timestamp limit = events_.now();
  for (const fault& f : plan_.faults) limit = std::max(limit, f.at + f.length);
  for (const absence& a : plan_.absences) limit = std::max(limit, a.at + a.length);
  for (const incident& i : plan_.incidents) limit = std::max(limit, i.at) + i.length;
  limit += settle_limit + plan_.resume_timeout;
  while (!(client_is_quiet() && servers_are_quiet()) && events_.now() < limit) events_.run_until(events_.now() + 10ms);
  report_leftovers();
  programs_.judge();
}

namespace {

bool quiet(const core::engine& engine) {
  const core::tunnel_stats now = engine.stats();
  return engine.stream_count() == 0 && engine.idle() && now.receive_memory == 0 && now.send_memory == 0 &&
         now.reorder_bytes == 0 && now.receive_granted == 0;
}

std::string leftovers(const core::engine& engine) {
  const core::tunnel_stats now = engine.stats();
  char text[256];
  std::snprintf(text, sizeof text,
                "%zu streams, %sidle, %zu bytes to read (%zu behind holes), %zu unacknowledged, %zu granted",
                engine.stream_count(), engine.idle() ? "" : "not ", now.receive_memory, now.reorder_bytes,
                now.send_memory, now.receive_granted);
  return text;
}

}  // namespace

bool tunnel::client_is_quiet() const { return !client_.current() || quiet(client_.current()->core.engine()); }

// Besides the client's own session nothing may be left but what ends by itself.
bool tunnel::servers_are_quiet() const {
  for (const auto& one : servers_) {
    if (!one) continue;
    for (const auto& [id, open] : one->sessions().all()) {
      const bool current = client_.current() && client_.current()->id == id;
      if (!current || !quiet(open->core().engine())) return false;
    }
  }
  return true;
}

void tunnel::report_leftovers() {
  if (!client_is_quiet()) log_.fail("client is left with %s", leftovers(client_.current()->core.engine()).c_str());
  if (servers_are_quiet()) return;
  for (const auto& one : servers_) {
    if (!one) continue;
    for (const auto& [id, open] : one->sessions().all())
      log_.fail("server is left with session %s: %zu bridges, %s", short_name(id).c_str(), open->core().bridge_count(),
                leftovers(open->core().engine()).c_str());
  }
}

// ---- checks ----

void tunnel::check_memory() {
  if (client_.current()) check_memory("client", client_.current()->core.engine());
  for (const auto& one : servers_) {
    if (!one) continue;
    for (const auto& [id, open] : one->sessions().all()) check_memory("server", open->core().engine());
  }
}

// Every stream has a least credit and a least room to write, whatever the budgets say. Memory is charged by capacity,
// which is at most twice of what is kept of received bytes, and bookkeeping.
void tunnel::check_memory(const char* whose, const core::engine& engine) {
  const core::tunnel_stats now = engine.stats();
  const core::limits& allowed = engine.local_limits();
  const std::size_t granted = allowed.receive_budget + now.streams_active * allowed.early_limit;
  const std::size_t unacknowledged = allowed.send_budget + (now.streams_active + 1) * min_write_room;
  const auto within = [&](const char* what, std::size_t bytes, std::size_t most) {
    if (bytes > most) log_.fail("%s: %zu bytes %s, allowed are %zu", whose, bytes, what, most);
  };
  within("of credit granted", now.receive_granted, granted);
  within("received and unread", now.receive_memory, 2 * granted + bookkeeping);
  within("written and unacknowledged", now.send_memory, unacknowledged);
}

// In any ten seconds a path is dialled once for each bridge that it should have, and as often again as pauses that
// double from the first one let it fail; a bridge that is lost or suspected lets that begin anew.
void tunnel::check_pace_of_dials() {
  constexpr duration window = 10s;
  for (std::size_t path = 0; path < plan_.paths.size(); ++path) {
    std::vector<timestamp> dials;
    for (const auto& d : dialled_)
      if (d->path == path) dials.push_back(d->at);
    const std::size_t bridges = plan_.paths[path].tune ? bridge_tuner::most : plan_.paths[path].bridges;
    std::size_t failures = 2;
    for (duration pause = plan_.redial.value_or(100ms) / 2; pause < window; pause *= 2) ++failures;
    const auto [from, to] = reasons_to_dial_.equal_range("on " + std::to_string(path));
    for (std::size_t i = 0; i < dials.size(); ++i) {
      const auto in_window = [&](timestamp t) { return t >= dials[i] - window && t <= dials[i] + window; };
      const auto count = std::count_if(dials.begin() + static_cast<std::ptrdiff_t>(i), dials.end(),
                                       [&](timestamp t) { return t <= dials[i] + window; });
      const auto reasons = std::count_if(from, to, [&](const auto& r) { return in_window(r.second); });
      const auto most =
          static_cast<std::ptrdiff_t>(bridges * (2 + failures) + failures * static_cast<std::size_t>(reasons));
      if (count <= most) continue;
      return log_.fail("%ld dials of path %zu within 10 s, with %ld reasons", count, path, reasons);
    }
  }
}

tunnel::totals tunnel::count() const {
  totals sum;
  sum.dialled = dialled_.size();
  for (const path_state& path : paths_) sum.blocks += path.blocks;
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

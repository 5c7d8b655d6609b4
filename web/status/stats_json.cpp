#include <algorithm>
#include <vector>

#include "mtcp/address.hpp"
#include "mtcp/reverse_options.hpp"
#include "status/json.hpp"
#include "status/reason.hpp"
#include "status/report.hpp"

namespace mtcp::status {
namespace {

using std::chrono::duration;
using milliseconds = duration<double, std::milli>;

const char* text_of(tunnel_snapshot::state s) {
  static constexpr const char* texts[] = {"connecting", "up", "down", "stopped"};  // in the order of the enumerators
  return texts[static_cast<std::size_t>(s)];
}

const char* text_of(bridge_snapshot::state s) {
  static constexpr const char* texts[] = {"up", "suspect", "disabled"};  // in the order of the enumerators
  return texts[static_cast<std::size_t>(s)];
}

const char* text_of(listener_snapshot::state s) {
  // In the order of the enumerators.
  static constexpr const char* texts[] = {"waiting", "listening", "refused", "unsupported"};
  return texts[static_cast<std::size_t>(s)];
}

const char* text_of(happening::level l) {
  static constexpr const char* texts[] = {"good", "info", "bad"};  // in the order of the enumerators
  return texts[static_cast<std::size_t>(l)];
}

double seconds(std::chrono::nanoseconds t) { return duration<double>(t).count(); }

class stats_writer {
 public:
  stats_writer(const monitor& seen, const acceptor_snapshot& now, const report_options& options)
      : seen_(seen), now_(now), options_(options), at_(clock::now()) {}

  std::string write() {
    out_.begin_object();
    out_.member("role", seen_.which() == role::client ? "client" : "server").member("version", options_.version);
    out_.member("uptime_seconds", seconds(at_ - seen_.start())).member("time", seen_.unix_time());
    out_.member("tick", seen_.tick());
    if (seen_.which() == role::client)
      write_client();
    else
      write_server();
    write_failed_logins();
    write_happenings();
    out_.end_object();
    return out_.take();
  }

 private:
  void write_client() {
    static const tunnel_snapshot none;
    const tunnel_snapshot& t = now_.tunnels.empty() ? none : now_.tunnels.front();
    out_.key("tunnel").begin_object();
    write_tunnel_fields(t, seen_.ended_sessions());
    out_.member("quota_used_up", t.quota_used_up);
    out_.end_object();
    write_servers();
    write_direct();
    write_bridges(t);
    out_.key("streams").begin_array();
    write_streams(t.session, t.streams);
    write_streams(direct_session, now_.direct.open);
    out_.end_array();
  }

  void write_direct() {
    const direct_snapshot& d = now_.direct;
    const rates r = seen_.direct_rates();
    out_.key("direct").begin_object();
    out_.member("connections_active", d.open.size()).member("connections_total", d.connections_total);
    out_.member("datagrams_total", d.datagrams_total);
    out_.member("bytes_up", d.bytes_up).member("bytes_down", d.bytes_down);
    out_.member("rate_up", double{r.up}).member("rate_down", double{r.down}).end_object();
    out_.key("blocked").begin_object().member("connections_total", d.blocked_connections_total);
    out_.member("datagrams_total", d.blocked_datagrams_total).end_object();
  }

  // Those that new connections may take, in order of preference.
  void write_servers() {
    if (now_.servers.empty()) return;
    out_.key("servers").begin_array();
    for (const server_standing& one : now_.servers)
      out_.begin_object()
          .member("name", one.name)
          .member("state", text_of(one.now))
          .member("used", one.used)
          .end_object();
    out_.end_array();
  }

  void write_failed_logins() {
    constexpr std::size_t most = 10;
    static const program::failed_logins none;
    const program::failed_logins& all = options_.failed_logins != nullptr ? *options_.failed_logins : none;
    out_.member("failed_logins_total", all.total()).key("failed_logins").begin_array();
    for (const auto& [from, count] : all.worst(most))
      out_.begin_object().member("address", from.to_string()).member("count", count).end_object();
    out_.end_array();
  }

  void write_server() {
    out_.member("pending", now_.pending).member("silent", now_.silent);
    out_.member("accepted_total", now_.accepted_total);
    out_.member("turned_away_total", now_.turned_away_total).member("strangers_total", now_.strangers_total);
    out_.member("locked_out_total", now_.locked_out_total).key("locked_out").begin_array();
    for (const locked_out_address& one : now_.locked_out)
      out_.begin_object().member("address", one.address).member("seconds", seconds(one.left)).end_object();
    out_.end_array();
    if (const fallback_snapshot& site = now_.fallback; !site.site.empty()) {
      out_.key("fallback").begin_object().member("site", site.site).member("open", site.open);
      out_.member("total", site.total).member("dismissed_total", site.dismissed_total);
      out_.member("failed_total", site.failed_total).end_object();
    }
    out_.key("memory").begin_object().member("used", now_.memory.used).member("limit", now_.memory.limit);
    out_.member("shed_total", now_.memory.shed_total).end_object();
    write_keys();
    out_.key("tunnels").begin_array();
    for (const tunnel_snapshot& t : now_.tunnels) {
      out_.begin_object().member("user", t.user).member("from", t.from);
      write_tunnel_fields(t, {});
      write_bridges(t);
      out_.key("streams").begin_array();
      write_streams(t.session, t.streams);
      out_.end_array().end_object();
    }
    out_.end_array();
  }

  void write_keys() {
    out_.key("keys").begin_array();
    for (const key_snapshot& k : now_.keys) {
      out_.begin_object().member("user", k.user).member("id", k.id);
      out_.member("sessions", k.used.sessions).member("max_sessions", k.most.sessions);
      out_.member("bridges", k.used.bridges).member("max_bridges", k.most.bridges);
      out_.member("streams", k.streams).member("max_streams", k.max_streams);
      out_.member("memory", k.used.memory).member("max_memory", k.most.memory);
      out_.member("dials_per_second", k.dials_per_second).member("rate_limit", k.rate_limit);
      out_.member("month_bytes", k.month_bytes).member("max_month_bytes", k.max_month_bytes);
      out_.member("month_used_up", k.month_used_up);
      out_.member("expires", k.expires).member("refused_total", k.refused_total).end_object();
    }
    out_.end_array();
  }

  // A client's counters go on over all of its sessions.
  void write_tunnel_fields(const tunnel_snapshot& t, const monitor::counters& before) {
    const rates r = seen_.tunnel_rates(t.session);
    out_.member("session", t.session).member("state", text_of(t.now)).member("uptime_seconds", seconds(t.uptime));
    out_.member("streams_active", t.totals.streams_active);
    out_.member("streams_total", before.streams_total + t.totals.streams_total);
    out_.member("bytes_up", before.bytes_up + t.bytes_up).member("bytes_down", before.bytes_down + t.bytes_down);
    out_.member("rate_up", double{r.up}).member("rate_down", double{r.down});
    out_.member("reorder_bytes", t.totals.reorder_bytes);
    out_.member("retransmitted_bytes", before.retransmitted_bytes + t.totals.retransmitted_bytes);
    out_.member("hedged_frames", before.hedged_frames + t.totals.hedged_frames);
    out_.member("hedged_bytes", before.hedged_bytes + t.totals.hedged_bytes);
    out_.member("receive_memory", t.totals.receive_memory).member("receive_granted", t.totals.receive_granted);
    out_.member("receive_budget", options_.limits.receive_budget);
    out_.member("send_memory", t.totals.send_memory).member("send_budget", options_.limits.send_budget);
    write_paths(t);
    write_patterns(t);
    write_listeners(t);
  }

  // What the server listens on for the client.
  void write_listeners(const tunnel_snapshot& t) {
    out_.key("listeners").begin_array();
    for (const listener_snapshot& l : t.listeners) {
      out_.begin_object();
      if (seen_.which() == role::client) out_.member("listen", listen_name(l.listen)).member("target", to_string(l.to));
      out_.member("state", text_of(l.now));
      out_.member("bound", l.bound.port == 0 ? std::string() : to_string(l.bound));
      if (seen_.which() == role::client) out_.member("last_error", l.last_error).member("accepted_total", l.accepted);
      out_.end_object();
    }
    out_.end_array();
  }

  void write_paths(const tunnel_snapshot& t) {
    out_.key("paths").begin_array();
    for (const path_snapshot& p : t.paths) {
      out_.begin_object().member("name", p.name).member("bridges_wanted", p.bridges_wanted);
      out_.member("bridges_up", p.bridges_up).member("reconnects", p.reconnects).member("last_error", p.last_error);
      out_.member("bytes_up", p.bytes_up).member("bytes_down", p.bytes_down).member("why", reason_of(p));
      out_.member("role", role_of(p)).member("direction", direction_of(p));
      out_.member("rate_limit", p.use.rate_limit).member("congestion", p.congestion);
      out_.member("proxy", p.proxy);
      out_.member("replaced", p.replaced).member("last_replacement", p.last_replacement);
      write_findings(p.found);
      if (p.quota) write_quota(*p.quota);
      out_.end_object();
    }
    out_.end_array();
  }

  void write_quota(const quota_snapshot& q) {
    out_.key("quota").begin_object().member("bytes", q.bytes).member("used_bytes", q.used);
    out_.member("period", q.period).member("used_up", q.used_up).end_object();
  }

  void write_patterns(const tunnel_snapshot& t) {
    if (t.patterns.empty()) return;
    out_.key("patterns").begin_array();
    for (const pattern_snapshot& p : t.patterns)
      out_.begin_object().member("interface", p.interface).member("paths", p.paths).end_object();
    out_.end_array();
  }

  void write_findings(const path_findings& found) {
    out_.key("found").begin_object();
    out_.member("fades_after_bytes", found.fades_after_bytes).member("lives_seconds", seconds(found.lives));
    out_.member("freezes_after_bytes_up", found.freezes_after_bytes_up);
    out_.member("freezes_after_bytes_down", found.freezes_after_bytes_down);
    out_.member("only_small_packets", found.only_small_packets);
    out_.member("dial_pause_seconds", seconds(found.dial_pause));
    out_.member("dials_held_seconds", seconds(found.dials_held)).end_object();
  }

  void write_bridges(const tunnel_snapshot& t) {
    out_.key("bridges").begin_array();
    for (const bridge_snapshot& b : t.bridges) {
      const auto known = seen_.bridges().find({t.session, b.id});
      const bool is_new = known == seen_.bridges().end();
      write_bridge(b, text_of(b.now), is_new ? rates{} : known->second.now, "", reason_of(b),
                   is_new ? b.age : at_ - known->second.changed);
    }
    write_lost(t);
    out_.end_array();
  }

  // As many lost bridges of each path as are missing: the places that wait for a new one. A server does not know how
  // many its clients want, and shows what was lost lately.
  void write_lost(const tunnel_snapshot& t) {
    std::vector<std::size_t> missing;  // by path
    for (const path_snapshot& p : t.paths)
      missing.push_back(p.bridges_wanted - std::min(p.bridges_wanted, p.bridges_up));
    for (const bridge_record* r : lost_latest_first(t.session)) {
      const auto ago = at_ - r->changed;
      const auto found = std::ranges::find(t.paths, r->last.path_name, &path_snapshot::name);
      const auto path = static_cast<std::size_t>(found - t.paths.begin());
      if (t.paths.empty() && ago < std::chrono::seconds(10)) write_bridge(r->last, "down", {}, r->error, "", ago);
      if (path >= missing.size() || missing[path] == 0) continue;
      --missing[path];
      write_bridge(r->last, "down", {}, t.paths[path].last_error, reason_of(t.paths[path]), ago);
    }
    for (std::size_t path = 0; path < missing.size(); ++path) write_vacant(t.paths[path], missing[path]);
  }

  // Bridges that no sample has seen yet: their id is 0.
  void write_vacant(const path_snapshot& path, std::size_t count) {
    bridge_snapshot none;
    none.path_name = path.name;
    none.reconnects = path.reconnects;
    for (; count > 0; --count) write_bridge(none, "down", {}, path.last_error, reason_of(path), {});
  }

  std::vector<const bridge_record*> lost_latest_first(const std::string& session) const {
    std::vector<const bridge_record*> lost;
    for (const auto& [which, r] : seen_.bridges())
      if (r.down && which.session == session) lost.push_back(&r);
    std::sort(lost.begin(), lost.end(), [](auto* a, auto* b) { return a->changed > b->changed; });
    return lost;
  }

  void write_bridge(const bridge_snapshot& b, const char* state, rates r, const std::string& error,
                    const std::string& why, std::chrono::nanoseconds since) {
    out_.begin_object().member("id", b.id).member("path", b.path_name.empty() ? b.remote : b.path_name);
    out_.member("local", b.local).member("remote", b.remote).member("state", state);
    out_.member("state_seconds", seconds(since)).member("last_error", error);
    out_.member("bytes_up", b.bytes_up).member("bytes_down", b.bytes_down);
    out_.member("rate_up", double{r.up}).member("rate_down", double{r.down});
    out_.member("rtt_ms", milliseconds(b.rtt).count()).member("rtt_min_ms", milliseconds(b.rtt_min).count());
    out_.member("in_flight_bytes", b.in_flight_bytes).member("cap_bytes", b.cap_bytes);
    out_.member("delivery_rate", b.delivery_rate).member("retransmitted_bytes", b.retransmitted_bytes);
    out_.member("reconnects", b.reconnects).member("why", why).end_object();
  }

  void write_streams(const std::string& session, const std::vector<stream_snapshot>& all) {
    for (const auto& [rate, s] : busiest(session, all)) {
      out_.begin_object().member("id", s->id).member("target", to_string(s->to));
      if (session == direct_session) out_.member("direct", true);
      if (s->source.port != 0) out_.member("source", to_string(s->source));
      out_.member("bytes_up", s->bytes_up).member("bytes_down", s->bytes_down);
      out_.member("rate_up", double{rate.up}).member("rate_down", double{rate.down});
      out_.member("age_seconds", seconds(s->age)).end_object();
    }
  }

  using rated = std::vector<std::pair<rates, const stream_snapshot*>>;
  rated busiest(const std::string& session, const std::vector<stream_snapshot>& streams) const {
    rated all;
    all.reserve(streams.size());
    for (const stream_snapshot& s : streams) all.emplace_back(seen_.stream_rates({session, s.id}), &s);
    if (all.size() <= options_.max_streams) return all;
    const auto busier = [](const auto& a, const auto& b) {
      return a.first.up + a.first.down > b.first.up + b.first.down;
    };
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(options_.max_streams);
    std::nth_element(all.begin(), end, all.end(), busier);
    all.erase(end, all.end());
    return all;
  }

  void write_happenings() {
    out_.key("events").begin_array();
    const auto& all = seen_.happenings();
    for (std::size_t i = all.size() - std::min(all.size(), options_.max_happenings); i < all.size(); ++i) {
      out_.begin_object().member("number", all[i].number).member("time", all[i].unix_time);
      out_.member("level", text_of(all[i].how)).member("text", all[i].text).end_object();
    }
    out_.end_array();
  }

  const monitor& seen_;
  const acceptor_snapshot& now_;
  const report_options& options_;
  clock::time_point at_;
  json out_;
};

}  // namespace

const char* role_of(const path_snapshot& path) { return name_of(path.use.role); }

const char* direction_of(const path_snapshot& path) {
  static constexpr const char* texts[] = {"both", "up", "down"};  // in the order of the enumerators
  return texts[static_cast<std::size_t>(path.use.carries)];
}

std::string stats_json(const monitor& seen, const acceptor_snapshot& now, const report_options& options) {
  return stats_writer(seen, now, options).write();
}

}  // namespace mtcp::status

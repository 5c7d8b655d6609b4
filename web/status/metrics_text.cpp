#include <algorithm>
#include <functional>
#include <vector>

#include "program/utf8.hpp"
#include "status/report.hpp"

namespace mtcp::status {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (std::string_view rest = text; !rest.empty();) {
    const program::character c = program::take_character(rest);
    if (c.code == '"' || c.code == '\\') out += '\\';
    out += c.valid && !program::is_control(c.code) ? c.bytes : "?";
  }
  return out + '"';
}

std::string label(const char* name, const std::string& value) { return std::string(name) + "=" + quoted(value); }

double seconds(std::chrono::nanoseconds t) { return std::chrono::duration<double>(t).count(); }

class metrics {
 public:
  void family(const char* name, const char* type, const char* help) {
    name_ = name;
    out_ += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
  }
  template <class Number>
  void sample(const std::string& labels, Number value) {
    out_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + ' ' + std::to_string(value) + '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  std::string name_, out_;
};

using labelled_tunnel = std::pair<std::string, const tunnel_snapshot*>;
using labelled_bridge = std::pair<std::string, const bridge_snapshot*>;

/// A client has one tunnel at a time, which needs no label; its counters go on over all sessions.
std::vector<labelled_tunnel> tunnels_of(const acceptor_snapshot& now, role r) {
  std::vector<labelled_tunnel> out;
  for (const tunnel_snapshot& t : now.tunnels)
    out.emplace_back(r == role::client ? "" : label("user", t.user) + "," + label("session", t.session), &t);
  return out;
}

std::vector<labelled_bridge> bridges_of(const std::vector<labelled_tunnel>& tunnels) {
  std::vector<labelled_bridge> out;
  for (const auto& [labels, t] : tunnels)
    for (const bridge_snapshot& b : t->bridges)
      out.emplace_back(labels + (labels.empty() ? "" : ",") +
                           label("path", b.path_name.empty() ? b.remote : b.path_name) + "," +
                           label("bridge", std::to_string(b.id)),
                       &b);
  return out;
}

void write_tunnels(metrics& out, const std::vector<labelled_tunnel>& tunnels, const monitor::counters& before) {
  const auto both = [&](auto up, auto down) {
    for (const auto& [labels, t] : tunnels) {
      const std::string comma = labels.empty() ? "" : ",";
      out.sample(labels + comma + label("direction", "up"), up(*t));
      out.sample(labels + comma + label("direction", "down"), down(*t));
    }
  };
  const auto each = [&](auto value) {
    for (const auto& [labels, t] : tunnels) out.sample(labels, value(*t));
  };
  out.family("mtcp_tunnel_up", "gauge", "Whether the tunnel has a bridge.");
  each([](const auto& t) { return t.now == tunnel_snapshot::state::up ? 1 : 0; });
  out.family("mtcp_stream_bytes_total", "counter", "Stream bytes carried, each counted once.");
  both([&](const auto& t) { return before.bytes_up + t.bytes_up; },
       [&](const auto& t) { return before.bytes_down + t.bytes_down; });
  out.family("mtcp_streams", "gauge", "Open streams.");
  each([](const auto& t) { return t.totals.streams_active; });
  out.family("mtcp_streams_total", "counter", "Streams opened.");
  each([&](const auto& t) { return before.streams_total + t.totals.streams_total; });
  out.family("mtcp_retransmitted_bytes_total", "counter", "Stream bytes that this end sent more than once.");
  each([&](const auto& t) { return before.retransmitted_bytes + t.totals.retransmitted_bytes; });
  out.family("mtcp_hedged_frames_total", "counter", "Small messages that this end sent on a second path as well.");
  each([&](const auto& t) { return before.hedged_frames + t.totals.hedged_frames; });
  out.family("mtcp_hedged_bytes_total", "counter", "Stream bytes in these copies.");
  each([&](const auto& t) { return before.hedged_bytes + t.totals.hedged_bytes; });
  out.family("mtcp_reorder_bytes", "gauge", "Bytes received behind a hole.");
  each([](const auto& t) { return t.totals.reorder_bytes; });
  out.family("mtcp_receive_memory_bytes", "gauge", "Memory held by received, unread bytes.");
  each([](const auto& t) { return t.totals.receive_memory; });
  out.family("mtcp_send_memory_bytes", "gauge", "Memory held by written, unacknowledged bytes.");
  each([](const auto& t) { return t.totals.send_memory; });
}

void write_direct(metrics& out, const direct_snapshot& d) {
  out.family("mtcp_direct_connections", "gauge", "Open connections past the tunnel.");
  out.sample("", d.open.size());
  out.family("mtcp_direct_connections_total", "counter", "Connections that went past the tunnel.");
  out.sample("", d.connections_total);
  out.family("mtcp_direct_datagrams_total", "counter", "Datagrams past the tunnel, both ways.");
  out.sample("", d.datagrams_total);
  out.family("mtcp_direct_bytes_total", "counter", "Bytes of connections and datagrams past the tunnel.");
  out.sample(label("direction", "up"), d.bytes_up);
  out.sample(label("direction", "down"), d.bytes_down);
  out.family("mtcp_blocked_connections_total", "counter", "Connections that a rule kept from their destination.");
  out.sample("", d.blocked_connections_total);
  out.family("mtcp_blocked_datagrams_total", "counter", "Datagrams that a rule kept from their destination.");
  out.sample("", d.blocked_datagrams_total);
}

std::string description(const path_snapshot& p) {
  return label("path", p.name) + "," + label("role", role_of(p)) + "," + label("direction", direction_of(p)) + "," +
         label("congestion", p.congestion) + "," + label("proxy", p.proxy);
}

void write_reasons_of_paths(metrics& out, const std::vector<labelled_tunnel>& tunnels) {
  out.family("mtcp_path_why", "gauge", "Paths that carry little, and why.");
  for (const auto& [labels, t] : tunnels)
    for (const path_snapshot& p : t->paths)
      if (p.why != restraint::none) out.sample(label("path", p.name) + "," + label("why", text_of(p.why)), 1);
}

void write_quotas(metrics& out, const std::vector<labelled_tunnel>& tunnels) {
  std::vector<const path_snapshot*> limited;
  for (const auto& [labels, t] : tunnels)
    for (const path_snapshot& p : t->paths)
      if (p.quota) limited.push_back(&p);
  if (limited.empty()) return;
  out.family("mtcp_path_quota_bytes", "gauge", "Bytes of packets that a path may carry in a period.");
  for (const path_snapshot* p : limited)
    out.sample(label("path", p->name) + "," + label("period", p->quota->period), p->quota->bytes);
  out.family("mtcp_path_quota_used_bytes", "gauge", "Of these, those that it has carried.");
  for (const path_snapshot* p : limited) out.sample(label("path", p->name), p->quota->used);
}

void write_paths(metrics& out, const std::vector<labelled_tunnel>& tunnels) {
  const auto each = [&](auto value) {
    for (const auto& [labels, t] : tunnels)
      for (const path_snapshot& p : t->paths) out.sample(label("path", p.name), value(p));
  };
  out.family("mtcp_path_bridges_wanted", "gauge", "Bridges that a path should have.");
  each([](const auto& p) { return p.bridges_wanted; });
  out.family("mtcp_path_bridges_up", "gauge", "Bridges that a path has.");
  each([](const auto& p) { return p.bridges_up; });
  out.family("mtcp_path_bytes_total", "counter", "Bytes of frames on the bridges of a path, without TLS.");
  for (const auto& [labels, t] : tunnels)
    for (const path_snapshot& p : t->paths) {
      out.sample(label("path", p.name) + "," + label("direction", "up"), p.bytes_up);
      out.sample(label("path", p.name) + "," + label("direction", "down"), p.bytes_down);
    }
  out.family("mtcp_path_reconnects_total", "counter", "Bridges of a path that were lost.");
  each([](const auto& p) { return p.reconnects; });
  out.family("mtcp_path_replaced_total", "counter", "Bridges of a path that gave way to fresh ones.");
  each([](const auto& p) { return p.replaced; });
  out.family("mtcp_path_dials_held_seconds", "gauge", "How long yet dials of a path wait, since nobody answered them.");
  each([](const auto& p) { return std::chrono::duration<double>(p.found.dials_held).count(); });
  out.family("mtcp_path_rate_limit_bytes_per_second", "gauge", "Limit of each direction of a path; 0 for none.");
  each([](const auto& p) { return p.use.rate_limit; });
  write_quotas(out, tunnels);
  write_reasons_of_paths(out, tunnels);
  out.family("mtcp_path_info", "gauge", "What a path is for.");
  for (const auto& [labels, t] : tunnels)
    for (const path_snapshot& p : t->paths) out.sample(description(p), 1);
  if (std::ranges::all_of(tunnels, [](const auto& one) { return one.second->patterns.empty(); })) return;
  out.family("mtcp_pattern_paths", "gauge", "Paths that a pattern of interfaces has now.");
  for (const auto& [labels, t] : tunnels)
    for (const pattern_snapshot& p : t->patterns) out.sample(label("interface", p.interface), p.paths);
}

void write_bridges(metrics& out, const std::vector<labelled_bridge>& bridges) {
  const auto each = [&](auto value) {
    for (const auto& [labels, b] : bridges) out.sample(labels, value(*b));
  };
  out.family("mtcp_bridge_bytes_total", "counter", "Bytes of frames on a bridge, without TLS.");
  for (const auto& [labels, b] : bridges) {
    out.sample(labels + "," + label("direction", "up"), b->bytes_up);
    out.sample(labels + "," + label("direction", "down"), b->bytes_down);
  }
  out.family("mtcp_bridge_suspect", "gauge", "Whether a bridge makes no progress while others do.");
  each([](const auto& b) { return b.now == bridge_snapshot::state::suspect ? 1 : 0; });
  out.family("mtcp_bridge_why", "gauge", "Bridges that carry little, and why.");
  for (const auto& [labels, b] : bridges)
    if (b->why != restraint::none) out.sample(labels + "," + label("why", text_of(b->why)), 1);
  out.family("mtcp_bridge_rtt_seconds", "gauge", "Round trip, last sample.");
  each([](const auto& b) { return seconds(b.rtt); });
  out.family("mtcp_bridge_rtt_min_seconds", "gauge", "Round trip, least of late.");
  each([](const auto& b) { return seconds(b.rtt_min); });
  out.family("mtcp_bridge_in_flight_bytes", "gauge", "Sent and not acknowledged.");
  each([](const auto& b) { return b.in_flight_bytes; });
  out.family("mtcp_bridge_retransmitted_bytes_total", "counter", "Stream bytes sent again elsewhere.");
  each([](const auto& b) { return b.retransmitted_bytes; });
}

std::string labels_of(const key_snapshot& k) { return label("user", k.user) + "," + label("key", k.id); }

void write_months(metrics& out, const std::vector<key_snapshot>& keys) {
  out.family("mtcp_key_month_bytes", "gauge", "Bytes of streams and datagrams of a key in this month, both ways.");
  for (const key_snapshot& k : keys) out.sample(labels_of(k), k.month_bytes);
  out.family("mtcp_key_month_limit_bytes", "gauge", "The most that there may be of them.");
  for (const key_snapshot& k : keys)
    if (k.max_month_bytes != 0) out.sample(labels_of(k), k.max_month_bytes);
}

void write_keys(metrics& out, const std::vector<key_snapshot>& keys) {
  const auto each = [&](auto value) {
    for (const key_snapshot& k : keys) out.sample(labels_of(k), value(k));
  };
  out.family("mtcp_key_sessions", "gauge", "Sessions of a key.");
  each([](const auto& k) { return k.used.sessions; });
  out.family("mtcp_key_bridges", "gauge", "Bridges of a key.");
  each([](const auto& k) { return k.used.bridges; });
  out.family("mtcp_key_streams", "gauge", "Open streams of a key.");
  each([](const auto& k) { return k.streams; });
  out.family("mtcp_key_memory_bytes", "gauge", "Memory held for the streams of a key.");
  each([](const auto& k) { return k.used.memory; });
  out.family("mtcp_key_refused_total", "counter", "Streams that a key was refused for a limit of its own.");
  each([](const auto& k) { return k.refused_total; });
  write_months(out, keys);
}

void write_acceptor(metrics& out, const acceptor_snapshot& now) {
  out.family("mtcp_tunnels", "gauge", "Tunnels of clients.");
  out.sample("", now.tunnels.size());
  out.family("mtcp_pending_connections", "gauge", "Connections that have not said a valid HELLO yet.");
  out.sample("", now.pending);
  out.family("mtcp_silent_connections", "gauge", "Of the pending connections those that have sent nothing.");
  out.sample("", now.silent);
  out.family("mtcp_accepted_connections_total", "counter", "Connections accepted.");
  out.sample("", now.accepted_total);
  out.family("mtcp_turned_away_connections_total", "counter",
             "Connections not listened to for an admission limit, or to make room.");
  out.sample("", now.turned_away_total);
  out.family("mtcp_stranger_connections_total", "counter",
             "Connections listened to in vain: silence, junk or a wrong key.");
  out.sample("", now.strangers_total);
  out.family("mtcp_locked_out_connections_total", "counter",
             "Connections not listened to since their addresses failed too often.");
  out.sample("", now.locked_out_total);
  if (const fallback_snapshot& site = now.fallback; !site.site.empty()) {
    out.family("mtcp_fallback_connections", "gauge",
               "Connections of strangers that are being carried to the fallback.");
    out.sample("", site.open);
    out.family("mtcp_fallback_connections_total", "counter",
               "Connections of strangers that were to be carried to the fallback.");
    out.sample("", site.total);
    out.family("mtcp_fallback_dismissed_total", "counter", "Of these reset, to make room for others.");
    out.sample("", site.dismissed_total);
    out.family("mtcp_fallback_failed_total", "counter", "Of these reset, since the fallback could not be reached.");
    out.sample("", site.failed_total);
  }
  out.family("mtcp_locked_out_addresses", "gauge", "Addresses that are locked out; ten at the most are told of.");
  out.sample("", now.locked_out.size());
  out.family("mtcp_memory_bytes", "gauge", "Memory held for the streams of all tunnels.");
  out.sample("", now.memory.used);
  out.family("mtcp_memory_limit_bytes", "gauge",
             "The most of it, before the largest streams are reset; 0 for no limit.");
  out.sample("", now.memory.limit);
  out.family("mtcp_memory_shed_total", "counter", "How often a session had to give memory back.");
  out.sample("", now.memory.shed_total);
  write_keys(out, now.keys);
}

}  // namespace

std::string metrics_text(const monitor& seen, const acceptor_snapshot& now, const report_options& options) {
  metrics out;
  const bool client = seen.which() == role::client;
  out.family("mtcp_build_info", "gauge", "The program.");
  out.sample(label("role", client ? "client" : "server") + "," + label("version", options.version), 1);
  out.family("mtcp_uptime_seconds", "gauge", "Time since the program started.");
  out.sample("", seconds(clock::now() - seen.start()));
  out.family("mtcp_failed_logins_total", "counter", "Wrong passwords and keys.");
  out.sample("", options.failed_logins != nullptr ? options.failed_logins->total() : 0);
  const auto tunnels = tunnels_of(now, seen.which());
  if (!client) write_acceptor(out, now);
  write_tunnels(out, tunnels, client ? seen.ended_sessions() : monitor::counters{});
  if (client) write_direct(out, now.direct);
  if (client) write_paths(out, tunnels);
  write_bridges(out, bridges_of(tunnels));
  return out.take();
}

}  // namespace mtcp::status

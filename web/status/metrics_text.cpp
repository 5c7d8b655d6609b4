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
  out.family("mtcp_reorder_bytes", "gauge", "Bytes received behind a hole.");
  each([](const auto& t) { return t.totals.reorder_bytes; });
  out.family("mtcp_receive_memory_bytes", "gauge", "Memory held by received, unread bytes.");
  each([](const auto& t) { return t.totals.receive_memory; });
  out.family("mtcp_send_memory_bytes", "gauge", "Memory held by written, unacknowledged bytes.");
  each([](const auto& t) { return t.totals.send_memory; });
}

std::string description(const path_snapshot& p) {
  return label("path", p.name) + "," + label("role", role_of(p)) + "," + label("direction", direction_of(p)) + "," +
         label("congestion", p.congestion);
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
  out.family("mtcp_path_reconnects_total", "counter", "Bridges of a path that were lost.");
  each([](const auto& p) { return p.reconnects; });
  out.family("mtcp_path_replaced_total", "counter", "Bridges of a path that gave way to fresh ones.");
  each([](const auto& p) { return p.replaced; });
  out.family("mtcp_path_dials_held_seconds", "gauge", "How long yet dials of a path wait, since nobody answered them.");
  each([](const auto& p) { return std::chrono::duration<double>(p.found.dials_held).count(); });
  out.family("mtcp_path_rate_limit_bytes_per_second", "gauge", "Limit of each direction of a path; 0 for none.");
  each([](const auto& p) { return p.use.rate_limit; });
  out.family("mtcp_path_info", "gauge", "What a path is for.");
  for (const auto& [labels, t] : tunnels)
    for (const path_snapshot& p : t->paths) out.sample(description(p), 1);
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
  out.family("mtcp_bridge_rtt_seconds", "gauge", "Round trip, last sample.");
  each([](const auto& b) { return seconds(b.rtt); });
  out.family("mtcp_bridge_rtt_min_seconds", "gauge", "Round trip, least of late.");
  each([](const auto& b) { return seconds(b.rtt_min); });
  out.family("mtcp_bridge_in_flight_bytes", "gauge", "Sent and not acknowledged.");
  each([](const auto& b) { return b.in_flight_bytes; });
  out.family("mtcp_bridge_retransmitted_bytes_total", "counter", "Stream bytes sent again elsewhere.");
  each([](const auto& b) { return b.retransmitted_bytes; });
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
             "Connections closed for an admission limit, or to make room.");
  out.sample("", now.turned_away_total);
  out.family("mtcp_stranger_connections_total", "counter", "Connections closed for silence, junk or a wrong key.");
  out.sample("", now.strangers_total);
}

}  // namespace

std::string metrics_text(const monitor& seen, const acceptor_snapshot& now, const report_options& options) {
  metrics out;
  const bool client = seen.which() == role::client;
  out.family("mtcp_build_info", "gauge", "The program.");
  out.sample(label("role", client ? "client" : "server") + "," + label("version", options.version), 1);
  out.family("mtcp_uptime_seconds", "gauge", "Time since the program started.");
  out.sample("", seconds(clock::now() - seen.start()));
  const auto tunnels = tunnels_of(now, seen.which());
  if (!client) write_acceptor(out, now);
  write_tunnels(out, tunnels, client ? seen.ended_sessions() : monitor::counters{});
  if (client) write_paths(out, tunnels);
  write_bridges(out, bridges_of(tunnels));
  return out.take();
}

}  // namespace mtcp::status

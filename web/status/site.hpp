// What the status endpoint answers to which request. Knows nothing of sockets.
//
//   GET  /                     the dashboard, with the figures of the moment; and its parts
//   GET  /api/stats            JSON, see report.hpp
//   GET  /api/history          JSON, see report.hpp; ?span=1h, 24h or 30d: of paths, in coarser steps
//   GET  /api/events           server-sent events: one /api/stats a second (status_server sends them)
//   GET  /api/controls         JSON: what can be changed, the token for it, and whether there is a proxy
//   POST /api/streams/close?session=S&id=N, /api/bridges/disable?..., /api/bridges/enable?...     204, or 404
//   POST /api/paths/change?name=NAME&role=ROLE&rate_limit=N     204, or 404; bytes per second, 0 for no limit
//   GET  /api/test             JSON: a test of the line that runs, or what came of the last one
//   POST /api/test             204: starts one; 409 while one runs
//   GET  /api/totals           JSON, see book_json.hpp; of a server's users
//   GET  /api/closed           client: JSON, see book_json.hpp
//   GET  /metrics              Prometheus
//   GET  /healthz              200 as long as the program runs
//   GET  /readyz               200 while traffic would be carried, else 503
//   POST /api/reload           over the control socket only: reads the settings again; 409 with the reason if it fails
//   GET  /proxy.pac            client: proxy auto-configuration
//   GET  /api/proxy            client: JSON, texts to copy for who uses the proxy
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mtcp/bridge_options.hpp"
#include "mtcp/limits.hpp"
#include "mtcp/snapshot.hpp"
#include "program/failed_logins.hpp"
#include "program/traffic_book.hpp"
#include "status/kept_history.hpp"
#include "status/monitor.hpp"
#include "status/report.hpp"
#include "status/request.hpp"

namespace mtcp::status {

class json;

using text_ref = std::shared_ptr<const std::string>;

struct answer {
  http::status status = http::status::ok;
  std::string_view type = "text/plain; charset=utf-8";
  std::string fields{};     ///< further header lines, each with its CR LF
  std::string_view body{};  ///< static, or inside `owner`
  text_ref owner{};
};

/// What a program lets its user change; an empty function cannot be done. Each returns false if there is no such thing.
struct controls {
  using by_id = std::function<bool(const std::string& session, std::uint64_t id)>;
  by_id close_stream{};
  by_id disable_bridge{};
  by_id enable_bridge{};
  /// Of a path, which is named as in the statistics: its role, and its limit in bytes per second, 0 for none.
  std::function<bool(const std::string& name, core::path_role role, std::uint64_t rate_limit)> change_path{};
  std::function<bool()> start_test{};          ///< false if a test of the line runs already
  std::function<std::string()> test_report{};  ///< JSON: what it does, or what came of the last one
};

struct site_options {
  role which = role::client;
  std::string version{};
  std::vector<std::string> hosts{};  ///< names of this endpoint besides localhost and literal addresses
  /// The text of /proxy.pac for a browser that reaches this endpoint at `host`; empty: there is none.
  std::function<std::string(const std::string& host)> pac{};
  /// Texts by which people use the proxy, with their names, for who reaches it at `host`; empty: there is no proxy.
  std::function<std::vector<std::pair<std::string, std::string>>(const std::string& host)> to_copy{};
  std::shared_ptr<const program::failed_logins> failed_logins{};  ///< may be null
  /// What was carried, up to now; empty: nothing is written down.
  std::function<const program::traffic_book&()> book{};
  /// Where the history of paths is kept; null: it ends with the program.
  std::shared_ptr<const program::state_dir> directory{};
  core::limits limits{};
  std::size_t max_streams = 500;  ///< in an event, of each tunnel: the busiest
  controls can{};
  /// Reads the settings again, and says why that failed, or nothing; for whoever owns the control socket.
  std::function<std::string()> reload{};
};

/// What /readyz says; the last two with 503.
inline constexpr const char* is_ready = "ready\n";
inline constexpr const char* has_reloaded = "settings read again\n";
inline constexpr const char* is_draining = "draining\n";
inline constexpr const char* is_without_bridges = "no bridge is up\n";

class site {
 public:
  /// Takes a look at the tunnels. A client has one tunnel.
  using look = std::function<acceptor_snapshot()>;

  /// Throws program::settings_error if the history that was kept cannot be understood.
  site(site_options options, look see);

  /// Once a second, or more rarely while it is quiet: takes a sample.
  void tick(double unix_time);
  /// Nothing moves: the next samples would tell nothing new.
  bool quiet() const { return seen_.quiet(); }
  /// The sample as an event; every subscriber shares it.
  text_ref event();

  /// True if this is a valid request for the event stream.
  bool wants_events(const request& r) const;
  /// `trusted`: it came over the control socket.
  answer respond(const request& r, bool trusted = false);
  /// The answer to a malformed request.
  static answer error(http::status why);
  /// From now on /readyz is 503.
  void drain() noexcept { draining_ = true; }
  /// The last: keeps the history.
  void end() { kept_.save(seen_.past()); }

 private:
  answer get(const request& r, std::string_view path, std::string_view query);
  answer history(std::string_view query);
  answer post(std::string_view path, std::string_view query);
  answer asset_of(const request& r, std::string_view path) const;
  std::string page(std::string_view plain);
  answer start_test();
  answer change_path(std::string_view query);
  answer reload() const;
  answer readiness();
  answer proxy_pac(const request& r) const;
  answer texts_to_copy(const request& r) const;
  answer list_controls() const;
  bool lists_closed() const;
  void write_controls(json& out) const;
  const acceptor_snapshot& fresh();
  report_options report() const;
  /// A document that is made anew only when the last one is old.
  struct document {
    text_ref text{};
    clock::time_point made{};
  };
  /// Requests that come faster than this share their answer: building one with thousands of streams takes milliseconds,
  /// in which the tunnel waits.
  static constexpr std::chrono::milliseconds freshness{100};
  template <class Make>
  answer cached(document& last, std::string_view type, Make make, clock::duration good_for = freshness);

  site_options options_;
  look see_;
  guard guard_;
  monitor seen_;
  kept_history kept_;
  acceptor_snapshot now_;
  clock::time_point looked_{};
  text_ref event_;
  document stats_, history_, metrics_, page_, totals_, closed_;
  std::array<document, history_spans.size()> pasts_;
  bool draining_ = false;
};

}  // namespace mtcp::status

// What the status endpoint answers to which request. Knows nothing of sockets.
//
//   GET  /                     the dashboard, and its parts
//   GET  /api/stats            JSON, see report.hpp
//   GET  /api/history          JSON, see report.hpp
//   GET  /api/events           server-sent events: one /api/stats a second (status_server sends them)
//   GET  /api/controls         JSON: what can be changed, and the token for it
//   POST /api/streams/close?session=S&id=N, /api/bridges/disable?..., /api/bridges/enable?...     204, or 404
//   GET  /metrics              Prometheus
//   GET  /healthz              200 as long as the program runs
//   GET  /readyz               200 while traffic would be carried, else 503
//   GET  /proxy.pac            client: proxy auto-configuration
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mtcp/limits.hpp"
#include "mtcp/snapshot.hpp"
#include "status/monitor.hpp"
#include "status/request.hpp"

namespace mtcp::status {

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
};

struct site_options {
  role which = role::client;
  std::string version{};
  std::vector<std::string> hosts{};  ///< names of this endpoint besides localhost and literal addresses
  std::uint16_t socks_port = 0;      ///< for /proxy.pac; 0 for none
  bool socks_users = false;          ///< that port asks for a password
  core::limits limits{};
  std::size_t max_streams = 500;  ///< in an event, of each tunnel: the busiest
  controls can{};
};

/// What /readyz says; the last two with 503.
inline constexpr const char* is_ready = "ready\n";
inline constexpr const char* is_draining = "draining\n";
inline constexpr const char* is_without_bridges = "no bridge is up\n";

class site {
 public:
  /// Takes a look at the tunnels. A client has one tunnel.
  using look = std::function<acceptor_snapshot()>;

  site(site_options options, look see);

  /// Once a second: takes a sample.
  void tick(double unix_time);
  /// The sample as an event; every subscriber shares it.
  text_ref event();

  /// True if this is a valid request for the event stream.
  bool wants_events(const request& r) const;
  answer respond(const request& r);
  /// The answer to a malformed request.
  static answer error(http::status why);
  /// From now on /readyz is 503.
  void drain() noexcept { draining_ = true; }

 private:
  answer get(const request& r, std::string_view path);
  answer post(std::string_view path, std::string_view query);
  answer asset_of(const request& r, std::string_view path) const;
  answer readiness();
  answer proxy_pac(const request& r) const;
  answer list_controls() const;
  const acceptor_snapshot& fresh();
  /// A document that is made anew only when the last one is old.
  struct document {
    text_ref text{};
    clock::time_point made{};
  };
  template <class Make>
  answer cached(document& last, std::string_view type, Make make);

  site_options options_;
  look see_;
  guard guard_;
  monitor seen_;
  acceptor_snapshot now_;
  clock::time_point looked_{};
  text_ref event_;
  document stats_, history_, metrics_;
  bool draining_ = false;
};

}  // namespace mtcp::status

#include "status/site.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "mtcp/proxy/pac.hpp"
#include "status/asset.hpp"
#include "status/json.hpp"
#include "status/report.hpp"

namespace mtcp::status {
namespace {

constexpr std::string_view json_type = "application/json";

// Requests that come faster than this share their answer: building one with thousands of streams takes milliseconds, in
// which the tunnel waits.
constexpr std::chrono::milliseconds freshness{100};

std::string make_token() {
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) throw std::runtime_error("no randomness");
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned byte : random) {
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
  return out;
}

answer with_body(text_ref text, std::string_view type) {
  answer out{.type = type, .fields = "Cache-Control: no-store\r\n", .body = *text};
  out.owner = std::move(text);
  return out;
}

answer with_body(std::string text, std::string_view type) {
  return with_body(std::make_shared<const std::string>(std::move(text)), type);
}

answer plain(std::string_view text, http::status status = http::status::ok) {
  return {.status = status, .fields = "Cache-Control: no-store\r\n", .body = text};
}

/// The value of `name` in "a=1&b=2"; no escapes, since sessions and ids need none.
std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return {};
}

bool mentions(const request& r, http::field field, std::string_view word) {
  const auto value = r[field];
  return std::string_view(value.data(), value.size()).find(word) != std::string_view::npos;
}

}  // namespace

site::site(site_options options, look see)
    : options_(std::move(options)),
      see_(std::move(see)),
      guard_{options_.hosts, make_token()},
      seen_(options_.which, clock::now()) {}

void site::tick(double unix_time) {
  seen_.sample(see_(), clock::now(), unix_time);
  event_.reset();
}

text_ref site::event() {
  if (!event_) {
    const report_options how{options_.version, options_.limits, options_.max_streams};
    event_ = std::make_shared<const std::string>("data: " + stats_json(seen_, seen_.last(), how) + "\n\n");
  }
  return event_;
}

const acceptor_snapshot& site::fresh() {
  if (const auto at = clock::now(); at - looked_ >= freshness) {
    now_ = see_();
    looked_ = at;
  }
  return now_;
}

template <class Make>
answer site::cached(document& last, std::string_view type, Make make) {
  if (const auto at = clock::now(); !last.text || at - last.made >= freshness) {
    last.text = std::make_shared<const std::string>(make());
    last.made = at;
  }
  return with_body(last.text, type);
}

bool site::wants_events(const request& r) const {
  return r.method() == http::verb::get && r.target() == "/api/events" && !guard_.refusal(r);
}

answer site::error(http::status why) {
  if (why == http::status::misdirected_request)
    return plain("Misdirected Request: not a name of this endpoint; see --status-host\n", why);
  const auto text = http::obsolete_reason(why);
  return plain({text.data(), text.size()}, why);
}

answer site::respond(const request& r) {
  if (const auto refused = guard_.refusal(r)) return error(*refused);
  const std::string_view target(r.target().data(), r.target().size());
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(std::min(target.size(), path.size() + 1));
  if (r.method() == http::verb::get || r.method() == http::verb::head) return get(r, path);
  if (r.method() == http::verb::post) return post(path, query);
  answer no = error(http::status::method_not_allowed);
  no.fields += "Allow: GET, HEAD, POST\r\n";
  return no;
}

answer site::get(const request& r, std::string_view path) {
  const report_options how{options_.version, options_.limits};
  if (path == "/api/stats") return cached(stats_, json_type, [&] { return stats_json(seen_, fresh(), how); });
  if (path == "/api/history") return cached(history_, json_type, [&] { return history_json(seen_); });
  if (path == "/api/controls") return list_controls();
  if (path == "/metrics")
    return cached(metrics_, "text/plain; version=0.0.4", [&] { return metrics_text(seen_, fresh(), how); });
  if (path == "/healthz") return plain("ok\n");
  if (path == "/readyz") return readiness();
  if (path == "/proxy.pac" && options_.socks_port != 0) return proxy_pac(r);
  return asset_of(r, path);
}

answer site::asset_of(const request& r, std::string_view path) const {
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const asset& a) { return a.path == path; });
  if (found == all.end()) return error(http::status::not_found);
  answer out{.type = found->type, .fields = "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: "};
  out.fields += std::string(found->etag) + "\r\n";
  if (mentions(r, http::field::if_none_match, found->etag)) {
    out.status = http::status::not_modified;
  } else if (mentions(r, http::field::accept_encoding, "gzip")) {
    out.fields += "Content-Encoding: gzip\r\n";
    out.body = found->gzip;
  } else {
    out.body = found->plain;
  }
  return out;
}

answer site::readiness() {
  if (draining_) return plain(is_draining, http::status::service_unavailable);
  const auto& tunnels = fresh().tunnels;
  const auto up = [](const tunnel_snapshot& t) { return t.now == tunnel_snapshot::state::up; };
  if (options_.which == role::client && std::none_of(tunnels.begin(), tunnels.end(), up))
    return plain(is_without_bridges, http::status::service_unavailable);
  return plain(is_ready);
}

// The proxy is asked for under the name that this page was asked for.
answer site::proxy_pac(const request& r) const {
  const auto field = r[http::field::host];
  const core::target proxy{host_of({field.data(), field.size()}), options_.socks_port};
  return with_body(proxy::proxy_pac(proxy, options_.socks_users), proxy::pac_type);
}

answer site::list_controls() const {
  json out;
  out.begin_object().member("token", guard_.token);
  out.member("close_stream", static_cast<bool>(options_.can.close_stream));
  out.member("disable_bridge", static_cast<bool>(options_.can.disable_bridge));
  out.member("enable_bridge", static_cast<bool>(options_.can.enable_bridge)).end_object();
  return with_body(out.take(), json_type);
}

answer site::post(std::string_view path, std::string_view query) {
  const controls::by_id* what = nullptr;
  if (path == "/api/streams/close") what = &options_.can.close_stream;
  if (path == "/api/bridges/disable") what = &options_.can.disable_bridge;
  if (path == "/api/bridges/enable") what = &options_.can.enable_bridge;
  if (!what || !*what) return error(http::status::not_found);
  const std::string_view id = parameter(query, "id");
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (wrong != std::errc() || end != id.data() + id.size()) return error(http::status::bad_request);
  if (!(*what)(std::string(parameter(query, "session")), number)) return error(http::status::not_found);
  return {.status = http::status::no_content};
}

}  // namespace mtcp::status

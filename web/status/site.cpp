#include "status/site.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>

#include "mtcp/proxy/pac.hpp"
#include "program/percent.hpp"
#include "status/asset.hpp"
#include "status/book_json.hpp"
#include "status/first_page.hpp"
#include "status/json.hpp"
#include "status/report.hpp"

namespace mtcp::status {
namespace {

constexpr std::uint64_t max_rate_limit = std::uint64_t{1} << 40;  // as the protocol has it

constexpr std::string_view json_type = "application/json";

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

/// The value of `name` in "a=1&b=2", if it is there; no escapes, since sessions and ids need none.
std::optional<std::string_view> parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return std::nullopt;
}

std::optional<core::path_role> role_called(std::string_view word) {
  for (std::size_t i = 0; i < core::path_roles; ++i)
    if (const auto role = static_cast<core::path_role>(i); word == name_of(role)) return role;
  return {};
}

/// The whole text is one.
std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  return wrong == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

/// Null if there is none.
const asset* asset_at(std::string_view path) {
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const asset& a) { return a.path == path; });
  return found == all.end() ? nullptr : &*found;
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
      seen_(options_.which, std::chrono::floor<std::chrono::seconds>(clock::now())),  // as samples are taken
      kept_(options_.directory) {
  seen_.remember(kept_.read());
}

void site::tick(double unix_time) {
  seen_.sample(see_(), clock::now(), unix_time);
  kept_.save_meanwhile(seen_.past());
  event_.reset();
}

text_ref site::event() {
  if (!event_) {
    report_options how = report();
    how.max_streams = options_.max_streams;
    event_ = std::make_shared<const std::string>("data: " + stats_json(seen_, seen_.last(), how) + "\n\n");
  }
  return event_;
}

report_options site::report() const {
  report_options how{options_.version, options_.limits};
  how.failed_logins = options_.failed_logins.get();
  return how;
}

const acceptor_snapshot& site::fresh() {
  if (const auto at = clock::now(); at - looked_ >= freshness) {
    now_ = see_();
    looked_ = at;
  }
  return now_;
}

template <class Make>
answer site::cached(document& last, std::string_view type, Make make, clock::duration good_for) {
  if (const auto at = clock::now(); !last.text || at - last.made >= good_for) {
    last.text = std::make_shared<const std::string>(make());
    last.made = at;
  }
  return with_body(last.text, type);
}

bool site::wants_events(const request& r) const {
  return r.method() == http::verb::get && path_of(r) == "/api/events" && !guard_.refusal(r);
}

answer site::error(http::status why) {
  if (why == http::status::misdirected_request)
    return plain("Misdirected Request: not a name of this endpoint; see --status-host\n", why);
  const auto text = http::obsolete_reason(why);
  return plain({text.data(), text.size()}, why);
}

answer site::respond(const request& r, bool trusted) {
  if (trusted && r.method() == http::verb::post && path_of(r) == "/api/reload") return reload();
  if (const auto refused = guard_.refusal(r)) return error(*refused);
  const std::string_view target(r.target().data(), r.target().size());
  const std::string_view path = path_of(r);
  const std::string_view query = target.substr(std::min(target.size(), path.size() + 1));
  if (r.method() == http::verb::get || r.method() == http::verb::head) return get(r, path, query);
  if (r.method() == http::verb::post) return post(path, query);
  answer no = error(http::status::method_not_allowed);
  no.fields += "Allow: GET, HEAD, POST\r\n";
  return no;
}

answer site::get(const request& r, std::string_view path, std::string_view query) {
  const report_options how = report();
  if (path == "/api/stats") return cached(stats_, json_type, [&] { return stats_json(seen_, fresh(), how); });
  if (path == "/api/history") return history(query);
  if (path == "/api/controls") return list_controls();
  if (path == "/api/test" && options_.can.test_report) return with_body(options_.can.test_report(), json_type);
  if (path == "/api/totals" && options_.book)
    return cached(totals_, json_type, [&] { return totals_json(options_.book(), options_.which); });
  if (path == "/api/closed" && lists_closed())
    return cached(closed_, json_type, [&] { return closed_json(options_.book()); });
  if (path == "/metrics")
    return cached(metrics_, "text/plain; version=0.0.4", [&] { return metrics_text(seen_, fresh(), how); });
  if (path == "/healthz") return plain("ok\n");
  if (path == "/readyz") return readiness();
  if (const auto* html = path == "/" ? asset_at("/") : nullptr)
    return cached(page_, html->type, [&] { return page(html->plain); });
  if (path == "/proxy.pac" && options_.pac) return proxy_pac(r);
  if (path == "/api/proxy" && options_.to_copy) return texts_to_copy(r);
  return asset_of(r, path);
}

answer site::history(std::string_view query) {
  const auto wanted = parameter(query, "span");
  if (!wanted) return cached(history_, json_type, [&] { return history_json(seen_); });
  const auto span = span_called(*wanted);
  if (!span) return plain("span: expected 1h, 24h or 30d\n", http::status::bad_request);
  // A long one takes a while, and says nothing new before the next sample.
  const auto make = [&] { return history_json(seen_.past(), *span); };
  return cached(pasts_[*span], json_type, make, std::chrono::seconds(1));
}

// What the page would ask for first. The token is not in it: that stays a document of its own, which nobody keeps.
std::string site::page(std::string_view plain) {
  report_options how = report();
  how.max_streams = options_.max_streams;
  json can;
  can.begin_object();
  write_controls(can);
  can.end_object();
  return page_with(plain, R"({"stats":)" + stats_json(seen_, fresh(), how) + R"(,"controls":)" + can.take() + "}");
}

answer site::asset_of(const request& r, std::string_view path) const {
  const asset* found = asset_at(path);
  if (found == nullptr) return error(http::status::not_found);
  answer out{.type = found->type, .fields = "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: "};
  out.fields += std::string(found->etag) + "\r\n";
  if (mentions(r, http::field::if_none_match, found->etag)) {
    out.status = http::status::not_modified;
  } else if (takes_gzip(r)) {
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
  return with_body(options_.pac(host_of({field.data(), field.size()})), proxy::pac_type);
}

answer site::texts_to_copy(const request& r) const {
  const auto field = r[http::field::host];
  json out;
  out.begin_object();
  for (const auto& [name, text] : options_.to_copy(host_of({field.data(), field.size()}))) out.member(name, text);
  out.end_object();
  return with_body(out.take(), json_type);
}

answer site::list_controls() const {
  json out;
  out.begin_object().member("token", guard_.token);
  write_controls(out);
  out.end_object();
  return with_body(out.take(), json_type);
}

// A server's are in its audit log, if somebody wishes that.
bool site::lists_closed() const { return options_.book && options_.which == role::client; }

void site::write_controls(json& out) const {
  out.member("close_stream", static_cast<bool>(options_.can.close_stream));
  out.member("disable_bridge", static_cast<bool>(options_.can.disable_bridge));
  out.member("enable_bridge", static_cast<bool>(options_.can.enable_bridge));
  out.member("change_path", static_cast<bool>(options_.can.change_path));
  out.member("proxy", static_cast<bool>(options_.to_copy));
  out.member("totals", static_cast<bool>(options_.book));
  out.member("closed", lists_closed());
  out.member("start_test", static_cast<bool>(options_.can.start_test));
}

answer site::reload() const {
  if (!options_.reload) return error(http::status::not_found);
  const std::string trouble = options_.reload();
  if (trouble.empty()) return plain(has_reloaded);
  answer no = with_body(trouble + '\n', "text/plain; charset=utf-8");
  no.status = http::status::conflict;
  return no;
}

answer site::start_test() {
  if (!options_.can.start_test) return error(http::status::not_found);
  return options_.can.start_test() ? answer{.status = http::status::no_content} : error(http::status::conflict);
}

answer site::change_path(std::string_view query) {
  if (!options_.can.change_path) return error(http::status::not_found);
  const auto name = program::percent_decoded(parameter(query, "name").value_or(""));
  const auto role = role_called(parameter(query, "role").value_or(""));
  const auto limit = number_in(parameter(query, "rate_limit").value_or(""));
  if (!name || !role || !limit || *limit > max_rate_limit) return error(http::status::bad_request);
  if (!options_.can.change_path(*name, *role, *limit)) return error(http::status::not_found);
  return {.status = http::status::no_content};
}

answer site::post(std::string_view path, std::string_view query) {
  if (path == "/api/test") return start_test();
  if (path == "/api/paths/change") return change_path(query);
  const controls::by_id* what = nullptr;
  if (path == "/api/streams/close") what = &options_.can.close_stream;
  if (path == "/api/bridges/disable") what = &options_.can.disable_bridge;
  if (path == "/api/bridges/enable") what = &options_.can.enable_bridge;
  if (!what || !*what) return error(http::status::not_found);
  const auto number = number_in(parameter(query, "id").value_or(""));
  if (!number) return error(http::status::bad_request);
  if (!(*what)(std::string(parameter(query, "session").value_or("")), *number)) return error(http::status::not_found);
  return {.status = http::status::no_content};
}

}  // namespace mtcp::status

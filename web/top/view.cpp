#include "top/view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mtcp::top {
namespace {

using json = nlohmann::json;

double number(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_number() ? found->get<double>() : 0;
}

bool flag(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_boolean() && found->get<bool>();
}

std::uint64_t whole(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text(const json& from, const char* name) {
  const auto found = from.find(name);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Calls `each` for the objects of a list.
template <class Each>
void for_each(const json& from, const char* name, Each each) {
  const auto found = from.find(name);
  if (found == from.end() || !found->is_array()) return;
  for (const json& one : *found)
    if (one.is_object()) each(one);
}

bridge_line bridge_of(const json& b) {
  return {.id = whole(b, "id"),
          .path = text(b, "path"),
          .state = text(b, "state"),
          .last_error = text(b, "last_error"),
          .why = text(b, "why"),
          .rate_up = number(b, "rate_up"),
          .rate_down = number(b, "rate_down"),
          .rtt_ms = number(b, "rtt_ms"),
          .in_flight = number(b, "in_flight_bytes")};
}

/// Empty if there is none.
json object_in(const json& of, const char* name) {
  const auto found = of.find(name);
  return found != of.end() && found->is_object() ? *found : json::object();
}

path_line path_of(const json& p) {
  const json does = object_in(p, "found");
  const json granted = object_in(p, "quota");
  return {.name = text(p, "name"),
          .role = text(p, "role"),
          .direction = text(p, "direction"),
          .congestion = text(p, "congestion"),
          .proxy = text(p, "proxy"),
          .why = text(p, "why"),
          .rate_limit = number(p, "rate_limit"),
          .last_replacement = text(p, "last_replacement"),
          .fades_after = number(does, "fades_after_bytes"),
          .lives = number(does, "lives_seconds"),
          .freezes_up = number(does, "freezes_after_bytes_up"),
          .freezes_down = number(does, "freezes_after_bytes_down"),
          .dial_pause = number(does, "dial_pause_seconds"),
          .dials_held = number(does, "dials_held_seconds"),
          .only_small_packets = flag(does, "only_small_packets"),
          .quota = number(granted, "bytes"),
          .quota_used = number(granted, "used_bytes"),
          .quota_period = text(granted, "period"),
          .quota_is_used_up = flag(granted, "used_up")};
}

stream_line stream_of(const json& s, const std::string& user) {
  const auto direct = s.find("direct");
  const bool is_direct = direct != s.end() && direct->is_boolean() && direct->get<bool>();
  const std::string source = text(s, "source");
  return {.target = text(s, "target") + (source.empty() ? "" : " from " + source),
          .user = is_direct ? "direct" : user,
          .rate_up = number(s, "rate_up"),
          .rate_down = number(s, "rate_down"),
          .bytes_up = number(s, "bytes_up"),
          .bytes_down = number(s, "bytes_down"),
          .age = number(s, "age_seconds")};
}

/// `fields` describe the tunnel, `lists` hold its bridges and streams; at a server that is the same object.
void add_tunnel(view& to, const json& fields, const json& lists) {
  to.rate_up += number(fields, "rate_up");
  to.rate_down += number(fields, "rate_down");
  to.bytes_up += number(fields, "bytes_up");
  to.bytes_down += number(fields, "bytes_down");
  to.reorder += number(fields, "reorder_bytes");
  to.retransmitted_bytes += number(fields, "retransmitted_bytes");
  to.streams_active += whole(fields, "streams_active");
  to.quota_used_up = to.quota_used_up || flag(fields, "quota_used_up");
  tunnel_part& part = to.tunnels.emplace_back();
  part.user = text(fields, "user");
  part.session = text(fields, "session");
  for_each(fields, "paths", [&](const json& p) { part.paths.push_back(path_of(p)); });
  for_each(fields, "patterns", [&](const json& p) {
    if (whole(p, "paths") == 0) part.vacant.push_back(text(p, "interface"));
  });
  for_each(lists, "bridges", [&](const json& b) { part.bridges.push_back(bridge_of(b)); });
  std::ranges::stable_sort(part.bridges, {}, [](const bridge_line& b) { return std::tie(b.path, b.id); });
  for_each(lists, "streams", [&](const json& s) { to.streams.push_back(stream_of(s, part.user)); });
}

void add_month(view& to, const json& key) {
  for (tunnel_part& part : to.tunnels) {
    if (part.user != text(key, "user")) continue;
    part.month = number(key, "month_bytes");
    part.max_month = number(key, "max_month_bytes");
  }
}

}  // namespace

const path_line* tunnel_part::path_of(const bridge_line& bridge) const {
  const auto found = std::ranges::find(paths, bridge.path, &path_line::name);
  return found == paths.end() ? nullptr : &*found;
}

std::optional<view> parse_view(std::string_view document) {
  const json all = json::parse(document, nullptr, false);
  if (!all.is_object() || text(all, "role").empty()) return std::nullopt;
  view out;
  out.role = text(all, "role");
  out.version = text(all, "version");
  out.uptime = number(all, "uptime_seconds");
  if (const auto one = all.find("tunnel"); one != all.end() && one->is_object()) add_tunnel(out, *one, all);
  for_each(all, "tunnels", [&](const json& t) { add_tunnel(out, t, t); });
  for_each(all, "keys", [&](const json& k) { add_month(out, k); });
  std::ranges::stable_sort(out.streams, std::greater(),
                           [](const stream_line& s) { return std::pair(s.rate_up + s.rate_down, s.age); });
  return out;
}

}  // namespace mtcp::top

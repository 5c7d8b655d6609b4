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
          .rate_up = number(b, "rate_up"),
          .rate_down = number(b, "rate_down"),
          .rtt_ms = number(b, "rtt_ms"),
          .in_flight = number(b, "in_flight_bytes")};
}

path_line path_of(const json& p) {
  const auto found = p.find("found");
  const json& does = found != p.end() && found->is_object() ? *found : json::object();
  return {.name = text(p, "name"),
          .role = text(p, "role"),
          .direction = text(p, "direction"),
          .congestion = text(p, "congestion"),
          .rate_limit = number(p, "rate_limit"),
          .last_replacement = text(p, "last_replacement"),
          .fades_after = number(does, "fades_after_bytes"),
          .lives = number(does, "lives_seconds"),
          .freezes_up = number(does, "freezes_after_bytes_up"),
          .freezes_down = number(does, "freezes_after_bytes_down"),
          .dials_held = number(does, "dials_held_seconds")};
}

stream_line stream_of(const json& s, const std::string& user) {
  return {.target = text(s, "target"),
          .user = user,
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
  tunnel_part& part = to.tunnels.emplace_back();
  part.user = text(fields, "user");
  part.session = text(fields, "session");
  for_each(fields, "paths", [&](const json& p) { part.paths.push_back(path_of(p)); });
  for_each(lists, "bridges", [&](const json& b) { part.bridges.push_back(bridge_of(b)); });
  std::ranges::stable_sort(part.bridges, {}, [](const bridge_line& b) { return std::tie(b.path, b.id); });
  for_each(lists, "streams", [&](const json& s) { to.streams.push_back(stream_of(s, part.user)); });
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
  std::ranges::stable_sort(out.streams, std::greater(),
                           [](const stream_line& s) { return std::pair(s.rate_up + s.rate_down, s.age); });
  return out;
}

}  // namespace mtcp::top

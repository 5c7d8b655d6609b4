#include <cmath>
#include <utility>

#include "status/json.hpp"
#include "status/report.hpp"

namespace mtcp::status {
namespace {

// The steps up to `last`, without the zeros in front.
void write_series(json& out, const char* name, const rate_ring& from, std::uint64_t last, float rates::*direction) {
  std::uint64_t step = last + 1 - std::min<std::uint64_t>(from.size(), last + 1);
  while (step <= last && from.at(step).*direction == 0) ++step;
  out.key(name).begin_array();
  for (; step <= last; ++step) out.value(static_cast<std::uint64_t>(from.at(step).*direction));
  out.end_array();
}

void write_history(json& out, const rate_history& h, std::uint64_t tick) {
  write_series(out, "up", h.fine(), tick, &rates::up);
  write_series(out, "down", h.fine(), tick, &rates::down);
  const std::uint64_t coarse = tick / rate_history::coarse_step;  // not over yet, so the one before it
  if (coarse == 0) return;
  write_series(out, "up_10s", h.coarse(), coarse - 1, &rates::up);
  write_series(out, "down_10s", h.coarse(), coarse - 1, &rates::down);
}

using figure = void (*)(json&, const path_step&);

/// In the order of the document. What is not known of a step is null.
constexpr std::pair<const char*, figure> figures[] = {
    {"up", [](json& out, const path_step& s) { out.value(static_cast<std::uint64_t>(s.rate_up())); }},
    {"down", [](json& out, const path_step& s) { out.value(static_cast<std::uint64_t>(s.rate_down())); }},
    {"rtt_ms", [](json& out, const path_step& s) { s.knows_rtt() ? out.value(s.rtt_ms()) : out.null(); }},
    {"rtt_most_ms", [](json& out, const path_step& s) { s.knows_rtt() ? out.value(double{s.rtt_most}) : out.null(); }},
    {"in_flight_bytes",
     [](json& out, const path_step& s) { out.value(static_cast<std::uint64_t>(s.in_flight_bytes())); }},
    {"retransmitted_bytes",
     [](json& out, const path_step& s) { out.value(static_cast<std::uint64_t>(s.retransmitted_bytes)); }},
};

// The steps up to `last`, without the gap in front.
void write_past(json& out, std::string_view name, bool others, const step_ring& from, std::int64_t last) {
  std::int64_t first = last + 1 - static_cast<std::int64_t>(from.size());
  while (first <= last && from.at(first).is_gap()) ++first;
  out.begin_object().member("path", name).member("others", others);
  for (const auto& [field, write] : figures) {
    out.key(field).begin_array();
    for (std::int64_t step = first; step <= last; ++step)
      if (from.at(step).is_gap())
        out.null();
      else
        write(out, from.at(step));
    out.end_array();
  }
  out.end_object();
}

}  // namespace

std::string history_json(const path_history& seen, std::size_t span) {
  const auto width = static_cast<std::int64_t>(history_spans[span].step);
  const auto last = static_cast<std::int64_t>(std::ceil(seen.until() / static_cast<double>(width))) - 1;
  json out;
  out.begin_object().member("span", history_spans[span].name).member("step_seconds", width);
  out.member("steps", history_spans[span].steps).member("time", last * width);
  out.member("until", seen.until()).key("paths").begin_array();
  for (const auto& [name, past] : seen.paths()) write_past(out, name, false, past.of(span), last);
  if (seen.others() != nullptr) write_past(out, "", true, seen.others()->of(span), last);
  out.end_array().end_object();
  return out.take();
}

std::string history_json(const monitor& seen) {
  json out;
  out.begin_object().member("tick", seen.tick()).member("time", seen.unix_time());
  out.key("bridges").begin_array();
  for (const auto& [which, r] : seen.bridges()) {
    if (!r.history) continue;
    out.begin_object().member("session", which.session).member("id", which.id);
    out.member("path", r.last.path_name.empty() ? r.last.remote : r.last.path_name).member("down", r.down);
    write_history(out, *r.history, seen.tick());
    out.end_object();
  }
  out.begin_object().member("session", "").member("id", 0).member("path", "earlier bridges").member("down", true);
  write_history(out, seen.forgotten(), seen.tick());
  out.end_object().end_array().end_object();
  return out.take();
}

}  // namespace mtcp::status

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

}  // namespace

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

#include "status/path_sampler.hpp"

#include <algorithm>
#include <chrono>

namespace mtcp::status {
namespace {

const tunnel_snapshot* tunnel_of(const acceptor_snapshot& all, const std::string& session) {
  const auto found = std::ranges::find(all.tunnels, session, &tunnel_snapshot::session);
  return found == all.tunnels.end() ? nullptr : &*found;
}

using bridges_by_id = std::map<core::bridge_id, const bridge_snapshot*>;

bridges_by_id bridges_of(const tunnel_snapshot* t) {
  bridges_by_id out;
  if (t != nullptr)
    for (const bridge_snapshot& b : t->bridges) out[b.id] = &b;
  return out;
}

const std::string& line_of(const tunnel_snapshot& t, const bridge_snapshot& b) {
  return b.path_name.empty() ? t.user : b.path_name;
}

// Counters of a session that went on elsewhere begin anew.
double more(std::uint64_t now, std::uint64_t before) { return static_cast<double>(now - std::min(now, before)); }

path_sample since(const bridge_snapshot& before, const bridge_snapshot& now) {
  const double rtt = std::chrono::duration<double, std::milli>(now.rtt).count();
  return {.bytes_up = more(now.bytes_up, before.bytes_up),
          .bytes_down = more(now.bytes_down, before.bytes_down),
          .retransmitted_bytes = more(now.retransmitted_bytes, before.retransmitted_bytes),
          .in_flight_bytes = static_cast<double>(now.in_flight_bytes),
          .rtt_ms = rtt,
          .rtt_most_ms = rtt};
}

}  // namespace

std::map<std::string, path_sample> path_sampler::between(const acceptor_snapshot& before,
                                                         const acceptor_snapshot& now) {
  std::map<std::string, path_sum> lines;
  for (const tunnel_snapshot& t : now.tunnels) {
    const tunnel_snapshot* const was = tunnel_of(before, t.session);
    bridges_by_id old = bridges_of(was);
    double accounted = 0;
    for (const path_snapshot& p : t.paths) lines[p.name];
    for (const bridge_snapshot& b : t.bridges) {
      static const bridge_snapshot fresh;
      const auto known = old.find(b.id);
      const path_sample one = since(known == old.end() ? fresh : *known->second, b);
      accounted += one.retransmitted_bytes;
      lines[line_of(t, b)].add(one);
      if (known != old.end()) old.erase(known);
    }
    if (!old.empty()) losers_[t.session] = line_of(t, *old.begin()->second);
    const double all = more(t.totals.retransmitted_bytes, was == nullptr ? 0 : was->totals.retransmitted_bytes);
    if (const auto lost = losers_.find(t.session); lost != losers_.end() && lines.contains(lost->second))
      lines[lost->second].add({.retransmitted_bytes = std::max(0.0, all - accounted)});
  }
  std::erase_if(losers_, [&now](const auto& one) { return tunnel_of(now, one.first) == nullptr; });
  std::map<std::string, path_sample> out;
  for (const auto& [name, all] : lines) out.emplace(name, all.get());
  return out;
}

}  // namespace mtcp::status

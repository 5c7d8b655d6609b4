#include "sim/parity.hpp"

#include <algorithm>

namespace mtcp::sim {

namespace {

constexpr duration start_up = std::chrono::seconds(4);

}  // namespace

plan plan_of(const cell& c, std::uint64_t seed) {
  plan p = download_plan(c.name.c_str(), std::vector<bridge_line>(c.bridges, {c.rate, c.round_trip, c.queue}), 0);
  p.seed = seed;
  p.connection.control = c.control;
  for (path_plan& path : p.paths) {
    path.jitter = c.jitter;
    path.up.loss = path.down.loss = c.loss;
  }
  return p;
}

comparison compare(const cell& c, std::uint64_t seed) {
  const plan p = plan_of(c, seed);
  const measurement m = measure(p, start_up, start_up + c.lasts);
  return {.tunnel = m.rate,
          .plain = plain_tcp(p.paths, start_up, start_up + c.lasts, p.connection, seed),
          .longest_pause = m.longest_pause,
          .retransmitted_share = m.retransmitted_share};
}

parity over_seeds(const cell& c, std::size_t seeds, std::uint64_t first) {
  parity sum;
  std::vector<double> ratios;
  const auto share = 1 / static_cast<double>(seeds);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const comparison one = compare(c, seed);
    sum.tunnel += one.tunnel * share;
    sum.plain += one.plain * share;
    sum.longest_pause = std::max(sum.longest_pause, one.longest_pause);
    sum.retransmitted_share += one.retransmitted_share * share;
    ratios.push_back(one.ratio());
  }
  std::sort(ratios.begin(), ratios.end());
  sum.total = sum.tunnel / sum.plain;
  sum.low = ratios[seeds / 10];
  sum.median = ratios[seeds / 2];
  sum.high = ratios[seeds * 9 / 10];
  return sum;
}

}  // namespace mtcp::sim

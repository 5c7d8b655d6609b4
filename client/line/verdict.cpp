#include "verdict.hpp"

#include <algorithm>
#include <cmath>

namespace mtcp::client::line {
namespace {

// The best of several figures that differ by up to a tenth from the truth may be 1.22 times the first one.
constexpr double clear_gain = 1.3;
// What carries so much of the best carries about as much.
constexpr double about_as_much = 0.85;
// Twice as many bridges bring more than this while they are worth it.
constexpr double step_worth_it = 1.15;
constexpr double still_rising = 1.5;
// Connections that are held to one rate differ less than this; on lossy ways each has its own luck.
constexpr double uneven_spread = 0.25;
// So many bridges carry so much of as many times what one carries.
constexpr double nearly_in_full = 0.75;
// A path adds something if all is faster by this factor, and by this part of what the path carries alone.
constexpr double path_worth_it = 1.2, part_of_alone = 0.3;

using rate_of = std::optional<flow> figures::*;

bool usable(const figures& f, rate_of which) { return (f.*which).has_value() && f.complete(); }

double rate(const figures& f, rate_of which) { return (f.*which)->rate; }

/// Of the numbers of bridges that do not fill the line yet: where they do, the bridges share it as they come.
double mean_spread(const std::vector<figures>& counts, rate_of which, double single) {
  double sum = 0, number = 0;
  for (const figures& f : counts)
    if (usable(f, which) && f.bridges > 1 && rate(f, which) >= nearly_in_full * f.bridges * single)
      sum += (f.*which)->spread, number += 1;
  return number > 0 ? sum / number : 0;
}

bool brings(const figures& from, const figures& to, rate_of which, double factor) {
  return usable(from, which) && usable(to, which) && rate(to, which) >= factor * rate(from, which);
}

bool adds(const figures& without, const figures& with, const figures& alone, rate_of which) {
  if (!(without.*which) || !(with.*which) || !(alone.*which)) return (with.*which) && !(without.*which);
  const double more = rate(with, which) - rate(without, which);
  return rate(with, which) >= path_worth_it * rate(without, which) && more >= part_of_alone * rate(alone, which);
}

std::optional<std::size_t> cap_of(const report& all) {
  for (const figures& f : all.counts)
    if (!f.complete()) return f.up;
  return {};
}

void merge(path_findings& into, const path_findings& found) {
  const auto take = [](auto& place, const auto& value) {
    if (value != std::decay_t<decltype(value)>{}) place = value;
  };
  take(into.fades_after_bytes, found.fades_after_bytes);
  take(into.lives, found.lives);
  take(into.freezes_after_bytes_up, found.freezes_after_bytes_up);
  take(into.freezes_after_bytes_down, found.freezes_after_bytes_down);
  take(into.only_small_packets, found.only_small_packets);
  take(into.dial_pause, found.dial_pause);
  take(into.dials_held, found.dials_held);
}

void look_for_fades(const figures& f, verdict& out) {
  for (const path_findings& one : f.found) merge(out.found, one);
  for (const rate_of which : {&figures::download, &figures::upload})
    if (!out.faded && f.*which) out.faded = (f.*which)->faded;
}

void judge_paths(const report& all, verdict& out) {
  out.worth.assign(all.paths.size(), false);
  if (all.order.empty()) return;
  out.worth[all.order.front()] = true;
  const auto alone_of = [&](std::size_t path) -> const std::optional<figures>& {
    return all.paths[path].alone ? all.paths[path].alone : all.paths[path].single;
  };
  const figures* without = alone_of(all.order.front()) ? &*alone_of(all.order.front()) : nullptr;
  for (std::size_t i = 0; i < all.together.size() && i + 1 < all.order.size() && without; ++i) {
    const std::size_t path = all.order[i + 1];
    const figures& with = all.together[i];
    const auto& alone = alone_of(path);
    const bool worth =
        alone && (adds(*without, with, *alone, &figures::download) || adds(*without, with, *alone, &figures::upload));
    out.worth[path] = worth;
    out.more_paths_help = out.more_paths_help || worth;
    without = &with;
  }
}

}  // namespace

std::optional<direction> judge_direction(const std::vector<figures>& counts, rate_of which) {
  std::vector<const figures*> all;
  for (const figures& f : counts)
    if (usable(f, which)) all.push_back(&f);
  if (all.empty()) return {};
  direction out;
  out.single = rate(*all.front(), which);
  for (const figures* f : all) out.best = std::max(out.best, rate(*f, which));
  out.reached = out.single;
  if (out.best < clear_gain * out.single) return out;
  const auto enough =
      std::ranges::find_if(all, [&](const figures* f) { return rate(*f, which) >= about_as_much * out.best; });
  if (enough == all.begin()) return out;
  out.enough = (*enough)->bridges;
  out.reached = rate(**enough, which);
  out.seems = mean_spread(counts, which, out.single) > uneven_spread ? network::uneven : network::per_connection;
  out.rising =
      *enough == all.back() && all.size() == counts.size() && brings(**(enough - 1), **enough, which, still_rising);
  return out;
}

bool worth_trying_more(const std::vector<figures>& counts) {
  const std::size_t size = counts.size();
  if (size == 0 || !counts.back().complete()) return false;
  if (size < 3) return true;
  const auto step = [&](std::size_t to) {
    return brings(counts[to - 1], counts[to], &figures::download, step_worth_it) ||
           brings(counts[to - 1], counts[to], &figures::upload, step_worth_it);
  };
  return step(size - 1) || step(size - 2);
}

unsigned enough_bridges(const std::vector<figures>& counts) {
  unsigned most = 1;
  for (const rate_of which : {&figures::download, &figures::upload})
    if (const auto one = judge_direction(counts, which)) most = std::max(most, one->enough);
  return most;
}

verdict judge(const report& all) {
  verdict out;
  out.download = judge_direction(all.counts, &figures::download);
  out.upload = judge_direction(all.counts, &figures::upload);
  out.cap = cap_of(all);
  out.bridges = enough_bridges(all.counts);
  out.more_bridges_help = out.bridges > 1;
  const auto rising = [](const std::optional<direction>& d) { return d && d->rising; };
  out.automatic = rising(out.download) || rising(out.upload);
  judge_paths(all, out);
  for (const figures& f : all.counts) look_for_fades(f, out);
  for (const path_figures& p : all.paths)
    for (const auto* f : {&p.single, &p.alone})
      if (*f) look_for_fades(**f, out);
  for (const figures& f : all.together) look_for_fades(f, out);
  return out;
}

}  // namespace mtcp::client::line

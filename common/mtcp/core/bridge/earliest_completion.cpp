#include "mtcp/core/bridge/earliest_completion.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace mtcp::core {
namespace {

// A bridge that would deliver only just before the others have delivered everything gets nothing: its estimate is less
// certain than theirs, and a late frame holds up the stream. Found in a fluid simulation over unequal paths.
constexpr double margin = 0.65;

// Of what has to wait for a bridge, per second. In the simulator, with 0.05, two good lines and a bad one are no slower
// than the two alone in 99 of 100 sets, and a line far away that adds half to the rate is used.
constexpr double least_share = 0.05;
// Bridges that are nearly as late as one, or later, are waited for together: one of sixteen to the same place carries
// little, and all of them a lot.
constexpr double nearly = 0.9;

}  // namespace

double completion_time(std::span<const bridge_estimate> others, double backlog) {
  double rate = 0;    // of the lanes that have delivered something by T
  double weight = 0;  // sum rate * eta of these
  for (std::size_t i = 0; i < others.size(); ++i) {
    rate += others[i].rate;
    weight += others[i].rate * others[i].eta;
    if (rate <= 0) continue;
    const double t = (backlog + weight) / rate;
    if (i + 1 == others.size() || t <= others[i + 1].eta) return t;
  }
  return std::numeric_limits<double>::infinity();
}

bool worth_using(const bridge_estimate& candidate, std::span<const bridge_estimate> others, double backlog) {
  if (others.empty() || candidate.eta <= others.front().eta) return true;
  return candidate.eta <= margin * completion_time(others, backlog);
}

bool hinders(const bridge_estimate& candidate, std::span<const bridge_estimate> others) {
  double rate = candidate.rate;
  double waits = 0;  // bytes
  for (const bridge_estimate& o : others) {
    if (o.eta >= nearly * candidate.eta) rate += o.rate;
    waits += o.rate * std::max(candidate.eta - o.eta, 0.0);
  }
  return rate < least_share * waits;
}

}  // namespace mtcp::core

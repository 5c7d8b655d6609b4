#include "mtcp/core/bridge/earliest_completion.hpp"

#include <cstddef>
#include <limits>

namespace mtcp::core {
namespace {

// A bridge that would deliver only just before the others have delivered everything gets nothing: its estimate is less
// certain than theirs, and a late frame holds up the stream. Found in a fluid simulation over unequal paths.
constexpr double margin = 0.65;

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

}  // namespace mtcp::core

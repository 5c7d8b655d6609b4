// Which bridges may take more data: a slow one may not take a frame that the faster ones would deliver sooner.
//
// Earliest completion first, as in ECF (Lim et al., CoNEXT 2017) and BLEST (Ferlin et al., IFIP Networking 2016): a
// bridge compares its own expected delivery time with the time at which the others would have delivered all that is
// waiting.
#pragma once

#include <span>

namespace mtcp::core {

/// One bridge as the rule sees it.
struct bridge_estimate {
  double rate = 0;  ///< bytes per second
  double eta = 0;   ///< seconds until a frame handed to it now is delivered
};

/// Seconds T in which `others` deliver `backlog` bytes: the solution of  sum rate * max(0, T - eta) = backlog.
/// Infinite without others. `others` must be sorted by eta.
double completion_time(std::span<const bridge_estimate> others, double backlog);

/// Whether `candidate` should take data now. `others` are the other usable bridges, sorted by eta.
bool worth_using(const bridge_estimate& candidate, std::span<const bridge_estimate> others, double backlog);

/// Whether `candidate` is more hindrance than help: what the others deliver while a frame is on its way on it has to
/// wait for that frame, and those that are as late as it do not even carry a twentieth of this in a second.
bool hinders(const bridge_estimate& candidate, std::span<const bridge_estimate> others);

}  // namespace mtcp::core

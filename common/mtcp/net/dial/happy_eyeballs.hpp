// Connecting to whichever of several addresses answers first (RFC 8305, "Happy Eyeballs").
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "mtcp/address.hpp"

namespace mtcp {

/// The order in which to try: families take turns, beginning with that of the first address (section 4). Within a
/// family the order stays.
std::vector<ip_address> interleave(const std::vector<ip_address>& addresses);

/// The attempts to reach one of several endpoints, of which more may come while they run. The next attempt starts when
/// the last one failed, or after `stagger`. The first connection wins, and the other attempts are given up.
///
/// Whoever drives it calls advance(), then waits on `wake` until next(), and again until won() or idle(). `wake` is
/// cancelled whenever there is news, and must outlive the race.
class connection_race {
 public:
  using clock = std::chrono::steady_clock;
  /// What is done to a socket, which is open, before it connects. An error is the outcome of the attempt.
  using preparation = std::function<error_code(tcp::socket&, const tcp::endpoint&)>;

  static constexpr std::chrono::milliseconds usual_stagger{250};  ///< section 5

  explicit connection_race(timer& wake, std::chrono::milliseconds stagger = usual_stagger, preparation prepare = {});
  /// Gives up what still runs.
  ~connection_race();
  connection_race(const connection_race&) = delete;
  connection_race& operator=(const connection_race&) = delete;

  /// At most `at_once` (1 or more) attempts run side by side, each with a socket; where more endpoints wait the oldest
  /// attempt makes room for the next, once it has had a second.
  void limit(std::size_t at_once) { at_once_ = at_once; }
  /// Adds endpoints behind those that wait. Endpoints that wait or are being tried already are passed over.
  void add(const std::vector<tcp::endpoint>& more);
  /// Starts what is due.
  void advance(clock::time_point now);
  /// When the next attempt is due, if there is no news before.
  clock::time_point next() const;
  bool won() const;
  /// No endpoint waits, and none is being tried.
  bool idle() const;
  /// The connection. Errors: timed_out if attempts still run; else the most telling of what they met: a refusal says
  /// more than an unreachable host, which says more than an unreachable network. Of no endpoints: host_not_found.
  result<tcp::socket> take();

 private:
  struct attempts;
  bool knows(const tcp::endpoint& to) const;
  bool make_room(clock::time_point now);
  void start(const tcp::endpoint& to);

  executor executor_;
  std::chrono::milliseconds stagger_;
  preparation prepare_;
  std::size_t at_once_ = std::numeric_limits<std::size_t>::max();
  std::deque<tcp::endpoint> waiting_;
  std::shared_ptr<attempts> attempts_;
};

/// A race between `endpoints`, in their order, of at most `at_once` side by side, until `deadline`. Errors: those of
/// connection_race::take().
task<result<tcp::socket>> connect_first(std::vector<tcp::endpoint> endpoints, std::size_t at_once,
                                        std::chrono::milliseconds stagger,
                                        std::chrono::steady_clock::time_point deadline,
                                        connection_race::preparation prepare = {});

}  // namespace mtcp

// One direction of the network under one TCP connection: loss, a bottleneck, delay, and what may befall it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "sim/bottleneck.hpp"
#include "sim/event_queue.hpp"
#include "sim/random.hpp"

namespace mtcp::sim {

/// Carries packets in order or not at all. Acks of the other direction travel on it too; they wait their turn in the
/// queue like data, but take no room and no time there: an ack is 3 % of what it answers.
class line {
 public:
  struct options {
    duration delay{0};   ///< propagation, one way
    duration jitter{0};  ///< at most this much more, drawn for each packet
    double loss = 0;     ///< probability, for each packet
    std::shared_ptr<bottleneck> narrow = nullptr;
    std::shared_ptr<bottleneck> common = nullptr;  ///< behind it, for many connections together; may be null
    std::optional<policer::options> police = std::nullopt;
    std::uint64_t fades_after = 0;    ///< bytes that it carries at its rate, 0 for any number of them ...
    std::uint64_t faded_rate = 0;     ///< ... and then at this one
    std::uint64_t freezes_after = 0;  ///< bytes that it carries at all, 0 for any number
    std::size_t largest = SIZE_MAX;   ///< packet that it carries
  };

  line(event_queue& events, const options& o, random chance);
  line(const line&) = delete;
  line& operator=(const line&) = delete;

  /// `arrived` runs at the far end, unless the packet is lost.
  void send(std::size_t size, event_queue::action arrived);
  void send_ack(event_queue::action arrived) { send(0, std::move(arrived)); }

  /// Packets wait at the bottleneck's exit and all go on at `until`.
  void hold(timestamp until) noexcept { held_until_ = until; }
  /// Packets vanish until then; timestamp::max() makes it a black hole.
  void swallow(timestamp until) noexcept { swallowed_until_ = until; }

  bool swallowing() const noexcept { return events_.now() < swallowed_until_; }
  /// When a connection that is dialled now could get through.
  timestamp open_at() const noexcept { return std::max({events_.now(), held_until_, swallowed_until_}); }
  duration delay() const noexcept { return options_.delay; }
  std::uint64_t rate() const noexcept { return options_.narrow->rate(); }
  /// Packets are lost one by one, so they must not be sent in bursts.
  bool lossy() const noexcept { return options_.loss > 0 || police_.has_value(); }
  bottleneck& narrow() noexcept { return *options_.narrow; }
  /// When a packet last entered it.
  timestamp last_used() const noexcept { return last_used_; }
  void lose(double share) noexcept { options_.loss = share; }
  void fade() { options_.narrow->set_rate(options_.faded_rate); }

 private:
  void watch(std::size_t size);
  void propagate(event_queue::action arrived);
  bool lost(std::size_t size);

  event_queue& events_;
  options options_;
  random chance_;
  std::optional<policer> police_;
  timestamp held_until_{0};
  timestamp swallowed_until_{0};
  timestamp last_arrival_{0};
  timestamp last_used_{0};
  std::uint64_t carried_ = 0;  ///< bytes that entered it
  bool frozen_ = false;        ///< these were too many
};

}  // namespace mtcp::sim

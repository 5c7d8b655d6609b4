// What a network that watches connections keeps of one of them, and does to it. Pure: time is a parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lab/bottleneck.hpp"
#include "lab/options.hpp"
#include "lab/packet.hpp"

namespace mtcp::lines {

class connection {
 public:
  /// Begun by a packet with this sequence number. `options` outlive it.
  connection(const line_options& options, std::uint32_t sequence, time_point now);

  /// Takes note of a packet, whatever becomes of it.
  void see(const header& h, direction d, time_point now);
  /// When a packet that was seen has left the connection's own bottleneck; nothing if it is dropped.
  std::optional<time_point> departure(direction d, std::size_t size, time_point now);

  /// From now on it carries nothing, and nobody is told.
  void silence() { silent_ = true; }
  /// From now on every packet is answered by a reset.
  void reset() { reset_ = true; }
  bool is_reset() const noexcept { return reset_; }

  /// The same one, whose SYN is repeated.
  bool begun_by(std::uint32_t sequence) const noexcept { return sequence == sequence_; }
  /// It does not count among those that are up. Of one that is silent no end will see the other's FIN.
  bool over(time_point now) const noexcept;
  /// Nobody will miss it: it is over, or was never answered, and not even what its ends repeat is to be expected.
  bool stale(time_point now) const noexcept;

 private:
  struct half {
    bottleneck narrow;
    bool seen = false, fin = false;
    std::uint64_t carried = 0;
  };
  half& of(direction d) noexcept { return d == direction::up ? up_ : down_; }
  bool outlived(time_point now) const noexcept;
  void fade_with_age(time_point now);
  bool admit(direction d, std::size_t size);

  const line_options& options_;
  std::uint32_t sequence_;
  time_point begun_, last_used_;
  half up_, down_;
  bool faded_ = false, silent_ = false, gone_ = false, reset_ = false, rst_ = false;
};

}  // namespace mtcp::lines

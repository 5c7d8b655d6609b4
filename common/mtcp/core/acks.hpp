// When counts of what has arrived are to be acknowledged, and which bridges carry them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "mtcp/core/base/gather_list.hpp"
#include "mtcp/core/bridge/bridge_table.hpp"

namespace mtcp::core {

/// The largest delay that an ACK tells, in microseconds: nobody waits for longer, and a lie of the peer must not
/// overflow a time.
inline constexpr std::uint64_t longest_ack_delay = 10'000'000;

/// How soon what has arrived is to be acknowledged, unless enough has come before.
enum class ack_speed : std::uint8_t {
  usual,
  calm,  ///< sooner: somebody waits for single messages, which wait behind what is in flight from one ACK to the next
  at_once,
};

class acks {
 public:
  /// A frame of so many bytes was taken from the bridge, and an ACK goes out.
  void took(receipt& from, std::size_t size, ack_speed speed, timestamp now);
  /// A bridge has come up: if there was none that could carry counts, it does.
  void on_bridge_up(timestamp now);
  /// A bridge is gone: the last ACKs may have been on it, so the others carry all counts again.
  void repeat_all(bridge_table& bridges, timestamp now);

  bool due(timestamp now) const { return due_ && *due_ <= now; }
  std::optional<timestamp> due_at() const { return due_; }
  /// If an ACK is due, asks bridges to carry it.
  void fire(bridge_table& bridges, timestamp now);
  /// Writes the ACK that this bridge was asked to carry.
  static void put(bridge_table& bridges, bridge_state& carrier, gather_list& out, timestamp now);

 private:
  std::optional<timestamp> due_;
  std::optional<timestamp> second_due_;
  bool without_carrier_ = false;  // an ACK was due, and no bridge could take it
};

}  // namespace mtcp::core

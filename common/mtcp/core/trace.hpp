// What an engine does on its own, told to whoever wants to follow it; nothing else depends on that. Numbers only:
// whoever is told makes words of them, if anybody reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "mtcp/types.hpp"

namespace mtcp::core {

/// Why a bridge is suspect.
enum class suspicion : std::uint8_t {
  overtaken,    ///< what was sent later on other bridges is acknowledged
  others_live,  ///< others are heard from, and would have brought its acknowledgements
  silence,      ///< nothing is heard from any bridge
  peer,         ///< the peer says so
};
/// What shows that a bridge moves again.
enum class recovery : std::uint8_t { ack, pong };
/// Why frames are sent again elsewhere.
enum class resend : std::uint8_t {
  lost,       ///< the bridge is gone
  suspected,  ///< the bridge is suspect
  late,       ///< they are overdue at the head of the bridge
  quicker,    ///< nothing else waits, and another bridge is expected to bring them sooner
};

namespace traced {

struct suspected {
  bridge_id bridge;
  suspicion why;
  duration silent_for;  ///< since something of ours has arrived over it, or was sent
};
struct recovered {
  bridge_id bridge;
  recovery by;
};
/// Frames of a bridge are sent again: at once on another one, or (0) as soon as one has room.
struct resent {
  bridge_id bridge;
  bridge_id on;
  resend why;
  std::size_t frames;
  std::size_t bytes;  ///< of streams
};
/// Told when one of both is a quarter more or less than was told before.
struct paced {
  bridge_id bridge;
  std::uint64_t rate;  ///< bytes per second
  std::uint64_t cap;   ///< bytes that may be in flight
};

using event = std::variant<suspected, recovered, resent, paced>;

}  // namespace traced

class trace_observer {
 public:
  /// From inside the engine: it must not be used.
  virtual void on_trace(const traced::event& what) = 0;

 protected:
  ~trace_observer() = default;
};

}  // namespace mtcp::core

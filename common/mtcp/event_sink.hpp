// Who hears of what happens to bridges and sessions.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace mtcp {

/// How much an event matters to whoever runs the program.
enum class event_weight : std::uint8_t {
  routine,  ///< bridges and sessions that come or go
  warning,  ///< streams were reset, or something in the network is wrong that somebody can mend
  news,     ///< something that was asked for is there
};

/// Called with one line of text for each event, for a log. It holds addresses of bridges, but no destination and no
/// secret. It must not use the tunnel or acceptor that calls it.
using event_sink = std::function<void(event_weight, std::string_view)>;

/// Asked now and then, from the thread of the tunnel or acceptor: whether the event_sink is to hear all that happens to
/// bridges (dials, suspicions, rates, what is sent again and why). That costs a little.
using details_wish = std::function<bool()>;

}  // namespace mtcp

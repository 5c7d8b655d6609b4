// What the congestion control BBR does with a connection, and how to keep it from pausing one that it does not steer.
//
// Every 10 s BBR sends next to nothing for 200 ms and a round trip, to see the round trip without queues (PROBE_RTT,
// draft-cardwell-iccrg-bbr-congestion-control, section 4.3.4), and all bridges of a tunnel do so at the same time: a
// download over 8 x 3 MB/s at 200 ms paused for 0.4 s and lost 4 % (tests/bench/paths.py). A bridge seldom gains by
// that: the engine's own cap keeps its queue short and looks at its round trip. For the same reason BBR then never sees
// a full pipe, and stays in its first phase. To begin that anew puts off the pause, and keeps the window; what BBR
// measured it measures again within a round trip.
#pragma once

namespace mtcp::platform {

enum class bbr_phase : unsigned char { unknown, startup, probing_round_trip, other };

/// Of a TCP socket; unknown if it uses another congestion control, or a later version of BBR.
bbr_phase bbr_phase_of(int descriptor);

/// Begins the first phase of BBR anew, if the connection is in it and goes well: not while it recovers from losses,
/// when BBR remembers the window to return to, nor when round trips have become far longer than BBR believes, which
/// only a pause would teach it.
void restart_bbr(int descriptor);

}  // namespace mtcp::platform

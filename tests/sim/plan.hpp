// What happens in a run: the network, what befalls it, and what the programs at both ends do. A plan follows from a
// seed or is written by hand; a run follows from its plan alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/core/engine.hpp"
#include "mtcp/rotation_options.hpp"
#include "sim/bottleneck.hpp"
#include "sim/tcp_flow.hpp"

namespace mtcp::sim {

/// What one end of a stream does. Bytes are bytes of the stream.
struct end_plan {
  enum class ending : std::uint8_t {
    finish,      ///< an orderly end after the last byte
    reset_send,  ///< the sending direction is reset after the last byte
    reset,       ///< both directions are, as when a program dies
    close,       ///< no further interest: the end after the last byte, and nothing more is read
  };
  std::uint64_t send = 0;
  ending after = ending::finish;

  /// A dialogue: `turn` bytes are sent for every `reply_to` bytes received (and `lead` bytes before any). 0 for none.
  std::uint64_t turn = 0;
  std::uint64_t reply_to = 0;
  std::uint64_t lead = 0;
  duration think{0};  ///< pause before each turn
  duration every{0};  ///< `turn` bytes are sent so often, whether or not an answer has come; 0 for a dialogue

  std::uint64_t read_rate = 0;                 ///< bytes per second, 0 for as they come
  std::optional<std::uint64_t> stuck_at = {};  ///< reads no further than this offset ...
  duration stuck_for = duration::max();        ///< ... for so long; max() for ever
  std::optional<std::uint64_t> stop_at = {};   ///< refuses to read on from there, and says so
  std::optional<std::uint64_t> die_at = {};    ///< resets both directions after it has read so much
};

struct stream_plan {
  timestamp start{0};
  std::uint64_t seed = 0;
  std::size_t early = 0;                      ///< bytes of the client's that ride with OPEN
  std::optional<duration> cancel_after = {};  ///< the opening is cancelled, if it has not ended by then
  bool reverse = false;                       ///< the server opens it, for a connection that its listener has accepted
  bool refused = false;
  duration answer_after{0};  ///< the dial of who answers
  bool bulk = false;         ///< pauses in its progress are looked at
  end_plan client;
  end_plan server;
};

/// What a network that watches connections does to each of them, and to their number.
struct watch_plan {
  duration fades_at{0};                ///< age from which on a connection has its direction's faded rate; 0 for never
  duration dies_at{0};                 ///< age at which it vanishes without a word; 0 for never
  duration forgets_after{0};           ///< a NAT drops a connection that has been idle for so long; 0 for never
  duration syn_gap{0};                 ///< a SYN that comes sooner than this after the one before ...
  duration block{0};                   ///< ... blocks all SYNs for so long; SYNs during a block do not prolong it
  std::size_t connections = SIZE_MAX;  ///< more at once never come up ...
  bool punishes = false;               ///< ... and all of them freeze
};

/// One path. Each of its connections has lines of its own, unless they are shared.
struct path_plan {
  struct direction {
    bottleneck::options narrow;
    double loss = 0;
    std::optional<policer::options> police = std::nullopt;
    std::uint64_t fades_after = 0;    ///< bytes of a connection, 0 for never ...
    std::uint64_t faded_rate = 0;     ///< ... from which on it has this rate
    std::uint64_t freezes_after = 0;  ///< bytes of a connection behind which nothing comes through
    std::size_t largest = SIZE_MAX;   ///< packet that comes through; larger ones vanish
    std::uint64_t common_rate = 0;    ///< of all connections of the path together, 0 for no limit
  };
  direction up;  ///< client to server
  direction down;
  duration delay{0};  ///< one way
  duration jitter{0};
  std::optional<std::size_t> shared = std::nullopt;  ///< paths with the same number share their bottlenecks
  watch_plan watched = {};
  core::bridge_options options = {};
  unsigned bridges = 1;
  bool tune = false;  ///< `bridges` is where the client starts
  rotation_options rotate{.when = rotation_options::mode::off};
  duration pace{0};           ///< between the client's dials; 0 for what it finds to be needed
  std::size_t server = 0;     ///< which server process it leads to
  bool of_interface = false;  ///< it comes and goes with an interface; see absence
  double dial_refused = 0;    ///< probability that a dial is answered by a reset
  double dial_hangs = 0;      ///< ... or not at all
  double welcome_lost = 0;    ///< ... or that the connection goes dark behind its HELLO

  duration round_trip() const noexcept { return 2 * delay; }
};

struct fault {
  enum class kind : std::uint8_t {
    hold,     ///< packets of both directions wait for `length`
    swallow,  ///< packets of both directions vanish for `length`
    rate,     ///< the bottlenecks change to `value` bytes per second
    reset,    ///< both ends are told at once, what is on the way is lost
    cut,      ///< both ends read what was written, and then the end
    lose,     ///< `value` packets of a thousand are lost from now on, each way
    silence,  ///< the connection goes dark for ever, and nobody is told
  };
  timestamp at{0};
  std::optional<std::uint64_t> after_bytes = {};  ///< once a bridge has received so many, both directions together
  std::size_t path = 0;
  kind what = kind::reset;
  duration length{0};
  std::uint64_t value = 0;
  bool persistent = false;  ///< connections that are dialled meanwhile suffer too
};

/// The interface of a path has no default route for a while. Of one path they follow each other.
struct absence {
  timestamp at{0};  ///< 0: it has none to begin with
  duration length{0};
  std::size_t path = 0;
  bool unplugged = false;  ///< the interface is gone meanwhile: of its connections nothing comes back
};

/// What befalls whole programs.
struct incident {
  enum class kind : std::uint8_t {
    server_crash,  ///< the process dies; another one listens after `length`
    server_exit,   ///< it says goodbye first
    server_drain,  ///< takes no more sessions and streams, exits when `length` has passed, and comes back
    client_exit,   ///< says goodbye
    key_removed,   ///< for `length`
    time_jump,     ///< the machine sleeps: nobody notices anything for `length`
  };
  timestamp at{0};
  kind what = kind::server_crash;
  duration length{0};
  std::size_t server = 0;
};

struct plan {
  std::string name;
  std::uint64_t seed = 0;
  core::limits client;
  core::limits server;
  tcp_flow::options connection = {};
  std::vector<path_plan> paths;
  std::vector<fault> faults;
  std::vector<absence> absences;
  std::vector<incident> incidents;
  std::vector<stream_plan> streams;
  std::optional<duration> redial = std::chrono::milliseconds(100);  ///< first pause after a failed dial; none: the
                                                                    ///< network lets each bridge through only once
  duration resume_timeout = std::chrono::seconds(60);               ///< at both ends
  duration renew_after = std::chrono::hours(1);                     ///< of the client's bridges; 0: never
  bool streams_may_be_lost = false;  ///< sessions may end, and the programs of their streams are told
  std::size_t max_cuts = 0;          ///< pieces into which what a bridge delivers is cut at most; 0 for not
  duration time_limit = std::chrono::seconds(300);
  timestamp stop_at{0};  ///< the run ends there, finished or not; 0 for when all streams have ended
};

}  // namespace mtcp::sim

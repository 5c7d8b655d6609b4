// One TCP connection of a bridge: a flow in each direction, and the ways in which it may end.
#pragma once

#include <functional>
#include <memory>

#include "sim/line.hpp"
#include "sim/plan.hpp"
#include "sim/random.hpp"
#include "sim/tcp_flow.hpp"

namespace mtcp::sim {

/// Which end of the tunnel.
using side = core::role;

constexpr side other(side s) noexcept { return s == side::client ? side::server : side::client; }
constexpr const char* name_of(side s) noexcept { return s == side::client ? "client" : "server"; }

/// The bottlenecks of both directions of a connection; `common` ones are those of all connections of its path.
struct bottleneck_pair {
  std::shared_ptr<bottleneck> up;
  std::shared_ptr<bottleneck> down;
  std::shared_ptr<bottleneck> common_up{};
  std::shared_ptr<bottleneck> common_down{};
};

/// What a direction of a path does to packets, behind these bottlenecks.
line::options line_options(const path_plan& path, const path_plan::direction& d, std::shared_ptr<bottleneck> narrow,
                           std::shared_ptr<bottleneck> common = nullptr);

class connection {
 public:
  /// What the program at one end is told. `closed` comes once at most, and nothing comes after it.
  struct socket_handlers {
    std::function<void()> writable;
    std::function<void(core::slice)> delivered;
    std::function<void(const char* why)> closed;
  };

  connection(event_queue& events, const path_plan& path, const bottleneck_pair& narrow, const tcp_flow::options& tcp,
             random chance, socket_handlers client, socket_handlers server);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// The flow that `from` writes to.
  tcp_flow& out(side from) noexcept { return from == side::client ? up_ : down_; }
  const tcp_flow& out(side from) const noexcept { return from == side::client ? up_ : down_; }
  bool open(side s) const noexcept { return end_of(s).open; }

  /// The program at that end closes its socket: the other end is told by a reset, if that gets through.
  void abort(side from);
  duration round_trip() const noexcept { return round_trip_; }
  /// The handshake of a connection that is dialled now gets through no earlier.
  timestamp passable_at() const noexcept;

  // ---- what may befall it ----

  void reset();
  void cut();
  void silence();
  void hold(timestamp until);
  void swallow(timestamp until);
  void set_rate(std::uint64_t rate);
  void lose(double share);

 private:
  struct end {
    socket_handlers handlers;
    bool open = true;
  };
  end& end_of(side s) noexcept { return s == side::client ? client_ : server_; }
  const end& end_of(side s) const noexcept { return s == side::client ? client_ : server_; }
  tcp_flow::handlers flow_handlers(side from);
  line& line_from(side s) noexcept { return s == side::client ? up_line_ : down_line_; }
  void shut(side s) noexcept;
  void tell(side s, const char* why);
  void watch(const watch_plan& by);
  void forget_if_idle(duration limit);

  event_queue& events_;
  duration round_trip_;
  timestamp begun_ = events_.now();
  end client_;
  end server_;
  line up_line_;
  line down_line_;
  tcp_flow up_;
  tcp_flow down_;
};

}  // namespace mtcp::sim

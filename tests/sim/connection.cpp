#include "sim/connection.hpp"

#include <algorithm>
#include <utility>

namespace mtcp::sim {

line::options line_options(const path_plan& path, const path_plan::direction& d, std::shared_ptr<bottleneck> narrow,
                           std::shared_ptr<bottleneck> common) {
  return {.delay = path.delay,
          .jitter = path.jitter,
          .loss = d.loss,
          .narrow = std::move(narrow),
          .common = std::move(common),
          .police = d.police,
          .fades_after = d.fades_after,
          .faded_rate = d.faded_rate,
          .freezes_after = d.freezes_after,
          .largest = d.largest};
}

connection::connection(event_queue& events, const path_plan& path, const bottleneck_pair& narrow,
                       const tcp_flow::options& tcp, random chance, socket_handlers client, socket_handlers server)
    : events_(events),
      round_trip_(path.round_trip()),
      client_{std::move(client)},
      server_{std::move(server)},
      up_line_(events, line_options(path, path.up, narrow.up, narrow.common_up), chance.fork()),
      down_line_(events, line_options(path, path.down, narrow.down, narrow.common_down), chance.fork()),
      up_(events, up_line_, down_line_, tcp, flow_handlers(side::client)),
      down_(events, down_line_, up_line_, tcp, flow_handlers(side::server)) {
  watch(path.watched);
}

// ---- a network that watches it ----

void connection::watch(const watch_plan& by) {
  if (by.fades_at > duration{0})
    events_.after(by.fades_at, [this] {
      up_line_.fade();
      down_line_.fade();
    });
  if (by.dies_at > duration{0}) events_.after(by.dies_at, [this] { silence(); });
  if (by.forgets_after > duration{0}) forget_if_idle(by.forgets_after);
}

void connection::forget_if_idle(duration limit) {
  const timestamp used = std::max({up_line_.last_used(), down_line_.last_used(), begun_});
  if (events_.now() - used >= limit) return silence();
  events_.at(used + limit, [this, limit] {
    if (open(side::client) || open(side::server)) forget_if_idle(limit);
  });
}

tcp_flow::handlers connection::flow_handlers(side from) {
  const side to = other(from);
  return {
      [this, from] {
        if (open(from)) end_of(from).handlers.writable();
      },
      [this, to](core::slice bytes) {
        if (open(to)) end_of(to).handlers.delivered(std::move(bytes));
      },
      [this, to] { tell(to, "end of file"); },
      [this, from] {
        out(other(from)).stop_receiving();
        tell(from, "timed out");
      },
  };
}

void connection::shut(side s) noexcept {
  end_of(s).open = false;
  out(s).stop_sending();
  out(other(s)).stop_receiving();
}

void connection::tell(side s, const char* why) {
  if (!open(s)) return;
  end_of(s).open = false;
  end_of(s).handlers.closed(why);
}

void connection::abort(side from) {
  shut(from);
  line_from(from).send_ack([this, to = other(from)] {
    if (!open(to)) return;
    shut(to);
    end_of(to).handlers.closed("reset by peer");
  });
}

timestamp connection::passable_at() const noexcept { return std::max(up_line_.open_at(), down_line_.open_at()); }

void connection::reset() {
  for (const side s : {side::client, side::server}) {
    if (!open(s)) continue;
    shut(s);
    end_of(s).handlers.closed("reset");
  }
}

void connection::cut() {
  up_.close();
  down_.close();
}

void connection::silence() { swallow(timestamp::max()); }

void connection::hold(timestamp until) {
  up_line_.hold(until);
  down_line_.hold(until);
}

void connection::swallow(timestamp until) {
  up_line_.swallow(until);
  down_line_.swallow(until);
}

void connection::lose(double share) {
  up_line_.lose(share);
  down_line_.lose(share);
}

void connection::set_rate(std::uint64_t rate) {
  up_line_.narrow().set_rate(rate);
  down_line_.narrow().set_rate(rate);
}

}  // namespace mtcp::sim

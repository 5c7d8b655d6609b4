#include "lab/connection.hpp"

namespace mtcp::lines {

namespace {

constexpr duration repeats_within = std::chrono::seconds(10);

bool reached(duration limit, duration passed) { return limit > duration{0} && passed >= limit; }

}  // namespace

// Where the line has one rate for all, a connection has one of its own only when it has faded.
connection::connection(const line_options& options, std::uint32_t sequence, time_point now)
    : options_(options),
      sequence_(sequence),
      begun_(now),
      last_used_(now),
      up_{.narrow{options.each ? options.up.rate : 0, options.queue}},
      down_{.narrow{options.each ? options.down.rate : 0, options.queue}} {}

void connection::see(const header& h, direction d, time_point now) {
  fade_with_age(now);
  gone_ |= outlived(now);
  of(d).seen = true;
  of(d).fin |= h.fin;
  rst_ |= h.rst;
  last_used_ = now;
}

bool connection::over(time_point now) const noexcept {
  if (rst_ || reset_ || gone_ || outlived(now)) return true;
  return silent_ ? up_.fin || down_.fin : up_.fin && down_.fin;
}

bool connection::stale(time_point now) const noexcept {
  return now - last_used_ >= repeats_within && (over(now) || !up_.seen || !down_.seen);
}

bool connection::outlived(time_point now) const noexcept {
  return reached(options_.dies_at, now - begun_) || reached(options_.forgets_after, now - last_used_);
}

void connection::fade_with_age(time_point now) {
  if (faded_ || !reached(options_.fades_at, now - begun_)) return;
  faded_ = true;
  up_.narrow.set_rate(options_.up.faded_rate);
  down_.narrow.set_rate(options_.down.faded_rate);
}

// The packet with which a connection reaches its bytes is the first of the slow ones, and is not let through any more.
bool connection::admit(direction d, std::size_t size) {
  const line_options::direction_options& limits = options_.of(d);
  half& h = of(d);
  const std::uint64_t before = h.carried;
  h.carried += size;
  if (limits.fades_after > 0 && before < limits.fades_after && h.carried >= limits.fades_after)
    h.narrow.set_rate(limits.faded_rate);
  return limits.freezes_after == 0 || h.carried < limits.freezes_after;
}

std::optional<time_point> connection::departure(direction d, std::size_t size, time_point now) {
  if (silent_ || gone_ || !admit(d, size)) return std::nullopt;
  return of(d).narrow.departure(size, now);
}

}  // namespace mtcp::lines

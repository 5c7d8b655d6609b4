#include "sim/lifecycle_plan.hpp"

#include <algorithm>
#include <array>

#include "sim/random.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

duration millis(std::uint64_t n) { return std::chrono::milliseconds(n); }

// ---- paths ----

path_plan random_path(random& r) {
  path_plan p;
  p.delay = std::chrono::microseconds(r.octaves(500, 100'000));
  p.up.narrow.rate = r.octaves(200'000, 10'000'000);
  p.up.narrow.queue = std::max<std::size_t>(64'000, p.up.narrow.rate / 5);
  p.down = p.up;
  if (r.chance(0.2)) p.down.police = policer::options{p.down.narrow.rate / 2, r.octaves(16'000, 200'000)};
  p.bridges = static_cast<unsigned>(r.between(1, 4));
  p.tune = r.chance(0.2);
  if (r.chance(0.3)) p.rotate.when = rotation_options::mode::learnt;
  if (r.chance(0.15))
    p.options.role = p.delay.count() / 1000 % 2 == 0 ? core::path_role::backup : core::path_role::overflow;
  if (r.chance(0.2)) p.options.rate_limit = r.octaves(100'000, 5'000'000);
  return p;
}

std::vector<path_plan> random_paths(random& r) {
  std::vector<path_plan> paths;
  const bool shared = r.chance(0.2);
  for (std::uint64_t i = r.between(1, 3); i > 0; --i) {
    paths.push_back(random_path(r));
    if (shared) paths.back().shared = 0;
    if (r.chance(0.2)) paths.back().dial_refused = 0.3;
    if (r.chance(0.2)) paths.back().dial_hangs = 0.2;
    if (r.chance(0.2)) paths.back().welcome_lost = 0.2;
  }
  if (paths.size() > 1 && r.chance(0.2)) paths.back().server = 1;
  return paths;
}

// ---- what befalls them ----

void add_outage(random& r, plan& p) {
  const timestamp at = millis(r.between(500, 8'000));
  const bool survived = r.chance(0.5);
  const duration length = survived ? p.resume_timeout / 4 : p.resume_timeout + millis(r.between(12'000, 30'000));
  p.streams_may_be_lost |= !survived;
  for (std::size_t path = 0; path < p.paths.size(); ++path) {
    p.faults.push_back({.at = at,
                        .path = path,
                        .what = r.chance(0.5) ? fault::kind::swallow : fault::kind::hold,
                        .length = length,
                        .persistent = true});
  }
}

// Many connections pause one after the other, and again.
void add_storm(random& r, plan& p) {
  for (std::uint64_t i = r.between(3, 20); i > 0; --i) {
    p.faults.push_back({.at = millis(r.between(500, 8'000)),
                        .path = r.below(p.paths.size()),
                        .what = r.chance(0.7) ? fault::kind::hold : fault::kind::silence,
                        .length = millis(r.octaves(200, 6'000))});
  }
}

void add_losses(random& r, plan& p) {
  static constexpr std::array kinds{fault::kind::reset, fault::kind::cut, fault::kind::silence};
  for (std::uint64_t i = r.between(1, 6); i > 0; --i)
    p.faults.push_back({.at = millis(r.below(10'000)), .path = r.below(p.paths.size()), .what = r.pick(kinds)});
}

void add_incident(random& r, plan& p) {
  using kind = incident::kind;
  static constexpr std::array kinds{kind::server_crash, kind::server_exit, kind::server_drain,
                                    kind::client_exit,  kind::key_removed, kind::time_jump};
  incident i;
  i.at = millis(r.between(200, 8'000));
  i.what = r.pick(kinds);
  i.length = millis(r.octaves(100, 20'000));
  if (i.what == kind::time_jump) i.length = millis(r.octaves(1'000, 300'000));
  i.server = r.chance(0.2) ? p.paths.back().server : 0;
  p.incidents.push_back(i);
}

// ---- programs ----

stream_plan random_stream(random& r) {
  stream_plan s;
  s.seed = r.next();
  s.start = millis(r.chance(0.3) ? 0 : r.below(15'000));
  s.client.send = r.chance(0.2) ? 0 : r.octaves(1, 300'000);
  s.server.send = r.chance(0.2) ? 0 : r.octaves(1, 1'000'000);
  if (r.chance(0.3)) s.early = r.octaves(1, 20'000);
  if (r.chance(0.5)) s.answer_after = millis(r.octaves(1, 2'000));
  if (r.chance(0.2)) s.cancel_after = millis(r.octaves(1, 5'000));
  s.refused = r.chance(0.1);
  return s;
}

}  // namespace

plan lifecycle_plan(std::uint64_t seed) {
  random r(seed);
  plan p;
  p.name = "lifecycle";
  p.seed = seed;
  p.paths = random_paths(r);
  p.paths.front().options.role = core::path_role::active;
  p.resume_timeout = millis(r.octaves(3'000, 60'000));
  p.redial = 100ms;
  p.time_limit = 1200s;
  for (std::uint64_t i = r.octaves(1, 16); i > 0; --i) p.streams.push_back(random_stream(r));
  if (r.chance(0.3)) add_outage(r, p);
  if (r.chance(0.3)) add_storm(r, p);
  if (r.chance(0.4)) add_losses(r, p);
  for (std::uint64_t i = r.below(3); i > 0; --i) add_incident(r, p);
  // Where dials hang for longer than a session lives without bridges, it may end; and when none is left, it ends if
  // another server answers.
  const auto may_end = [](const path_plan& path) {
    return path.dial_hangs > 0 || path.welcome_lost > 0 || path.server != 0;
  };
  p.streams_may_be_lost |= !p.incidents.empty() || std::ranges::any_of(p.paths, may_end);
  const auto goes_dark = [](const fault& f) { return f.what == fault::kind::silence; };  // also a dial under way
  const auto refuses = [](const path_plan& path) { return path.dial_refused > 0; };
  const bool hard_to_dial = p.resume_timeout < 15s || std::ranges::any_of(p.paths, refuses);
  p.streams_may_be_lost |= hard_to_dial && std::ranges::any_of(p.faults, goes_dark);
  if (r.chance(0.2)) p.max_cuts = r.between(1, 4);
  return p;
}

plan reverse_lifecycle_plan(std::uint64_t seed) {
  plan p = lifecycle_plan(seed);
  p.name = "reverse_lifecycle";
  random r(mix(seed));
  for (stream_plan& s : p.streams) {
    if (!r.chance(0.7)) continue;
    s.reverse = true;
    s.cancel_after.reset();
  }
  return p;
}

}  // namespace mtcp::sim

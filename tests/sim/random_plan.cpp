#include "sim/random_plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/random.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

using ending = end_plan::ending;

duration micros(std::uint64_t n) { return std::chrono::microseconds(n); }
duration millis(std::uint64_t n) { return std::chrono::milliseconds(n); }

// ---- the network ----

path_plan::direction random_direction(random& r, duration round_trip) {
  path_plan::direction d;
  d.narrow.rate = r.octaves(60'000, 30'000'000);
  const auto product =
      static_cast<std::uint64_t>(static_cast<double>(d.narrow.rate) * static_cast<double>(round_trip.count()) * 1e-9);
  d.narrow.queue = r.octaves(16'000, std::max<std::uint64_t>(product * 4, 64'000));
  if (r.chance(0.15)) d.narrow.burst = r.octaves(16'000, 1'000'000);
  if (r.chance(0.25)) d.loss = 1.0 / static_cast<double>(r.octaves(50, 5000));
  if (r.chance(0.1))
    d.police = policer::options{std::max<std::uint64_t>(d.narrow.rate / 2, 40'000), r.octaves(8'000, 200'000)};
  return d;
}

path_plan random_path(random& r) {
  path_plan p;
  p.delay = micros(r.octaves(500, 150'000));
  p.up = random_direction(r, p.round_trip());
  p.down = r.chance(0.5) ? p.up : random_direction(r, p.round_trip());
  if (r.chance(0.3)) p.jitter = micros(r.octaves(100, 20'000));
  return p;
}

core::bridge_options random_use(random& r) {
  core::bridge_options use;
  if (r.chance(0.1)) use.role = core::path_role::backup;
  if (r.chance(0.1))
    use.carries = r.chance(0.5) ? core::bridge_options::direction::up : core::bridge_options::direction::down;
  if (r.chance(0.1)) use.rate_limit = r.octaves(50'000, 5'000'000);
  return use;
}

std::vector<path_plan> random_paths(random& r) {
  std::vector<path_plan> paths;
  const bool alike = r.chance(0.4);
  const bool shared = r.chance(0.15);
  for (std::uint64_t i = r.between(1, 8); i > 0; --i) {
    paths.push_back(alike && !paths.empty() ? paths.front() : random_path(r));
    if (shared) paths.back().shared = 0;
    if (paths.size() > 1 && r.chance(0.3)) paths.back().options = random_use(r);
  }
  return paths;
}

// What the network carries in a second in its weaker direction, very roughly: loss limits TCP to 1.2 segments over
// the root of its probability a round trip (Mathis and others, 1997).
std::uint64_t rough_capacity(const std::vector<path_plan>& paths) {
  double sum = 0;
  for (const path_plan& p : paths) {
    if (p.options.carries != core::bridge_options::direction::both) continue;
    for (const auto* d : {&p.up, &p.down}) {
      double rate = static_cast<double>(d->police ? d->police->rate / 2 : d->narrow.rate);
      const double seconds = static_cast<double>(p.round_trip().count()) * 1e-9 + 0.001;
      if (d->loss > 0) rate = std::min(rate, 1448 * 1.2 / (seconds * std::sqrt(d->loss)));
      sum += rate / 2;
    }
    if (p.shared) break;
  }
  return static_cast<std::uint64_t>(sum);
}

// ---- the programs ----

std::uint64_t random_size(random& r, std::uint64_t most) { return r.chance(0.1) ? 0 : r.octaves(1, most); }

end_plan random_end(random& r, std::uint64_t most) {
  end_plan e;
  e.send = random_size(r, most);
  if (r.chance(0.1)) e.after = ending::reset_send;
  if (r.chance(0.05)) e.after = ending::reset;
  if (r.chance(0.05)) e.after = ending::close;
  if (r.chance(0.1)) e.read_rate = r.octaves(20'000, 2'000'000);
  if (r.chance(0.1)) {
    e.stuck_at = r.below(most + 1);
    e.stuck_for = millis(r.octaves(10, 5'000));
  }
  if (r.chance(0.05)) {
    e.stuck_at = r.below(most + 1);
    e.stuck_for = duration::max();
  }
  if (r.chance(0.05)) e.stop_at = r.below(most + 1);
  if (r.chance(0.05)) e.die_at = r.below(most + 1);
  return e;
}

void make_dialogue(random& r, stream_plan& s) {
  const std::uint64_t request = r.octaves(1, 2'000);
  const std::uint64_t response = r.octaves(1, 20'000);
  const std::uint64_t turns = r.between(1, 20);
  s.client = {};
  s.client.send = request * turns;
  s.client.lead = s.client.turn = request;
  s.client.reply_to = response;
  s.early = std::min<std::size_t>(s.early, request);
  s.client.think = r.chance(0.5) ? millis(r.below(100)) : duration{0};
  s.server = {};
  s.server.send = response * turns;
  s.server.turn = response;
  s.server.reply_to = request;
}

stream_plan random_stream(random& r, std::uint64_t most) {
  stream_plan s;
  s.seed = r.next();
  s.start = millis(r.chance(0.3) ? 0 : r.below(4'000));
  s.client = random_end(r, most);
  s.server = random_end(r, most);
  if (r.chance(0.5)) s.early = r.octaves(1, 20'000);
  if (r.chance(0.25)) make_dialogue(r, s);
  if (r.chance(0.5)) s.answer_after = millis(r.octaves(1, 300));
  s.refused = r.chance(0.07);
  return s;
}

// Nobody may wait for ever where others wait for him.
void unstick(stream_plan& s) {
  for (end_plan* e : {&s.client, &s.server}) e->stuck_for = std::min<duration>(e->stuck_for, 2s);
}

std::vector<stream_plan> random_streams(random& r, std::uint64_t max_bytes) {
  const std::uint64_t count = r.chance(0.1) ? r.between(20, 60) : r.octaves(1, 12);
  const std::uint64_t each = std::max<std::uint64_t>(max_bytes / count, 100);
  std::vector<stream_plan> streams;
  for (std::uint64_t i = 0; i < count; ++i) streams.push_back(random_stream(r, each));
  return streams;
}

// ---- faults ----

fault random_fault(random& r, std::size_t paths) {
  using kind = fault::kind;
  static constexpr std::array kinds{kind::hold, kind::hold,  kind::swallow, kind::swallow, kind::rate,
                                    kind::rate, kind::reset, kind::reset,   kind::cut,     kind::silence};
  fault f;
  f.at = millis(r.below(6'000));
  f.path = r.below(paths);
  f.what = r.pick(kinds);
  f.length = millis(r.octaves(10, 8'000));
  f.value = r.octaves(30'000, 10'000'000);
  f.persistent = r.chance(0.5);
  if (r.chance(0.3)) f.after_bytes = r.octaves(1, 1'000'000);
  return f;
}

core::limits random_limits(random& r) {
  core::limits l;
  if (r.chance(0.5)) return l;
  l.receive_budget = r.octaves(256 << 10, 16 << 20);
  l.send_budget = r.octaves(256 << 10, 16 << 20);
  l.window_start = r.octaves(16 << 10, 1 << 20);
  l.window_small = std::min<std::size_t>(l.window_start, r.octaves(16 << 10, 64 << 10));
  l.early_limit = r.octaves(1 << 10, 16 << 10);  // also the least credit: with less a stuck reader starves the others
  if (r.chance(0.3)) l.max_streams = r.between(1, 8);
  return l;
}

}  // namespace

plan random_plan(std::uint64_t seed) {
  random r(seed);
  plan p;
  p.name = "random";
  p.seed = seed;
  p.paths = random_paths(r);
  p.paths.front().options = {};  // one bridge carries everything, always
  p.client = random_limits(r);
  p.server = random_limits(r);
  p.streams = random_streams(r, std::clamp<std::uint64_t>(rough_capacity(p.paths) * 3, 20'000, 4'000'000));
  if (p.server.max_streams < p.streams.size()) {
    for (stream_plan& s : p.streams) unstick(s);
  }
  for (std::uint64_t i = r.chance(0.3) ? 0 : r.between(1, 6); i > 0; --i)
    p.faults.push_back(random_fault(r, p.paths.size()));
  p.redial = millis(r.octaves(10, 2'000));
  if (r.chance(0.6)) p.max_cuts = r.between(1, 6);
  if (r.chance(0.5)) p.connection.record = r.octaves(64, 16384);
  p.time_limit = 900s;
  return p;
}

plan random_fault_plan(std::uint64_t seed) {
  random r(seed);
  plan p;
  p.name = "fault";
  p.seed = seed;
  path_plan path;
  path.delay = micros(r.octaves(2'000, 50'000));
  path.up.narrow.rate = r.octaves(1'000'000, 20'000'000);
  path.up.narrow.queue = std::max<std::size_t>(64'000, path.up.narrow.rate / 5);
  path.down = path.up;
  p.paths.assign(r.between(3, 6), path);
  fault f = random_fault(r, p.paths.size());
  f.at = 2s + millis(r.below(1'000));
  f.after_bytes.reset();
  f.length = std::max<duration>(f.length, 300ms);
  f.value = path.up.narrow.rate / 20;
  p.faults = {f};
  stream_plan bulk;
  bulk.seed = r.next();
  bulk.bulk = true;
  const std::uint64_t size = std::min<std::uint64_t>(path.up.narrow.rate * p.paths.size() * 6, 60'000'000);
  (r.chance(0.5) ? bulk.client : bulk.server).send = size;
  p.streams = {bulk};
  return p;
}

// Interfaces come and go under transfers. Never are all of them away for as long as a session waits.
plan roaming_plan(std::uint64_t seed) {
  random r(seed);
  plan p;
  p.name = "roaming";
  p.seed = seed;
  const std::uint64_t paths = r.between(1, 4);
  for (std::uint64_t i = 0; i < paths; ++i) {
    path_plan path;
    path.delay = micros(r.octaves(1'000, 80'000));
    path.up.narrow.rate = r.octaves(300'000, 10'000'000);
    path.up.narrow.queue = std::max<std::size_t>(64'000, path.up.narrow.rate / 5);
    path.down = path.up;
    path.bridges = static_cast<unsigned>(r.between(1, 4));
    path.tune = r.chance(0.2);
    path.of_interface = i == 0 || r.chance(0.8);
    if (i > 0 && r.chance(0.15))
      path.options.role = path.delay.count() / 1000 % 2 == 0 ? core::path_role::backup : core::path_role::overflow;
    if (r.chance(0.3)) path.rotate.when = rotation_options::mode::learnt;
    p.paths.push_back(path);
    if (!path.of_interface) continue;
    timestamp at = r.chance(0.3) ? timestamp{0} : timestamp{millis(r.octaves(100, 6'000))};
    for (std::uint64_t n = r.below(6); n > 0; --n) {
      const duration length = millis(r.octaves(20, 9'000));
      p.absences.push_back({.at = at, .length = length, .path = i, .unplugged = r.chance(0.4)});
      at += length + millis(r.octaves(50, 8'000));
    }
  }
  for (std::uint64_t i = r.between(1, 4); i > 0; --i) {
    stream_plan s;
    s.seed = r.next();
    s.start = millis(r.below(3'000));
    s.client.send = r.chance(0.2) ? 0 : r.octaves(1'000, 5'000'000);
    s.server.send = r.chance(0.2) ? 0 : r.octaves(1'000, 20'000'000);
    p.streams.push_back(s);
  }
  p.redial = millis(100);
  if (r.chance(0.3)) p.max_cuts = r.between(1, 4);
  p.time_limit = 900s;
  return p;
}

}  // namespace mtcp::sim

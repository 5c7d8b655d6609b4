#include "sim/scenarios.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "sim/lifecycle_plan.hpp"
#include "sim/random_plan.hpp"

namespace mtcp::sim {

using namespace std::chrono_literals;

namespace {

using ending = end_plan::ending;
using kind = fault::kind;

// Four bridges of 2 MB/s at 40 ms, with room for 200 ms in their queues.
plan usual(const char* name, std::uint64_t seed) {
  plan p;
  p.name = name;
  p.seed = seed;
  path_plan path;
  path.delay = 20ms;
  path.up.narrow = path.down.narrow = {.rate = 2'000'000, .queue = 400'000};
  p.paths.assign(4, path);
  return p;
}

stream_plan transfer(std::uint64_t seed, std::uint64_t up, std::uint64_t down) {
  stream_plan s;
  s.seed = seed;
  s.client.send = up;
  s.server.send = down;
  return s;
}

stream_plan bulk_download(std::uint64_t seed, std::uint64_t size) {
  stream_plan s = transfer(seed, 0, size);
  s.bulk = true;
  return s;
}

stream_plan dialogue(std::uint64_t seed, std::uint64_t turns, duration think) {
  stream_plan s;
  s.seed = seed;
  s.client.send = 64 * turns;
  s.client.lead = s.client.turn = 64;
  s.client.reply_to = 64;
  s.client.think = think;
  s.server.send = 64 * turns;
  s.server.turn = 64;
  s.server.reply_to = 64;
  return s;
}

// ---- programs ----

plan download(std::uint64_t seed) {
  plan p = usual("download", seed);
  p.streams = {bulk_download(seed, 40'000'000)};
  return p;
}

plan upload(std::uint64_t seed) {
  plan p = usual("upload", seed);
  p.streams = {transfer(seed, 40'000'000, 0)};
  p.streams[0].bulk = true;
  return p;
}

plan both_ways(std::uint64_t seed) {
  plan p = usual("both_ways", seed);
  p.streams = {transfer(seed, 20'000'000, 20'000'000), transfer(seed + 2, 5'000'000, 1)};
  return p;
}

plan many_short(std::uint64_t seed) {
  plan p = usual("many_short", seed);
  for (std::uint64_t i = 0; i < 400; ++i) {
    stream_plan s = transfer(seed + 10 * i, i % 3000, i * 37 % 30'000);
    s.start = std::chrono::milliseconds(5 * i);
    s.early = i % 2 == 0 ? 16'384 : 0;
    p.streams.push_back(s);
  }
  return p;
}

plan more_streams_than_allowed(std::uint64_t seed) {
  plan p = usual("more_streams_than_allowed", seed);
  p.server.max_streams = 3;
  for (std::uint64_t i = 0; i < 40; ++i) p.streams.push_back(transfer(seed + 10 * i, 20'000, 30'000));
  return p;
}

plan half_close(std::uint64_t seed) {
  plan p = usual("half_close", seed);
  stream_plan s = transfer(seed, 100'000, 3'000'000);
  s.server.turn = 3'000'000;
  s.server.reply_to = 100'000;  // the answer comes after the whole question
  p.streams = {s, transfer(seed + 2, 0, 0)};
  return p;
}

plan resets(std::uint64_t seed) {
  plan p = usual("resets", seed);
  for (std::uint64_t i = 0; i < 8; ++i) {
    stream_plan s = transfer(seed + 10 * i, 1'000'000, 2'000'000);
    end_plan& one = i % 2 == 0 ? s.client : s.server;
    if (i / 2 == 0) one.after = ending::reset_send;
    if (i / 2 == 1) one.after = ending::reset;
    if (i / 2 == 2) one.die_at = 300'000;
    if (i / 2 == 3) one.stop_at = 300'000;
    p.streams.push_back(s);
  }
  return p;
}

plan refused(std::uint64_t seed) {
  plan p = usual("refused", seed);
  for (std::uint64_t i = 0; i < 10; ++i) {
    stream_plan s = transfer(seed + 10 * i, 50'000, 50'000);
    s.refused = i % 2 == 0;
    s.answer_after = i % 3 * 100ms;
    s.early = 5'000 * i;
    p.streams.push_back(s);
  }
  return p;
}

plan no_early_data(std::uint64_t seed) {
  plan p = usual("no_early_data", seed);
  p.client.early_limit = p.server.early_limit = 0;
  p.client.receive_budget = p.server.receive_budget = 512 << 10;
  for (std::uint64_t i = 0; i < 20; ++i) {
    p.streams.push_back(transfer(seed + 10 * i, 100'000, 100'000));
    p.streams.back().early = 1000;
    p.streams.back().answer_after = 50ms;
  }
  return p;
}

plan stuck_readers(std::uint64_t seed) {
  plan p = usual("stuck_readers", seed);
  p.client.receive_budget = 8 << 20;
  for (std::uint64_t i = 0; i < 20; ++i) {
    stream_plan s = transfer(seed + 10 * i, 0, 5'000'000);
    s.client.stuck_at = 100'000 * i;
    p.streams.push_back(s);
  }
  p.streams.push_back(transfer(seed + 1000, 0, 8'000'000));
  p.streams.back().start = 5s;
  return p;
}

plan slow_readers(std::uint64_t seed) {
  plan p = usual("slow_readers", seed);
  stream_plan paced = transfer(seed, 0, 2'000'000);
  paced.client.read_rate = 200'000;
  stream_plan pausing = transfer(seed + 2, 4'000'000, 0);
  pausing.server.stuck_at = 1'000'000;
  pausing.server.stuck_for = 3s;
  p.streams = {paced, pausing, transfer(seed + 4, 0, 10'000'000)};
  return p;
}

plan small_budgets(std::uint64_t seed) {
  plan p = usual("small_budgets", seed);
  p.client.receive_budget = p.server.receive_budget = 512 << 10;
  p.client.send_budget = p.server.send_budget = 256 << 10;
  p.max_cuts = 4;
  for (std::uint64_t i = 0; i < 12; ++i) p.streams.push_back(transfer(seed + 10 * i, 500'000, 500'000));
  return p;
}

plan dialogue_under_download(std::uint64_t seed) {
  plan p = usual("dialogue_under_download", seed);
  p.streams = {bulk_download(seed, 40'000'000), dialogue(seed + 2, 50, 50ms)};
  return p;
}

// Eight bridges of 20 MB/s: to be looked at rather than judged.
plan fast_download(std::uint64_t seed) {
  plan p = usual("fast_download", seed);
  p.paths.front().up.narrow = p.paths.front().down.narrow = {.rate = 20'000'000, .queue = 2'000'000};
  p.paths.assign(8, p.paths.front());
  p.streams = {bulk_download(seed, 1'000'000'000)};
  return p;
}

// ---- faults: the download must go on as long as one bridge lives ----

plan with_faults(const char* name, std::uint64_t seed, std::vector<fault> faults) {
  plan p = usual(name, seed);
  p.streams = {bulk_download(seed, 40'000'000)};
  p.faults = std::move(faults);
  return p;
}

plan one_held(std::uint64_t seed) {
  return with_faults("one_held", seed, {{.at = 2s, .path = 1, .what = kind::hold, .length = 2s}});
}
plan one_swallows(std::uint64_t seed) {
  return with_faults("one_swallows", seed, {{.at = 2s, .path = 1, .what = kind::swallow, .length = 2s}});
}
plan one_slows_down(std::uint64_t seed) {
  return with_faults("one_slows_down", seed, {{.at = 2s, .path = 1, .what = kind::rate, .value = 100'000}});
}
plan one_reset(std::uint64_t seed) {
  return with_faults("one_reset", seed, {{.at = 2s, .path = 1, .what = kind::reset}});
}
plan one_cut(std::uint64_t seed) { return with_faults("one_cut", seed, {{.at = 2s, .path = 1, .what = kind::cut}}); }
plan one_silent(std::uint64_t seed) {
  return with_faults("one_silent", seed, {{.at = 2s, .path = 1, .what = kind::silence}});
}
plan three_silent(std::uint64_t seed) {
  return with_faults("three_silent", seed,
                     {{.at = 2s, .path = 0, .what = kind::silence},
                      {.at = 2100ms, .path = 1, .what = kind::silence},
                      {.at = 2200ms, .path = 2, .what = kind::silence}});
}
plan three_reset_at_once(std::uint64_t seed) {
  return with_faults("three_reset_at_once", seed,
                     {{.at = 2s, .path = 0, .what = kind::reset},
                      {.at = 2s, .path = 1, .what = kind::reset},
                      {.at = 2s, .path = 2, .what = kind::reset}});
}

// ---- total outages: everything resumes ----

plan all_of(const char* name, std::uint64_t seed, fault f) {
  plan p = with_faults(name, seed, {});
  for (f.path = 0; f.path < p.paths.size(); ++f.path) p.faults.push_back(f);
  p.streams.push_back(transfer(seed + 2, 1'000'000, 0));
  p.streams[0].bulk = false;  // of course it pauses
  return p;
}

plan all_reset(std::uint64_t seed) { return all_of("all_reset", seed, {.at = 2s, .what = kind::reset}); }
plan all_cut(std::uint64_t seed) { return all_of("all_cut", seed, {.at = 2s, .what = kind::cut}); }
plan all_silent(std::uint64_t seed) { return all_of("all_silent", seed, {.at = 2s, .what = kind::silence}); }
plan all_held(std::uint64_t seed) {
  return all_of("all_held", seed, {.at = 2s, .what = kind::hold, .length = 5s, .persistent = true});
}
plan all_swallow(std::uint64_t seed) {
  return all_of("all_swallow", seed, {.at = 2s, .what = kind::swallow, .length = 30s, .persistent = true});
}

// ---- the other way round ----

plan reverse_of(const char* name, std::uint64_t seed) {
  plan p = usual(name, seed);
  for (std::uint64_t i = 0; i < 8; ++i) {
    p.streams.push_back(transfer(seed * 100 + i, i % 2 == 0 ? 3'000'000 : 2'000, i % 3 == 0 ? 500'000 : 100));
    p.streams.back().start = i * 500ms;
    p.streams.back().reverse = i != 3;
    p.streams.back().answer_after = i * 10ms;
    p.streams.back().refused = i == 5;
  }
  return p;
}

plan reverse(std::uint64_t seed) { return reverse_of("reverse", seed); }

// Shorter than the session lives, and than a connection waits for an answer.
plan reverse_outage(std::uint64_t seed) {
  plan p = reverse_of("reverse_outage", seed);
  for (std::size_t i = 0; i < p.paths.size(); ++i)
    p.faults.push_back({.at = 2s, .path = i, .what = kind::swallow, .length = 15s, .persistent = true});
  return p;
}

plan reverse_expiry(std::uint64_t seed) {
  plan p = reverse_outage(seed);
  p.name = "reverse_expiry";
  p.resume_timeout = 5s;
  p.streams_may_be_lost = true;
  return p;
}

plan reverse_restart(std::uint64_t seed) {
  plan p = reverse_of("reverse_restart", seed);
  p.incidents.push_back({.at = 2s, .what = incident::kind::server_crash, .length = 700ms});
  p.streams_may_be_lost = true;
  return p;
}

struct named {
  const char* name;
  plan (*make)(std::uint64_t seed);
};

constexpr std::array all_plans{
    named{"random", random_plan},
    named{"lifecycle", lifecycle_plan},
    named{"fault", random_fault_plan},
    named{"roaming", roaming_plan},
    named{"download", download},
    named{"fast_download", fast_download},
    named{"upload", upload},
    named{"both_ways", both_ways},
    named{"many_short", many_short},
    named{"more_streams_than_allowed", more_streams_than_allowed},
    named{"half_close", half_close},
    named{"resets", resets},
    named{"refused", refused},
    named{"no_early_data", no_early_data},
    named{"stuck_readers", stuck_readers},
    named{"slow_readers", slow_readers},
    named{"small_budgets", small_budgets},
    named{"dialogue_under_download", dialogue_under_download},
    named{"one_held", one_held},
    named{"one_swallows", one_swallows},
    named{"one_slows_down", one_slows_down},
    named{"one_reset", one_reset},
    named{"one_cut", one_cut},
    named{"one_silent", one_silent},
    named{"three_silent", three_silent},
    named{"three_reset_at_once", three_reset_at_once},
    named{"all_reset", all_reset},
    named{"all_cut", all_cut},
    named{"all_silent", all_silent},
    named{"all_held", all_held},
    named{"all_swallow", all_swallow},
    named{"reverse", reverse},
    named{"reverse_outage", reverse_outage},
    named{"reverse_expiry", reverse_expiry},
    named{"reverse_restart", reverse_restart},
    named{"reverse_lifecycle", reverse_lifecycle_plan},
};

}  // namespace

std::vector<std::string> plan_names() {
  std::vector<std::string> names;
  for (const named& n : all_plans) names.emplace_back(n.name);
  return names;
}

std::vector<std::string> directed_plan_names() {
  auto names = plan_names();
  const auto drawn = [](const std::string& name) {
    return name == "random" || name == "fault" || name.ends_with("lifecycle") || name == "roaming";
  };
  std::erase_if(names, drawn);
  return names;
}

std::optional<plan> find_plan(const std::string& name, std::uint64_t seed) {
  for (const named& n : all_plans) {
    if (name == n.name) return n.make(seed);
  }
  return std::nullopt;
}

bool check_expectations(const plan& p, tunnel& run) {
  bool fine = true;
  const bool slows_down =
      std::any_of(p.faults.begin(), p.faults.end(), [](const fault& f) { return f.what == kind::rate; });
  const duration allowed = slows_down ? longest_pause_of_slow_down : longest_pause_allowed;
  for (std::size_t i = 0; i < p.streams.size(); ++i) {
    if (!p.streams[i].bulk) continue;
    const auto& c = *run.streams().all()[i];
    for (const actor* reader : {&c.client, &c.server}) {
      const actor::account& seen = reader->result();
      if (seen.longest_pause <= allowed) continue;
      fine = false;
      run.fail("a bulk stream paused for " + std::to_string(seen.longest_pause / 1ms) + " ms until " +
               std::to_string(seen.pause_ended / 1ms) + " ms");
    }
  }
  return fine;
}

std::string rerun_command(const plan& p) {
  return "mtcp-sim --scenario " + p.name + " --seed " + std::to_string(p.seed) + " --verbose";
}

}  // namespace mtcp::sim

// Paths that are not for every day: when they carry data, and how much.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "sim/goodput.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr double mbit = 1e6 / 8;

/// A line that all bridges of the path share.
path_plan line_of(double rate, duration delay, core::path_role role, unsigned bridges = 4) {
  path_plan p;
  p.delay = delay;
  p.up.common_rate = p.down.common_rate = static_cast<std::uint64_t>(rate);
  p.up.narrow.queue = p.down.narrow.queue = 1 << 20;
  p.up.narrow.rate = p.down.narrow.rate = static_cast<std::uint64_t>(10 * rate);
  p.options.role = role;
  p.bridges = bridges;
  return p;
}

plan two_lines(const char* name, core::path_role second) {
  plan p = download_plan(name, {}, UINT64_MAX / 2);
  p.redial = 100ms;
  p.paths = {line_of(50 * mbit, 10ms, core::path_role::active), line_of(100 * mbit, 20ms, second)};
  p.streams[0].start = 2s;  // all bridges are up
  return p;
}

/// Bytes of frames on a path, both ways, of bridges that are up.
std::uint64_t carried(const tunnel& run, std::size_t path) {
  tunnel_snapshot seen;
  run.client().describe(seen, timestamp{0});
  std::uint64_t sum = 0;
  for (const bridge_snapshot& b : seen.bridges)
    if (b.path == path) sum += b.bytes_up + b.bytes_down;
  return sum;
}

double share_of_second(const tunnel& run) {
  const auto first = static_cast<double>(carried(run, 0)), second = static_cast<double>(carried(run, 1));
  return second / (first + second);
}

/// So many bytes a second, a few every 10 ms; down, or up.
void demand(plan& p, double rate, bool up = false) {
  end_plan& from = up ? p.streams[0].client : p.streams[0].server;
  end_plan& to = up ? p.streams[0].server : p.streams[0].client;
  to.send = 0;
  from.send = UINT64_MAX / 2;
  from.turn = static_cast<std::uint64_t>(rate / 100);
  from.every = 10ms;
}

class Overflow : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Ways, Overflow, testing::Values(false, true),
                         [](const auto& way) { return way.param ? "Up" : "Down"; });

std::uint64_t arrived(const tunnel& run, bool up) {
  const auto& stream = *run.streams().all().at(0);
  return up ? stream.server.result().read : stream.client.result().read;
}

TEST_P(Overflow, RestsWhileTheActivePathCarriesAll) {
  plan p = two_lines("30 of 50 Mbit/s", core::path_role::overflow);
  demand(p, 30 * mbit, GetParam());
  tunnel run(p);
  run.run_until(62s);
  const double rate = static_cast<double>(arrived(run, GetParam())) / 60 / mbit;
  std::printf("a demand of 30 Mbit/s: %.1f Mbit/s, %.2f %% of them on the overflow\n", rate,
              100 * share_of_second(run));
  EXPECT_GE(rate, 29.5);
  EXPECT_LE(share_of_second(run), 0.01);
}

TEST_P(Overflow, CarriesTheRestOfABulkTransferAfterASecond) {
  plan p = two_lines("bulk", core::path_role::overflow);
  if (GetParam()) std::swap(p.streams[0].client.send, p.streams[0].server.send);
  tunnel run(p);
  double rates[6] = {};
  run.run_until(2s);
  for (int second = 0; second < 6; ++second) {
    const std::uint64_t before = arrived(run, GetParam());
    run.run_until(3s + second * 1s);
    rates[second] = static_cast<double>(arrived(run, GetParam()) - before) / mbit;
  }
  std::printf("bulk over 50 and 100 Mbit/s: %.1f, %.1f, %.1f, %.1f, %.1f, %.1f Mbit/s\n", rates[0], rates[1], rates[2],
              rates[3], rates[4], rates[5]);
  EXPECT_GE(rates[1], 137);
  EXPECT_GE(rates[5], 137);
}

TEST_P(Overflow, RestsAgainAfterBulk) {
  plan p = two_lines("bulk, then a demand", core::path_role::overflow);
  p.streams.push_back(p.streams[0]);
  demand(p, 30 * mbit, GetParam());
  stream_plan& bulk = p.streams[1];
  bulk.server.send = 100'000'000;
  if (GetParam()) std::swap(bulk.client.send, bulk.server.send);
  bulk.start = 4s;
  tunnel run(p);
  run.run_until(20s);
  const std::uint64_t before = carried(run, 1), before_first = carried(run, 0);
  EXPECT_GT(before, 50'000'000U);
  run.run_until(80s);
  const auto second = static_cast<double>(carried(run, 1) - before);
  const auto first = static_cast<double>(carried(run, 0) - before_first);
  std::printf("after bulk %.2f %% of a demand of 30 Mbit/s on the overflow\n", 100 * second / (first + second));
  EXPECT_LE(second / (first + second), 0.01);
}

TEST(OverflowPath, CarriesAllWhenTheActiveOneIsGone) {
  plan p = two_lines("the active one falls silent", core::path_role::overflow);
  demand(p, 30 * mbit);
  p.faults.push_back({.at = 6s, .path = 0, .what = fault::kind::swallow, .length = 60s, .persistent = true});
  tunnel run(p);
  run.run_until(6s);
  const std::uint64_t before = downloaded(run);
  run.run_until(16s);
  EXPECT_GE(static_cast<double>(downloaded(run) - before) / 10 / mbit, 29);
  const actor::account& reader = run.streams().all()[0]->client.result();
  std::printf("longest pause %ld ms\n", static_cast<long>(reader.longest_pause / 1ms));
  EXPECT_LE(reader.longest_pause, 700ms);
}

// ---- a backup steps in when quality falls ----

plan active_and_backup(const char* name) {
  plan p = two_lines(name, core::path_role::backup);
  p.paths[0] = paths_of({{50 * mbit, 20ms}})[0];
  p.paths[1] = line_of(20 * mbit, 20ms, core::path_role::backup, 2);
  return p;
}

fault at(timestamp when, fault::kind what, std::uint64_t value) {
  return {.at = when, .path = 0, .what = what, .value = value, .persistent = true};
}

/// How often backups began or ceased to carry data beside active ones, and when that was last.
struct change_count {
  int changes = 0;
  timestamp last{0};
  bool on = false;

  void run(tunnel& of, timestamp until, duration step = 25ms) {
    of.run_until(std::max<timestamp>(of.events().now(), 1s));  // there is a session
    for (timestamp t = of.events().now() + step; t <= until; t += step) {
      of.run_until(t);
      const bool now_on = of.server_engine().admits(core::path_role::backup);
      if (now_on == on) continue;
      on = now_on;
      ++changes;
      last = t;
    }
  }
};

void expect_help(const char* what, plan p, timestamp falls, timestamp recovers, double floor) {
  tunnel run(p);
  change_count seen;
  seen.run(run, falls);
  EXPECT_EQ(seen.changes, 0);
  seen.run(run, falls + 2s);
  const std::uint64_t before = downloaded(run);
  seen.run(run, recovers);
  const double rate =
      static_cast<double>(downloaded(run) - before) / static_cast<double>((recovers - falls - 2s) / 1s) / mbit;
  const timestamp in = seen.last;
  seen.run(run, recovers + 30s);
  std::printf("%-34s helped after %4ld ms with %.1f Mbit/s, rested %5ld ms after it was over, %d changes\n", what,
              static_cast<long>((in - falls) / 1ms), rate, static_cast<long>((seen.last - recovers) / 1ms),
              seen.changes);
  EXPECT_LE(in - falls, 2s);
  EXPECT_GE(rate, floor);
  EXPECT_EQ(seen.changes, 2);
  EXPECT_LE(seen.last - recovers, 10s);
}

TEST(BackupPath, HelpsAPathThatHasBecomeSlow) {
  plan p = active_and_backup("a twentieth of its rate");
  p.faults = {at(10s, fault::kind::rate, static_cast<std::uint64_t>(2.5 * mbit)),
              at(30s, fault::kind::rate, static_cast<std::uint64_t>(50 * mbit))};
  expect_help("50 Mbit/s fall to 2.5", p, 10s, 30s, 17);
}

TEST(BackupPath, HelpsAPathThatLosesAThird) {
  plan p = active_and_backup("a third is lost");
  p.faults = {at(10s, fault::kind::lose, 330), at(30s, fault::kind::lose, 0)};
  expect_help("50 Mbit/s lose 33 %", p, 10s, 30s, 15);
}

TEST(BackupPath, HelpsADemandThatAPathHasBecomeTooSlowFor) {
  plan p = active_and_backup("a twentieth of its rate");
  demand(p, 10 * mbit);
  p.faults = {at(10s, fault::kind::rate, static_cast<std::uint64_t>(0.5 * mbit)),
              at(30s, fault::kind::rate, static_cast<std::uint64_t>(50 * mbit))};
  expect_help("10 of 50 Mbit/s, which fall to 0.5", p, 10s, 30s, 9);
}

TEST(BackupPath, DoesNotFollowALineThatFlaps) {
  plan p = active_and_backup("flaps");
  for (timestamp t = 10s; t < 70s; t += 4s) {
    p.faults.push_back(at(t, fault::kind::rate, static_cast<std::uint64_t>(2.5 * mbit)));
    p.faults.push_back(at(t + 2s, fault::kind::rate, static_cast<std::uint64_t>(50 * mbit)));
  }
  tunnel run(p);
  change_count seen;
  seen.run(run, 100s);
  std::printf("a line that flaps 15 times in a minute: %d changes\n", seen.changes);
  EXPECT_LE(seen.changes, 4);
  EXPECT_FALSE(seen.on);
}

TEST(BackupPath, RestsWhileTheActiveOneIsMerelyFull) {
  plan p = active_and_backup("full");
  tunnel run(p);
  change_count seen;
  seen.run(run, 60s);
  EXPECT_EQ(seen.changes, 0);
  EXPECT_LE(share_of_second(run), 0.005);
}

}  // namespace
}  // namespace mtcp::sim

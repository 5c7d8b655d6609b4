// Many bridges die while many streams move bytes both ways, and nothing is lost.
//
// MTCP_SOAK_KILLS and MTCP_SOAK_MEGABYTES in the environment make it longer: the full form is 1,000 kills in 10,000 MB.
#include <gtest/gtest.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

constexpr int streams = 20;
constexpr int bridges = 4;

double from_environment(const char* name, double otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atof(text) : otherwise;
}

/// Resident memory of a process, in MiB.
double memory_of(const process& p) {
  std::ifstream status("/proc/" + std::to_string(p.id()) + "/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") return status >> word ? std::stod(word) / 1024 : 0;
  return 0;
}

std::vector<std::size_t> alive(const std::vector<crossing>& all) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].open && !all[i].lost) out.push_back(i);
  return out;
}

/// Loses one of the bridges, whichever way.
void kill_one(network& lines, std::minstd_rand& random) {
  ASSERT_TRUE(lines.wait([](const auto& all) { return !alive(all).empty(); }, 30s)) << "no new bridge";
  const std::vector<std::size_t> open = alive(lines.crossings());
  constexpr std::array ways{loss::reset, loss::fin, loss::silence};
  lines.lose(open[random() % open.size()], ways[random() % ways.size()]);
}

TEST(Soak, KillsLoseNothing) {
  const auto kills = static_cast<std::uint64_t>(from_environment("MTCP_SOAK_KILLS", 30));
  const double megabytes = from_environment("MTCP_SOAK_MEGABYTES", 100 * machine_speed);
  const auto size = static_cast<std::uint64_t>(megabytes * 1e6 / streams);
  const double rate = 20e6 * machine_speed;
  const origin web;
  deployment halves({.lines = {.rate_up = rate, .rate_down = rate, .delay = 5ms}, .bridges = bridges});
  std::vector<transfer> running;
  for (int i = 0; i < streams; ++i) {
    running.push_back(i % 2 == 0 ? transfer::download(halves, web.url(""), size)
                                 : transfer::upload(halves, web.url(""), size));
  }
  std::minstd_rand random(4711);
  double memory_at_half = 0;
  const std::uint64_t before = halves.bytes_crossed();
  const auto step = (static_cast<std::uint64_t>(megabytes * 1e6) - before) / (kills + 2);
  for (std::uint64_t i = 0, due = before + step; i < kills; ++i) {
    const std::uint64_t crossed = halves.bytes_crossed();
    if (crossed < due) halves.wait_for_bytes(due - crossed);
    due =
        std::max(due + step, halves.bytes_crossed() + step / 2);  // a busy machine is late, and need not hurry too much
    kill_one(halves.lines(), random);
    if (i == kills / 2) memory_at_half = memory_of(halves.client()) + memory_of(halves.server());
  }
  for (transfer& t : running) {
    const auto r = t.finish(std::chrono::seconds(60 + static_cast<int>(megabytes)));
    EXPECT_TRUE(r.intact) << r.trouble;
  }
  const double memory = memory_of(halves.client()) + memory_of(halves.server());
  std::printf("%" PRIu64
              " kills, %.0f MB over %d streams, %zu bridges in all; memory of both halves %.0f MiB, %.0f at half\n",
              kills, megabytes, streams, halves.lines().crossings().size(), memory, memory_at_half);
  const double kept = machine_speed == 1 ? 16 : 512;  // a sanitizer keeps what was freed
  EXPECT_LT(memory, 1.5 * memory_at_half + kept);
}

}  // namespace
}  // namespace mtcp::lab

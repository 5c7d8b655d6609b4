// Credit, and how streams share what there is of it.
#include "mtcp/core/stream/receive_window.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mtcp::core::test {
namespace {

using namespace std::chrono_literals;

/// What is granted is read, half of it every millisecond for a second. Returns the offset that was reached.
std::uint64_t read_fast(receive_window& window, timestamp& now, const limits& l, credit_budget& budget) {
  std::uint64_t consumed = 0;
  for (int i = 0; i < 1000; ++i, now += 1ms) {
    const auto step = static_cast<std::size_t>((window.granted() - consumed) / 2);
    consumed += step;
    window.on_read(step, consumed, 40ms, now, l, budget);
    EXPECT_LE(budget.granted(), l.receive_budget);
  }
  return consumed;
}

TEST(ReceiveWindow, DoublesWhenItIsTheLimitAndStaysInsideTheBudget) {
  limits l;
  l.receive_budget = 8 << 20;
  credit_budget budget(l.receive_budget);
  receive_window window;
  window.begin_early(l, budget);
  window.open(l, 0, budget);
  EXPECT_EQ(window.granted(), l.window_start);
  timestamp now = 1s;
  const std::uint64_t consumed = read_fast(window, now, l, budget);
  EXPECT_GT(window.size(), l.window_start);
  receive_window late;
  late.begin_early(l, budget);
  late.open(l, 0, budget);
  EXPECT_GE(late.granted(), l.early_limit);
  late.end(0, budget);
  window.end(consumed, budget);
  EXPECT_EQ(budget.granted(), 0U);
}

TEST(ReceiveWindow, GrowsBesideAHoleWithWhatComesBehindIt) {
  const limits l;
  credit_budget budget(l.receive_budget);
  receive_window window;
  window.begin_early(l, budget);
  window.open(l, 0, budget);
  const std::uint64_t before = window.granted();
  EXPECT_FALSE(window.on_hole(0, before / 4 - 1, 240ms, 1s, l, budget)) << "little waits behind it";
  EXPECT_TRUE(window.on_hole(0, before / 4, 240ms, 1s, l, budget));
  EXPECT_EQ(window.granted(), 2 * before);
  EXPECT_FALSE(window.on_hole(0, before, 240ms, 1200ms, l, budget)) << "once a round trip, as a sender doubles";
  EXPECT_TRUE(window.on_hole(0, before, 240ms, 1240ms, l, budget));
  for (timestamp now = 2s; now < 20s; now += 1s) window.on_hole(0, window.granted(), 240ms, now, l, budget);
  EXPECT_EQ(window.size(), 16U << 20) << "it is memory at both ends";
}

/// All that is granted is read at once, then nothing for so long, and so on. Returns the window in the end.
std::size_t read_in_bursts(duration pause, duration round_trip) {
  const limits l;
  credit_budget budget(l.receive_budget);
  receive_window window;
  window.begin_early(l, budget);
  window.open(l, 0, budget);
  std::uint64_t consumed = 0;
  timestamp now = 1s;
  for (; now < 20s; now += pause) {
    for (int i = 0; i < 4; ++i) {
      const auto step = static_cast<std::size_t>(window.granted() - consumed);
      consumed += step;
      window.on_read(step, consumed, round_trip, now, l, budget);
    }
  }
  return window.size();
}

// What stood behind a bridge that was late is read in one go.
TEST(ReceiveWindow, DoesNotTakeWhatWasHeldUpForAFastLine) { EXPECT_EQ(read_in_bursts(1s, 40ms), 32U << 20); }

TEST(ReceiveWindow, IsAsLargeAsALongFatLineNeeds) { EXPECT_EQ(read_in_bursts(100ms, 200ms), 64U << 20); }

// Idle streams that were fast once keep their credit; others must still be able to become fast.
TEST(ReceiveWindow, LeavesOthersAsMuchAsItHolds) {
  limits l;
  l.receive_budget = 8 << 20;
  l.window_max = 8 << 20;
  credit_budget budget(l.receive_budget);
  timestamp now = 1s;
  std::vector<std::size_t> granted;
  for (int stream = 0; stream < 4; ++stream) {
    receive_window window;
    window.begin_early(l, budget);
    window.open(l, 0, budget);
    const std::uint64_t consumed = read_fast(window, now, l, budget);
    granted.push_back(static_cast<std::size_t>(window.granted() - consumed));
  }
  EXPECT_GT(granted[0], 2U << 20);
  for (std::size_t i = 1; i < granted.size(); ++i) EXPECT_GT(granted[i], granted[i - 1] / 3);
  EXPECT_GT(budget.free(), 256U << 10);
}

}  // namespace
}  // namespace mtcp::core::test

// The simulated TCP on its own: if it were a perfect pipe, nothing that the engine's tests show would mean anything.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "sim/tcp_flow.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = 1'000'000;

// A connection whose forward direction is tested, and a writer that fills it whenever it may.
struct fixture {
  explicit fixture(bottleneck::options narrow, duration delay, line::options extra = {}, tcp_flow::options o = {}) {
    extra.delay = delay;
    line::options back = extra;
    back.loss = 0;
    back.police.reset();
    extra.narrow = std::make_shared<bottleneck>(events, narrow);
    back.narrow = std::make_shared<bottleneck>(events, bottleneck::options{.rate = 1000 * mega});
    forward = std::make_unique<line>(events, extra, random(1));
    backward = std::make_unique<line>(events, back, random(2));
    connection = std::make_unique<tcp_flow>(events, *forward, *backward, o, handlers());
  }

  tcp_flow::handlers handlers() {
    return {[this] {
              ++wakes;
              if (greedy) fill();
            },
            [this](core::slice bytes) { take(bytes); }, [this] { ended_at = events.now(); },
            [this] { gave_up_at = events.now(); }};
  }

  void take(const core::slice& bytes) {
    for (const std::byte b : bytes.bytes()) intact &= b == static_cast<std::byte>(received++ % 251);
    longest_pause = std::max(longest_pause, events.now() - last_progress);
    last_progress = events.now();
  }

  void write(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((written + i) % 251);
    written += connection->write(bytes);
  }
  void fill() {
    while (connection->room() > 0) write(16384);
  }
  void start_greedy() {
    greedy = true;
    fill();
  }
  // Payload bytes per second over the next `span`.
  double goodput(duration span) {
    const std::uint64_t before = received;
    events.run_until(events.now() + span);
    return static_cast<double>(received - before) * 1e9 / static_cast<double>(span.count());
  }

  event_queue events;
  std::unique_ptr<line> forward, backward;
  std::unique_ptr<tcp_flow> connection;
  std::uint64_t written = 0, received = 0;
  bool greedy = false, intact = true;
  int wakes = 0;
  timestamp last_progress{0}, ended_at{0}, gave_up_at{0};
  duration longest_pause{0};
};

constexpr double record_share = 16384.0 / (16384 + 22);

TEST(TcpFlow, OneByteArrivesAfterTheOneWayDelay) {
  fixture f({.rate = mega}, 20ms);
  f.write(1);
  f.events.run_until(1s);
  EXPECT_EQ(f.received, 1U);
  EXPECT_EQ(f.last_progress, 20ms + time_of(23, mega));
}

TEST(TcpFlow, TheInitialWindowLimitsTheFirstRoundTripAndThenDoubles) {
  fixture f({.rate = 100 * mega, .queue = 8 << 20}, 50ms);
  f.start_greedy();
  f.events.run_until(99ms);
  EXPECT_LE(f.connection->received(), 10U * 1448);
  EXPECT_GT(f.connection->received(), 9U * 1448);
  f.events.run_until(199ms);
  EXPECT_LE(f.connection->received(), 30U * 1448);
  EXPECT_GT(f.connection->received(), 28U * 1448);
  f.events.run_until(299ms);
  EXPECT_GT(f.connection->received(), 66U * 1448);
}

TEST(TcpFlow, ALongTransferFillsTheLine) {
  fixture f({.rate = 20 * mega, .queue = 1 << 20}, 20ms);
  f.start_greedy();
  f.events.run_until(3s);
  EXPECT_GT(f.goodput(10s), 0.98 * record_share * 20 * mega);
  EXPECT_LT(f.goodput(10s), 1.001 * record_share * 20 * mega);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, AFullQueueDropsAndTheWindowHalves) {
  fixture f({.rate = 5 * mega, .queue = 100'000}, 20ms);
  f.start_greedy();
  f.events.run_until(20s);
  EXPECT_GT(f.connection->count().losses, 1U);
  EXPECT_GT(f.connection->count().retransmitted, 0U);
  EXPECT_EQ(f.connection->count().timeouts, 0U);
  EXPECT_LT(f.connection->info().congestion_window, 5U * 40'000 + 100'000 + 50'000);
  EXPECT_GT(f.goodput(10s), 0.85 * record_share * 5 * mega);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, ADeepQueueAddsItsDelayToTheRoundTrip) {
  fixture f({.rate = mega, .queue = 2'000'000}, 10ms);
  f.start_greedy();
  f.events.run_until(20s);
  EXPECT_GT(f.connection->info().srtt, 900ms);
  EXPECT_LT(f.connection->info().srtt, 2100ms);
}

TEST(TcpFlow, TheWindowDoesNotGrowWhileTheApplicationIsTheLimit) {
  fixture f({.rate = 20 * mega, .queue = 1 << 20}, 20ms);
  for (int i = 0; i < 500; ++i) {
    f.write(1000);
    f.events.run_until(f.events.now() + 10ms);
  }
  f.events.run_until(6s);
  EXPECT_EQ(f.received, 500'000U);
  EXPECT_LE(f.connection->info().congestion_window, 2U * 10 * 1448);
}

TEST(TcpFlow, TheWindowFallsBackAfterAPause) {
  fixture f({.rate = 20 * mega, .queue = 1 << 20}, 20ms);
  f.start_greedy();
  f.events.run_until(2s);
  f.greedy = false;
  f.events.run_until(60s);
  EXPECT_EQ(f.received, f.written);
  f.write(1);
  EXPECT_EQ(f.connection->info().congestion_window, 10U * 1448);
}

TEST(TcpFlow, UnsentBytesStayAtTheLowWaterMarkAndTheWriterWakesAtHalf) {
  fixture f({.rate = mega, .queue = 1 << 20}, 20ms);
  f.connection->set_low_water(64 << 10);
  f.fill();
  const std::uint64_t unsent = f.written - 10 * 1448;
  EXPECT_GE(unsent, 60U << 10);
  EXPECT_LE(unsent, (64U + 17) << 10);
  EXPECT_EQ(f.connection->room(), 0U);
  EXPECT_EQ(f.wakes, 0);
  f.events.run_until(1s);
  EXPECT_EQ(f.wakes, 1);
  EXPECT_GT(f.connection->room(), 0U);
}

TEST(TcpFlow, JitterDelaysAndKeepsTheOrder) {
  fixture f({.rate = 10 * mega, .queue = 8 << 20}, 20ms, {.jitter = 10ms});
  f.start_greedy();
  f.events.run_until(5s);
  EXPECT_EQ(f.connection->count().retransmitted, 0U);
  EXPECT_GT(f.connection->info().srtt, 41ms);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, RandomLossHoldsBackWhatFollowsForARoundTrip) {
  fixture f({.rate = 10 * mega, .queue = 1 << 20}, 20ms, {.loss = 0.001});
  f.start_greedy();
  f.events.run_until(10s);
  EXPECT_GT(f.connection->count().losses, 3U);
  EXPECT_GT(f.longest_pause, 40ms);
  EXPECT_LT(f.longest_pause, 400ms);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, ALostTailWaitsForTheTimerWhichDoubles) {
  fixture f({.rate = 10 * mega}, 5ms);
  f.write(1000);
  f.events.run_until(1s);
  f.forward->swallow(1s + 500ms);
  f.write(1000);
  f.events.run_until(10s);
  // Sent at 1.0, again at 1.2 (lost too) and at 1.6.
  EXPECT_GT(f.last_progress, 1600ms);
  EXPECT_LT(f.last_progress, 1610ms);
  EXPECT_EQ(f.connection->count().timeouts, 2U);
  EXPECT_EQ(f.received, 2000U);
}

TEST(TcpFlow, PacketsThatWereOnlyHeldUndoTheTimeout) {
  fixture f({.rate = 10 * mega, .queue = 8 << 20}, 20ms);
  f.start_greedy();
  f.events.run_until(5s);
  const auto window = f.connection->info().congestion_window;
  f.forward->hold(5s + 800ms);
  f.events.run_until(7s);
  EXPECT_GE(f.connection->count().timeouts, 1U);
  EXPECT_GE(f.connection->info().congestion_window, window);
  EXPECT_GT(f.longest_pause, 790ms);
  EXPECT_LT(f.longest_pause, 840ms);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, ASwallowedWindowIsSentAgainAfterTheOutage) {
  fixture f({.rate = 10 * mega, .queue = 1 << 20}, 20ms);
  f.start_greedy();
  f.events.run_until(5s);
  f.forward->swallow(6s);
  EXPECT_LT(f.goodput(1s), mega);
  f.events.run_until(9s);
  EXPECT_GT(f.goodput(3s), 9 * mega);
  EXPECT_GT(f.connection->count().timeouts, 1U);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, ABlackHoleMakesTheSenderGiveUp) {
  fixture f({.rate = 10 * mega}, 5ms, {}, {.give_up = 20s});
  f.events.run_until(100s);  // a long silence before it is no reason to give up at once
  f.forward->swallow(timestamp::max());
  f.write(1000);
  f.events.run_until(300s);
  EXPECT_GE(f.gave_up_at, 120s);
  EXPECT_LT(f.gave_up_at, 150s);
}

TEST(TcpFlow, APolicerDropsAndAShaperDelays) {
  fixture policed({.rate = 100 * mega, .queue = 1 << 20}, 10ms, {.police = policer::options{5 * mega, 128 << 10}});
  policed.start_greedy();
  policed.events.run_until(5s);
  const double rate = policed.goodput(10s);
  EXPECT_LT(rate, 5.1 * mega);
  EXPECT_GT(rate, 2.5 * mega);
  EXPECT_GT(policed.connection->count().losses, 3U);

  fixture shaped({.rate = 5 * mega, .queue = 2 << 20, .burst = 1 << 20}, 10ms);
  shaped.start_greedy();
  EXPECT_GT(shaped.goodput(200ms), 5.2 * mega);
  shaped.events.run_until(5s);
  EXPECT_GT(shaped.goodput(10s), 0.98 * record_share * 5 * mega);
  EXPECT_TRUE(shaped.intact && policed.intact);
}

TEST(TcpFlow, ARateChangeAlsoSlowsWhatWaits) {
  fixture f({.rate = 10 * mega, .queue = 1 << 20}, 20ms);
  f.start_greedy();
  f.events.run_until(3s);
  f.forward->narrow().set_rate(mega / 2);
  EXPECT_LT(f.goodput(2s), 0.6 * mega);
  f.forward->narrow().set_rate(10 * mega);
  f.events.run_until(10s);
  EXPECT_GT(f.goodput(3s), 9 * mega);
  EXPECT_TRUE(f.intact);
}

TEST(TcpFlow, TheEndComesAfterTheLastByte) {
  fixture f({.rate = mega}, 20ms);
  f.write(50'000);
  f.connection->close();
  f.events.run_until(5s);
  EXPECT_EQ(f.received, f.written);
  EXPECT_GE(f.ended_at, f.last_progress);
  EXPECT_GT(f.ended_at, 60ms);
}

// Acks wait in the queue of the direction in which they travel, in their turn: they neither overtake the data there nor
// hold it back.
TEST(TcpFlow, AnAckKeepsItsPlaceAmongTheData) {
  event_queue events;
  const auto narrow = std::make_shared<bottleneck>(events, bottleneck::options{.rate = mega});
  line one_way(events, {.delay = 20ms, .narrow = narrow}, random(1));
  std::vector<timestamp> arrivals;
  const auto arrived = [&] { arrivals.push_back(events.now()); };
  one_way.send(10'000, arrived);
  one_way.send(10'000, arrived);
  one_way.send_ack(arrived);
  one_way.send(10'000, arrived);
  events.run_until(1s);
  EXPECT_EQ(arrivals, (std::vector<timestamp>{30ms, 40ms, 40ms, 50ms}));
}

TEST(TcpFlow, TwoConnectionsShareABottleneck) {
  event_queue events;
  auto narrow = std::make_shared<bottleneck>(events, bottleneck::options{.rate = 10 * mega, .queue = 500'000});
  auto back = std::make_shared<bottleneck>(events, bottleneck::options{.rate = 1000 * mega});
  std::array<std::uint64_t, 2> received{};
  std::vector<std::unique_ptr<line>> lines;
  std::vector<std::unique_ptr<tcp_flow>> links;
  const std::vector<std::byte> block(16384);
  for (std::size_t i = 0; i < 2; ++i) {
    lines.push_back(std::make_unique<line>(events, line::options{.delay = 20ms, .narrow = narrow}, random(i)));
    lines.push_back(std::make_unique<line>(events, line::options{.delay = 20ms, .narrow = back}, random(i)));
    auto fill = [&links, &block, i] {
      while (links[i]->room() > 0) links[i]->write(block);
    };
    auto count = [&received, i](const core::slice& bytes) { received[i] += bytes.size(); };
    links.push_back(std::make_unique<tcp_flow>(events, *lines[2 * i], *lines[2 * i + 1], tcp_flow::options{},
                                               tcp_flow::handlers{fill, count, [] {}, [] {}}));
    fill();
  }
  events.run_until(30s);
  const double total = static_cast<double>(received[0] + received[1]);
  EXPECT_GT(total, 0.93 * 30 * 10 * mega);
  EXPECT_LE(total, 30.0 * 10 * mega);
  EXPECT_GT(static_cast<double>(std::min(received[0], received[1])), 0.15 * total);
}

TEST(TcpFlow, TheSameSeedGivesTheSameRun) {
  const auto run = [] {
    fixture f({.rate = 10 * mega, .queue = 1 << 19}, 20ms, {.jitter = 5ms, .loss = 0.001});
    f.start_greedy();
    f.events.run_until(5s);
    return std::pair(f.received, f.connection->count().retransmitted);
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace mtcp::sim

// Congestion controls, each against what its source says of it.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "sim/tcp_flow.hpp"

namespace mtcp::sim {
namespace {

using namespace std::chrono_literals;
using control = congestion::control;

constexpr std::size_t segment = 1448;
constexpr double mega = 1e6;
constexpr double record_share = 16384.0 / (16384 + 22);

/// Connections that are never short of bytes, over one bottleneck.
class senders {
 public:
  senders(std::size_t count, control which, double rate, std::size_t queue, duration delay, double loss = 0,
          duration jitter = 0ms, std::uint64_t seed = 1) {
    narrow = std::make_shared<bottleneck>(
        events, bottleneck::options{.rate = static_cast<std::uint64_t>(rate), .queue = queue});
    const auto back = std::make_shared<bottleneck>(events, bottleneck::options{.rate = 1'000'000'000});
    received.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const line::options there{.delay = delay, .jitter = jitter, .loss = loss, .narrow = narrow};
      const line::options and_back{.delay = delay, .jitter = jitter, .loss = loss, .narrow = back};
      lines_.push_back(std::make_unique<line>(events, there, random(2 * i + 1000 * seed)));
      lines_.push_back(std::make_unique<line>(events, and_back, random(2 * i + 1 + 1000 * seed)));
      flows.push_back(std::make_unique<tcp_flow>(
          events, *lines_[2 * i], *lines_[2 * i + 1], tcp_flow::options{.control = which},
          tcp_flow::handlers{[this, i] { fill(i); }, [this, i](const core::slice& s) { received[i] += s.size(); },
                             [] {}, [] {}}));
      fill(i);
    }
  }

  void fill(std::size_t i) {
    static const std::vector<std::byte> block(16384);
    while (flows[i]->room() > 0) flows[i]->write(block);
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t one : received) sum += one;
    return sum;
  }
  /// Payload bytes per second from `from` to `to`.
  double goodput(timestamp from, timestamp to) {
    events.run_until(from);
    const std::uint64_t before = total();
    events.run_until(to);
    return static_cast<double>(total() - before) * 1e9 / static_cast<double>((to - from).count());
  }

  event_queue events;
  std::shared_ptr<bottleneck> narrow;
  std::vector<std::uint64_t> received;
  std::vector<std::unique_ptr<tcp_flow>> flows;

 private:
  std::vector<std::unique_ptr<line>> lines_;
};

// ---- Reno and CUBIC ----

std::unique_ptr<congestion> past_slow_start(control which, std::size_t segments) {
  auto window = congestion::make(which, segment, segments * segment, 100ms);
  window->lost();
  return window;
}

/// A round trip of acks for the whole window.
void round_of(congestion& c, timestamp now, duration rtt) {
  const std::size_t packets = c.window() / segment;
  for (std::size_t i = 0; i < packets; ++i)
    c.acked(segment, now + rtt * static_cast<int>(i) / static_cast<int>(packets), rtt);
}

TEST(Reno, HalvesUponLossAndGrowsByASegmentPerRoundTrip) {
  const auto c = past_slow_start(control::reno, 100);
  EXPECT_EQ(c->window(), 50 * segment);
  for (int round = 0; round < 10; ++round) round_of(*c, round * 100ms, 100ms);
  EXPECT_NEAR(static_cast<double>(c->window()), 60.0 * segment, segment);
}

TEST(Cubic, KeepsSevenTenthsUponLoss) {
  EXPECT_NEAR(static_cast<double>(past_slow_start(control::cubic, 100)->window()), 70.0 * segment, 2);
}

// RFC 9438, section 4.2: back at the old window after K = cbrt(W (1 - beta) / C) seconds, and flat there.
TEST(Cubic, IsBackAtItsPeakAfterItsTimeAndRisesBeyondItSlowly) {
  const auto c = past_slow_start(control::cubic, 5000);
  const duration rtt = 100ms;
  const double k = std::cbrt(5000 * 0.3 / 0.4);
  timestamp now = 0ms;
  for (; std::chrono::duration<double>(now).count() < k; now += rtt) round_of(*c, now, rtt);
  EXPECT_NEAR(static_cast<double>(c->window()) / segment, 5000, 25);
  for (const timestamp end = now + 2s; now < end; now += rtt) round_of(*c, now, rtt);
  EXPECT_NEAR(static_cast<double>(c->window()) / segment, 5000 + 0.4 * 8, 25);
}

// RFC 9438, section 4.3: where the cube is slower than Reno, 3 (1 - beta) / (1 + beta) segments per round trip.
TEST(Cubic, IsAsFastAsRenoWhereWindowsAreSmall) {
  const auto c = past_slow_start(control::cubic, 20);
  for (int round = 0; round < 5; ++round) round_of(*c, round * 10ms, 10ms);
  EXPECT_NEAR(static_cast<double>(c->window()) / segment, 14 + 5 * 0.529, 0.6);
}

TEST(Cubic, GivesWayFasterWhenItsWindowShrinks) {
  const auto c = past_slow_start(control::cubic, 1000);
  c->lost();  // at 700, under a peak of 1000: the new one is 700 (1 + beta) / 2 = 595
  for (timestamp now = 0ms; now < 7600ms; now += 100ms) round_of(*c, now, 100ms);  // K is cbrt((595 - 490) / 0.4)
  EXPECT_NEAR(static_cast<double>(c->window()) / segment, 595, 10);
}

// Mathis et al. (CCR 1997): MSS / RTT x sqrt(3 / (2 p)); what the timers and the bursts of loss take off is granted.
double mathis(double loss, duration rtt) {
  return segment / std::chrono::duration<double>(rtt).count() * std::sqrt(1.5 / loss);
}

TEST(Reno, HasTheRateOfMathisUnderRandomLoss) {
  for (const double loss : {0.01, 0.003}) {
    senders s(8, control::reno, 1000 * mega, 1 << 24, 40ms, loss);
    const double each = s.goodput(5s, 65s) / 8 / mathis(loss, 80ms);
    EXPECT_GT(each, 0.75) << loss;
    EXPECT_LT(each, 1.15) << loss;
  }
}

TEST(Cubic, IsFasterThanRenoOnALongWayAndNotSlowerOnAShortOne) {
  const auto rate = [](control which, duration delay) {
    senders s(4, which, 1000 * mega, 1 << 24, delay, 0.0005);
    return s.goodput(5s, 65s);
  };
  EXPECT_GT(rate(control::cubic, 120ms), 1.2 * rate(control::reno, 120ms));
  EXPECT_GT(rate(control::cubic, 10ms), 0.95 * rate(control::reno, 10ms));
}

TEST(LossBased, FillALineWithAQueueOfARoundTrip) {
  for (const control which : {control::reno, control::cubic}) {
    senders s(1, which, 5 * mega, 200'000, 20ms);
    EXPECT_GT(s.goodput(20s, 60s), 0.95 * record_share * 5 * mega);
  }
}

// ---- BBR ----

TEST(Bbr, FillsALineAndKeepsItsQueueShort) {
  senders s(1, control::bbr, 5 * mega, 4 << 20, 20ms);
  EXPECT_GT(s.goodput(3s, 13s), 0.97 * record_share * 5 * mega);
  std::size_t most = 0, sum = 0;
  for (int i = 0; i < 1000; ++i) {
    s.events.run_until(13s + i * 1ms);
    most = std::max(most, s.narrow->backlog());
    sum += s.narrow->backlog();
  }
  EXPECT_LT(most, 100'000U) << "half of what the way holds";
  EXPECT_LT(sum / 1000, 30'000U);
}

TEST(Bbr, StartsAsFastAsAWindowThatDoubles) {
  senders s(1, control::bbr, 5 * mega, 4 << 20, 20ms);
  EXPECT_GT(s.goodput(400ms, 1400ms), 0.85 * record_share * 5 * mega);
}

TEST(Bbr, DoesNotMindRandomLoss) {
  for (const duration delay : {20ms, 120ms}) {
    senders s(1, control::bbr, 2 * mega, 512 << 10, delay, 0.01);
    EXPECT_GT(s.goodput(5s, 25s), 0.88 * record_share * 2 * mega) << delay.count();
  }
}

TEST(Bbr, DoesNotMindJitter) {
  senders s(1, control::bbr, 5 * mega, 512 << 10, 20ms, 0, 15ms);
  EXPECT_GT(s.goodput(5s, 25s), 0.95 * record_share * 5 * mega);
}

TEST(Bbr, LooksAtTheRoundTripEveryTenSeconds) {
  senders s(1, control::bbr, 5 * mega, 4 << 20, 20ms);
  int looks = 0;
  bool looking = false;
  for (timestamp t = 1s; t < 35s; t += 5ms) {
    s.events.run_until(t);
    const bool now = s.flows[0]->info().probing;
    looks += now && !looking ? 1 : 0;
    looking = now;
    if (now) {
      EXPECT_LE(s.flows[0]->info().congestion_window, 4 * segment);
    }
  }
  EXPECT_GE(looks, 2);
  EXPECT_LE(looks, 3);
}

TEST(Bbr, SharesALine) {
  senders s(2, control::bbr, 5 * mega, 512 << 10, 20ms);
  EXPECT_GT(s.goodput(10s, 60s), 0.95 * record_share * 5 * mega);
  EXPECT_GT(static_cast<double>(std::min(s.received[0], s.received[1])), 0.25 * static_cast<double>(s.total()));
}

}  // namespace
}  // namespace mtcp::sim

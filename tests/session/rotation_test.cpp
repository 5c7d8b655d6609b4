// A network model of a few lines under the machine: bridges with a rate that follows from what they carried, how old
// they are, and what the line has in all. Successors come up 150 ms after they are wanted.
#include "mtcp/session/rotation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <vector>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

constexpr double mega = 1e6;

class network {
 public:
  struct bridge {
    core::bridge_id id;
    core::timestamp up_since;
    double bytes = 0;
  };
  /// Bytes per second that a bridge would have alone.
  using behaviour = std::function<double(const bridge&, core::timestamp now)>;

  network(std::size_t bridges, double line, behaviour rate) : wanted_(bridges), line_(line), rate_(std::move(rate)) {
    for (std::size_t i = 0; i < bridges; ++i) dial();
  }

  void run(core::duration time, double demand = 1) {
    for (const auto end = now + time; now < end; now += rotation::interval) turn(demand);
  }
  void lose_all() {
    for (const auto& [id, b] : up) tested.lost(id);
    up.clear();
  }
  double carried() const { return carried_; }
  std::size_t outgoing() const {
    return static_cast<std::size_t>(std::ranges::count_if(up, [&](const auto& b) { return tested.outgoing(b.first); }));
  }

  rotation tested{{}, 1};
  core::timestamp now{1h};
  std::map<core::bridge_id, bridge> up;
  std::size_t dialled = 0;
  std::size_t most = SIZE_MAX;  ///< that it lets exist

 private:
  void dial() {
    coming_.push_back(now + 150ms);
    ++dialled;
  }

  /// The youngest is one too many.
  void close_one() {
    const auto youngest = std::prev(up.end());
    tested.forget(youngest->first);
    up.erase(youngest);
  }

  void turn(double demand) {
    std::erase_if(coming_, [&](core::timestamp at) {
      if (at > now || up.size() >= most) return at + 1s <= now;
      ++last_;
      up[last_] = {last_, now};
      return true;
    });
    carry(demand);
    std::vector<rotation::observed> seen;
    for (const auto& [id, b] : up) seen.push_back({id, b.up_since, 0, static_cast<std::uint64_t>(b.bytes), 40ms});
    tested.observe(now, seen, up.size() < most);
    for (auto it = up.begin(); it != up.end();) {
      if (tested.retired(it->first)) {
        tested.forget(it->first);
        it = up.erase(it);
      } else {
        ++it;
      }
    }
    while (up.size() - outgoing() + coming_.size() < wanted_) dial();
    if (up.size() - outgoing() > wanted_) close_one();
  }

  void carry(double demand) {
    double sum = 0;
    for (const auto& [id, b] : up) sum += rate_(b, now);
    const double share = demand * std::min(1.0, line_ / std::max(sum, 1.0));
    for (auto& [id, b] : up) {
      const double bytes = share * rate_(b, now) * 0.1;
      b.bytes += bytes;
      carried_ += bytes;
    }
  }

  std::size_t wanted_;
  double line_;
  behaviour rate_;
  core::bridge_id last_ = 0;
  std::vector<core::timestamp> coming_;
  double carried_ = 0;
};

double steady(const network::bridge&, core::timestamp) { return 20 * mega; }
double fades_after_64_megabytes(const network::bridge& b, core::timestamp) { return (b.bytes < 64e6 ? 20 : 1) * mega; }

TEST(Rotation, LeavesASteadyLineAlone) {
  network net(4, 80 * mega, steady);
  net.run(10min);
  EXPECT_EQ(net.dialled, 4U);
}

TEST(Rotation, ReplacesBridgesThatHaveFadedAndLearnsAfterHowManyBytes) {
  network net(4, 80 * mega, fades_after_64_megabytes);
  net.run(5s);
  EXPECT_EQ(net.dialled, 8U);
  ASSERT_TRUE(net.tested.found().bytes.has_value());
  EXPECT_NEAR(static_cast<double>(*net.tested.found().bytes), 64e6, 8e6);
}

TEST(Rotation, MakesRoomForSuccessorsWhereNoMoreMayExist) {
  network net(4, 80 * mega, fades_after_64_megabytes);
  net.most = 4;
  net.run(8s);
  EXPECT_TRUE(net.tested.found().bytes.has_value());
  const double before = net.carried();
  net.run(20s);
  EXPECT_GE(net.carried() - before, 0.8 * 20 * 80e6);
}

// One by one it is tried whether the place of the slowest is worth more, and more and more rarely.
TEST(Rotation, MakesRoomInVainOnlyNowAndThen) {
  network net(4, 80 * mega, [began = core::timestamp(1h)](const network::bridge&, core::timestamp now) {
    return (now < began + 10s ? 20 : 2) * mega;
  });
  net.most = 4;
  net.run(5min);
  EXPECT_LE(net.up.rbegin()->first, 4U + 5U);
}

// Nobody sees any more what a bridge carries, and no other comes up in its place where there is one more already.
TEST(Rotation, ADoubtEndsWithTheTransfer) {
  for (const core::duration between : {100ms, 1000ms, 5000ms}) {
    rotation tested({}, 1);
    core::timestamp now{1h};
    std::vector<rotation::observed> bridges{{1, now, 0, 0, 40ms}, {2, now, 0, 0, 40ms}, {3, now, 0, 0, 40ms}};
    const auto run = [&](core::duration time, core::duration interval, std::uint64_t first, std::uint64_t others) {
      for (const auto end = now + time; now < end; now += interval) {
        tested.observe(now, bridges);
        for (auto& b : bridges) b.down += b.id == 1 ? first : others;
      }
    };
    run(10s, 100ms, 2'000'000, 2'000'000);
    run(2s, 100ms, 10'000, 1'000'000);
    EXPECT_TRUE(tested.outgoing(1));
    run(10s, between, 0, 0);
    EXPECT_FALSE(tested.outgoing(1)) << "a look each " << between / 1ms << " ms";
  }
}

TEST(Rotation, SaysWhyABridgeGivesWay) {
  const std::vector<rotation::observed> young{{1, 1h, 0, 10'000'000, 40ms}}, old{{1, 1h, 0, 60'000'000, 40ms}};
  rotation by_bytes({.when = rotation_options::mode::planned, .bytes = 64'000'000}, 1);
  by_bytes.observe(1h + 2s, young);
  by_bytes.observe(1h + 3s, old);
  ASSERT_TRUE(by_bytes.retired(1));
  EXPECT_EQ(by_bytes.why_retired(1, 1h + 3s), "has carried 60 MB: more would slow it down");
  rotation by_age({.when = rotation_options::mode::planned, .age = 20s}, 1);
  by_age.observe(1h + 18s, young);
  by_age.observe(1h + 19s, old);
  ASSERT_TRUE(by_age.retired(1));
  EXPECT_EQ(by_age.why_retired(1, 1h + 19s), "is 19 s old: it would not last much longer");
}

// Where the whole path falls to nearly nothing, successors are dialled before averages tell: the pause is short.
TEST(Rotation, DialsAtOnceWhenTheWholePathDrops) {
  network net(4, 80 * mega, fades_after_64_megabytes);
  while (net.now < 1h + 3200ms) net.run(100ms);
  EXPECT_EQ(net.dialled, 4U);
  net.run(500ms);
  EXPECT_EQ(net.dialled, 8U);
}

TEST(Rotation, UsesWhatItHasLearntBeforeBridgesFade) {
  network net(4, 80 * mega, fades_after_64_megabytes);
  net.run(6s);
  const double before = net.carried();
  net.run(60s);
  EXPECT_GE((net.carried() - before) / 60, 0.93 * 80 * mega);
}

TEST(Rotation, LearnsAnAgeFromBridgesThatEndAtDifferentTimes) {
  rotation tested({}, 1);
  core::timestamp now{1h};
  core::bridge_id id = 0;
  for (int i = 0; i < 2; ++i) {
    const core::timestamp begun = now;
    ++id;
    for (; now < begun + 20s; now += 100ms) {
      const rotation::observed seen{id, begun, 0, static_cast<std::uint64_t>((now - begun).count() / 50), 40ms};
      tested.observe(now, {&seen, 1});
    }
    EXPECT_FALSE(tested.found().age.has_value());
    tested.lost(id);
    now += 2s;
  }
  ASSERT_TRUE(tested.found().age.has_value());
  EXPECT_NEAR(static_cast<double>(tested.found().age->count()), 20e9, 1e9);
}

// Four that carry 20 MB/s each, of which two are suspect for a second, and then none is.
TEST(Rotation, WhatSuspectsCarryIsNotMissed) {
  rotation tested({}, 1);
  const auto look = [&](core::duration age, bool suspects) {
    std::vector<rotation::observed> seen;
    for (core::bridge_id id = 1; id <= 4; ++id)
      seen.push_back({id, 1h, 0, static_cast<std::uint64_t>(age / 1ms * 20'000), 40ms, id > 2 || !suspects});
    tested.observe(1h + age, seen);
    EXPECT_FALSE(tested.doubting()) << "after " << age / 1ms << " ms";
  };
  for (core::duration age = 100ms; age < 10s; age += 100ms) look(age, age > 5s && age < 6s);
}

// It gets a successor already, and what it would teach is not its own.
TEST(Rotation, OneThatIsReplacedForAnotherReasonIsNotDoubted) {
  rotation tested({}, 1);
  bool doubted = false;
  for (core::duration age = 100ms; age < 10s; age += 100ms) {
    const auto bytes = static_cast<std::uint64_t>(std::min(age, core::duration(5s)) / 1ms * 20'000);
    const std::vector<rotation::observed> seen{
        {.id = 1, .up_since = 1h, .up = 0, .down = bytes, .round_trip = 40ms, .may_be_doubted = false},
        {.id = 2, .up_since = 1h, .up = 0, .down = bytes + static_cast<std::uint64_t>(age / 1us), .round_trip = 40ms}};
    tested.observe(1h + age, seen);
    EXPECT_FALSE(tested.outgoing(1));
    doubted = doubted || tested.outgoing(2);
  }
  EXPECT_TRUE(doubted);
}

// Its successor is there when another one fades: the path carries no more than before, and the first has faded all the
// same.
TEST(Rotation, OneFadesWhileAnotherIsDoubted) {
  network net(3, 60 * mega, [](const network::bridge& b, core::timestamp now) {
    const core::duration faded_at = b.id == 1 ? 10s : b.id == 2 ? 11100ms : 1h;
    return (now >= 1h + faded_at ? 1 : b.id <= 3 ? 20 : 12) * mega;
  });
  net.run(12500ms);
  EXPECT_FALSE(net.up.contains(1));
  net.run(1s);
  EXPECT_FALSE(net.up.contains(2));
  EXPECT_EQ(net.dialled, 5U);
}

// Connections that end at different times behind as many bytes, in silence.
TEST(Rotation, LearnsBytesFromBridgesThatDieOfThem) {
  rotation tested({}, 1);
  core::timestamp now{1h};
  for (core::bridge_id id = 1; id <= 2; ++id) {
    const core::timestamp begun = now;
    for (std::uint64_t bytes = 0; bytes < 64'000'000; bytes += id * 1'000'000, now += 100ms) {
      const rotation::observed seen{id, begun, 0, bytes, 40ms};
      tested.observe(now, {&seen, 1});
    }
    EXPECT_FALSE(tested.found().bytes.has_value());
    tested.lost(id);
    now += 2s;
  }
  ASSERT_TRUE(tested.found().bytes.has_value());
  EXPECT_NEAR(static_cast<double>(*tested.found().bytes), 64e6, 4e6);
}

// BBR looks how long the way is; the fade that comes a moment later is not to wait for ten seconds.
TEST(Rotation, ADoubtThatPassesByItselfIsSoonForgotten) {
  network net(4, 80 * mega, [](const network::bridge& b, core::timestamp now) {
    if (now >= 1h + 5s && now < 1h + 5400ms) return 1 * mega;
    return (b.id <= 4 && now >= 1h + 9s ? 1 : 20) * mega;
  });
  net.run(8s);
  EXPECT_EQ(net.tested.outgoing(1), false);
  net.run(4s);
  for (core::bridge_id id = 1; id <= 4; ++id) EXPECT_FALSE(net.up.contains(id)) << id;
}

TEST(Rotation, OneAccidentIsNoLesson) {
  network net(4, 80 * mega, steady);
  net.run(20s);
  for (const auto& [id, b] : net.up) net.tested.lost(id);
  EXPECT_FALSE(net.tested.found().age.has_value());
  EXPECT_FALSE(net.tested.found().bytes.has_value());
}

// Perhaps their age was to blame: then half of their successors are not there any more when the others die of it.
TEST(Rotation, SomeSuccessorsOfThoseThatDiedTogetherDoNotGrowAsOld) {
  network net(4, 80 * mega, steady);
  net.run(20s);
  net.lose_all();
  net.run(18s);
  EXPECT_EQ(net.dialled, 4U + 4 + 2);
  net.run(10min);
  EXPECT_EQ(net.dialled, 4U + 4 + 2) << "the others grew older: it had been an accident";
}

// A rate that falls for all: the successors show that they are no better, and the next try comes much later.
TEST(Rotation, TriesRarelyWhereSuccessorsAreNoBetter) {
  core::timestamp slow_from = core::timestamp(1h) + 20s;
  network net(4, 80 * mega,
              [&](const network::bridge&, core::timestamp now) { return (now < slow_from ? 20 : 4) * mega; });
  net.run(20s);
  EXPECT_EQ(net.dialled, 4U);
  net.run(10min);
  EXPECT_LE(net.dialled, 8U);
}

TEST(Rotation, ARateThatHalvesIsNotDoubted) {
  core::timestamp slow_from = core::timestamp(1h) + 20s;
  network net(4, 80 * mega,
              [&](const network::bridge&, core::timestamp now) { return (now < slow_from ? 20 : 10) * mega; });
  net.run(2min);
  EXPECT_EQ(net.dialled, 4U);
}

TEST(Rotation, AReaderThatStandsStillIsNotTheBridgesFault) {
  network net(4, 80 * mega, steady);
  net.run(10s);
  net.run(60s, 0);
  net.run(10s);
  EXPECT_EQ(net.dialled, 4U);
}

// One bridge of a full line carries little because the others carry more: nothing is missing.
TEST(Rotation, ABridgeThatCarriesLittleOnAFullLineHasNotFaded) {
  const network::bridge* starved = nullptr;
  network net(5, 80 * mega, [&](const network::bridge& b, core::timestamp) { return (&b == starved ? 2 : 40) * mega; });
  net.run(10s);
  starved = &net.up.begin()->second;
  net.run(40s);
  EXPECT_EQ(net.dialled, 5U);
}

/// A line that is full, as the congestion controls of its connections share it: unevenly, differently every second, a
/// newcomer takes far more than the rest at first, and every ten seconds all of them pause at once, as with BBR, to see
/// how long the way is when the queue is empty.
class contended_line {
 public:
  contended_line(unsigned seed, core::duration longest_pause) : seed_(seed), longest_pause_(longest_pause) {}

  double operator()(const network::bridge& b, core::timestamp now) const {
    const auto lasts = [&](unsigned number) { return 200ms + number % ((longest_pause_ - 200ms) / 100ms + 1) * 100ms; };
    if (now % 10s < lasts(seed_ + static_cast<unsigned>(now / 10s))) return 0.05 * mega;
    const auto second = static_cast<unsigned>((now - b.up_since) / 1s);
    std::minstd_rand random(seed_ + 977 * second + 7919 * static_cast<unsigned>(b.id));
    random.discard(3);
    const double weight = std::exp(std::normal_distribution<double>(0, 0.8)(random));
    const double head_start = now - b.up_since < 1s ? 4 : 1;
    return 40 * mega * weight * head_start;
  }

 private:
  unsigned seed_;
  core::duration longest_pause_;
};

std::size_t dialled_in_half_an_hour(unsigned seed, core::duration longest_pause) {
  network net(8, 4 * mega, contended_line(seed, longest_pause));
  net.run(30min);
  return net.dialled;
}

TEST(Rotation, LeavesAContendedLineAlone) {
  for (unsigned seed = 1; seed <= 10; ++seed)
    EXPECT_LE(dialled_in_half_an_hour(seed, 300ms), 8U + 10 * 8U) << "seed " << seed;
}

// Pauses that last until the successors have come look as if only these could carry anything. What is wrongly learnt
// from them is soon disproved, and the next try comes later.
TEST(Rotation, ErrsRarelyOnAContendedLine) {
  for (unsigned seed = 1; seed <= 10; ++seed) EXPECT_LE(dialled_in_half_an_hour(seed, 500ms), 1500U) << "seed " << seed;
}

TEST(Rotation, ForgetsWhatHoldsNoLonger) {
  bool watched = true;
  network net(4, 80 * mega, [&](const network::bridge& b, core::timestamp now) {
    return watched ? fades_after_64_megabytes(b, now) : steady(b, now);
  });
  net.run(10s);
  ASSERT_TRUE(net.tested.found().bytes.has_value());
  watched = false;
  net.run(5min);
  EXPECT_FALSE(net.tested.found().bytes.has_value());
  const std::size_t dialled = net.dialled;
  net.run(5min);
  EXPECT_EQ(net.dialled, dialled);
}

}  // namespace
}  // namespace mtcp::test

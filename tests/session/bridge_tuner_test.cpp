#include "mtcp/session/bridge_tuner.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace mtcp {
namespace {

using namespace std::chrono_literals;

constexpr double mega = 1e6;

/// A network as the tuner sees it: what a number of bridges carries, with noise. New bridges need a while.
class network_model {
 public:
  network_model(unsigned start, std::function<double(unsigned)> capacity, unsigned seed = 7)
      : tuner(start), capacity_(std::move(capacity)), random_(seed) {}

  void run(std::chrono::milliseconds time, double noise = 0, double demand = 1e12) {
    std::uniform_real_distribution<double> spread(1 - noise, 1 + noise);
    for (const auto end = now_ + time; now_ < end; now_ += bridge_tuner::interval) {
      if (tuner.wanted() != up_) {
        if (tuner.wanted() < up_ || ++waited_ == 2) {
          up_ = tuner.wanted();
          waited_ = 0;
        }
      }
      const double rate = std::min(demand, capacity_(up_) * spread(random_));
      bytes_ += static_cast<std::uint64_t>(rate * std::chrono::duration<double>(bridge_tuner::interval).count());
      tuner.sample(now_, bytes_, up_);
      max_seen = std::max(max_seen, up_);
    }
  }

  bridge_tuner tuner;
  unsigned max_seen = 0;

 private:
  std::function<double(unsigned)> capacity_;
  std::minstd_rand random_;
  bridge_tuner::time_point now_{1h};
  std::uint64_t bytes_ = 0;
  unsigned up_ = 4;
  int waited_ = 0;
};

double throttled(unsigned bridges) { return std::min(160 * mega, 20 * mega * bridges); }

TEST(BridgeTuner, FindsEightInFifteenSeconds) {
  network_model net(4, throttled);
  net.run(15s);
  EXPECT_EQ(net.tuner.wanted(), 8U);
  net.run(60s);
  EXPECT_EQ(net.tuner.wanted(), 8U);
  EXPECT_TRUE(net.tuner.settled());
}

TEST(BridgeTuner, FindsThemInNoise) {
  for (const double noise : {0.01, 0.02, 0.05}) {
    network_model net(4, throttled);
    net.run(60s, noise);
    EXPECT_GE(net.tuner.wanted(), 7U) << noise;
    EXPECT_LE(net.tuner.wanted(), 10U) << noise;
  }
}

// Something else kept the machine busy during a trial.
TEST(BridgeTuner, IsNotMisledByOneBadSecond) {
  for (int second = 2; second < 10; ++second) {
    double share = 1;
    network_model net(4, [&share](unsigned bridges) { return share * throttled(bridges); });
    net.run(std::chrono::seconds(second));
    share = 0.6;
    net.run(1s);
    share = 1;
    net.run(std::chrono::seconds(14 - second));
    EXPECT_GE(net.tuner.wanted(), 7U) << second;
  }
}

TEST(BridgeTuner, SettlesAtTwoWhereOneFillsTheLine) {
  network_model net(4, [](unsigned) { return 20 * mega; });
  net.run(30s);
  EXPECT_EQ(net.tuner.wanted(), 2U);
  EXPECT_LE(net.max_seen, 5U);
}

TEST(BridgeTuner, TriesNoFewerWhereSuccessorsWouldHideTheLoss) {
  network_model net(4, [](unsigned) { return 20 * mega; });
  net.tuner.amid_replacements(true);
  net.run(30s);
  EXPECT_EQ(net.tuner.wanted(), 4U);
  EXPECT_GT(net.max_seen, 4U) << "it tries more";
}

// Single seconds differ by a fifth there, which is no gain; one that is shows all the same.
TEST(BridgeTuner, TellsAGainFromReplacements) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    network_model full(
        4, [](unsigned) { return 80 * mega; }, seed);
    full.tuner.amid_replacements(true);
    full.run(5min, 0.2);
    EXPECT_EQ(full.tuner.wanted(), 4U) << seed;
    network_model wide(4, throttled, seed);
    wide.tuner.amid_replacements(true);
    wide.run(60s, 0.2);
    EXPECT_GE(wide.tuner.wanted(), 6U) << seed;
  }
}

TEST(BridgeTuner, GoesToTheMostThatIsAllowed) {
  network_model net(4, [](unsigned bridges) { return 1 * mega * bridges; });
  net.run(30s);
  EXPECT_EQ(net.tuner.wanted(), bridge_tuner::most);
}

// Each connection is held to a rate by its losses, and what all of them carry in a second varies by a third and more.
TEST(BridgeTuner, GoesFarUpWhereEachBridgeAddsAmongNoise) {
  for (const double noise : {0.1, 0.3, 0.5}) {
    unsigned least = bridge_tuner::most;
    for (unsigned seed = 1; seed <= 50; ++seed) {
      network_model net(
          4, [](unsigned bridges) { return 0.14 * mega * bridges; }, seed);
      net.run(180s, noise);
      least = std::min(least, net.tuner.wanted());
    }
    EXPECT_GE(least, 48U) << noise;
  }
}

// Lost packets hold up what follows them, on all bridges for moments.
TEST(BridgeTuner, IsNotStoppedByMomentsWithoutTraffic) {
  int sample = 0;
  network_model net(4, [&sample](unsigned bridges) { return ++sample % 5 < 3 ? 0 : 0.35 * mega * bridges; });
  net.run(120s);
  EXPECT_GE(net.tuner.wanted(), 32U);
}

TEST(BridgeTuner, StaysFewAmongNoiseWhereNoBridgeAdds) {
  for (const double noise : {0.1, 0.3}) {
    unsigned sum = 0;
    for (unsigned seed = 1; seed <= 50; ++seed) {
      network_model net(
          4, [](unsigned) { return 20 * mega; }, seed);
      net.run(180s, noise);
      sum += net.tuner.wanted();
    }
    EXPECT_LE(sum, 50U * 6) << noise;
  }
}

TEST(BridgeTuner, LeavesAnIdleTunnelAlone) {
  network_model net(4, throttled);
  net.run(60s, 0, 10e3);
  EXPECT_EQ(net.tuner.wanted(), 4U);
}

TEST(BridgeTuner, GivesUpATrialWhenTheTrafficEnds) {
  network_model net(4, throttled);
  net.run(2s);
  EXPECT_EQ(net.tuner.wanted(), 5U);
  net.run(1s, 0, 0);
  EXPECT_EQ(net.tuner.wanted(), 4U);
  EXPECT_TRUE(net.tuner.settled());
}

TEST(BridgeTuner, FollowsANetworkThatHasBecomeWider) {
  double line = 60 * mega;
  network_model net(4, [&line](unsigned bridges) { return std::min(line, 20 * mega * bridges); });
  net.run(40s);
  EXPECT_EQ(net.tuner.wanted(), 3U);
  line = 200 * mega;
  net.run(60s);
  EXPECT_EQ(net.tuner.wanted(), 10U);
}

TEST(BridgeTuner, DoesNotWaitForABridgeThatNeverComes) {
  bridge_tuner tuner(4);
  std::uint64_t bytes = 0;
  for (bridge_tuner::time_point now{1h}; now < bridge_tuner::time_point{1h} + 12s; now += 200ms) {
    tuner.sample(now, bytes += 16'000'000, 4);
  }
  EXPECT_EQ(tuner.wanted(), 4U);
  EXPECT_TRUE(tuner.settled());
}

}  // namespace
}  // namespace mtcp

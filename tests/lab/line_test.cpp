// A whole line: what comes out of it, where and when, and what it lets come up.
#include "lab/line.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <set>

#include "lab/made_packets.hpp"

namespace mtcp::lines {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1h};
constexpr std::array<std::uint16_t, 4> ports{1, 2, 3, 4};

class LineWith : public testing::Test {
 protected:
  void make_line(const std::string& options) {
    line_ = std::make_unique<line>(parse_line("l," + options), start, [this](direction d, const packet& p) {
      const header h = parse(p, d).value();
      came_.push_back({now_, d, h.rst, p.size()});
    });
  }
  void at(duration when, const made& m) {
    run_until(when);
    line_->take(m.way, make(m), start + when);
  }
  void run_until(duration when) {
    while (line_->next() <= start + when) {
      now_ = line_->next() - start;
      line_->advance(line_->next());
    }
  }
  /// A whole handshake at once; the port tells connections apart. Whether its SYN came through within a second.
  bool dial(duration when, std::uint16_t port, std::uint32_t sequence = 1000) {
    run_until(when);
    came_.clear();
    at(when, {.flags = syn, .port = port, .size = 60, .sequence = sequence});
    run_until(when + 400ms);
    const bool up = came_.size() == 1;
    at(when + 400ms, {.way = direction::down, .flags = syn | ack, .port = port, .size = 60});
    run_until(when + 900ms);
    came_.clear();
    return up;
  }
  struct arrival {
    duration at;
    direction way;
    bool rst;
    std::size_t size;
  };

  std::unique_ptr<line> line_;
  duration now_{0};
  std::vector<arrival> came_;
};

TEST_F(LineWith, OneRateDelaysAndDrops) {
  make_line("rate=1.5e6,delay=20,queue=3000");
  dial(0s, 1);
  for (int i = 0; i < 5; ++i) at(1s, {.way = direction::down, .port = 1});
  run_until(2s);
  ASSERT_EQ(came_.size(), 3U);
  EXPECT_EQ(came_[0].at, 1021ms);
  EXPECT_EQ(came_[2].at, 1023ms);
  EXPECT_EQ(came_[0].way, direction::down);
}

TEST_F(LineWith, ARateForEachHasOneForAllBehindIt) {
  make_line("each,rate=1.5e6,common-rate=3e6,delay=20,queue=1e6");
  for (const std::uint16_t port : ports) dial(port * 1s, port);
  for (int i = 0; i < 100; ++i)
    for (const std::uint16_t port : ports) at(10s, {.port = port});
  at(10s, {.way = direction::down, .port = 1});
  run_until(20s);
  ASSERT_EQ(came_.size(), 401U);
  EXPECT_EQ(came_.front().at, 10021ms + 500us);       // the other direction
  EXPECT_EQ(came_.back().at, 10021ms + 400 * 500us);  // 1 ms in its own queue, then all one by one
  came_.clear();
  for (int i = 0; i < 100; ++i) at(30s, {.port = 1});
  run_until(40s);
  EXPECT_EQ(came_.back().at, 30020ms + 100ms + 500us);  // alone it has its own rate
}

TEST_F(LineWith, ConnectionsThatHaveFadedDoNotHoldUpOthers) {
  make_line("each,rate=15e6,common-rate=30e6,queue=1e6,down-fades-after=150e3,faded-rate=1.5e5");
  dial(0s, 1);
  dial(1s, 2);
  for (int i = 0; i < 100; ++i) at(2s, {.way = direction::down, .port = 1});
  run_until(3s);
  came_.clear();
  at(4s, {.way = direction::down, .port = 1});
  at(4s, {.way = direction::down, .port = 2});
  run_until(5s);
  ASSERT_EQ(came_.size(), 2U);
  EXPECT_EQ(came_[0].at, 4s + 150us);
  EXPECT_EQ(came_[1].at, 4s + 10ms + 50us);
}

TEST_F(LineWith, Ipv6IsCarriedAndWatchedAlike) {
  make_line("each,rate=1.5e6,delay=20,queue=1e6,down-freezes-after=3000");
  at(0s, {.flags = syn, .size = 60, .six = true});
  for (int i = 0; i < 3; ++i) at(1s, {.way = direction::down, .six = true});
  run_until(2s);
  ASSERT_EQ(came_.size(), 2U);  // the SYN and one of 1500 bytes
  EXPECT_EQ(came_[1].at, 1021ms);
}

TEST_F(LineWith, NoSuchConnectionCarriesNothing) {
  make_line("rate=1e6");
  at(0s, {.port = 1});
  run_until(1s);
  EXPECT_TRUE(came_.empty());
}

TEST_F(LineWith, PortsThatAreUsedAgainMakeANewConnection) {
  make_line("down-freezes-after=2000");
  dial(0s, 1, 7);
  at(1s, {.way = direction::down, .port = 1});
  at(1s, {.way = direction::down, .port = 1});
  run_until(2s);
  EXPECT_EQ(came_.size(), 1U);
  dial(3s, 1, 7);  // a SYN that is repeated begins nothing
  at(4s, {.way = direction::down, .port = 1});
  run_until(5s);
  EXPECT_TRUE(came_.empty());
  dial(6s, 1, 8);
  at(7s, {.way = direction::down, .port = 1});
  run_until(8s);
  EXPECT_EQ(came_.size(), 1U);
}

// ---- SYNs ----

TEST_F(LineWith, ABlockLetsSynsThroughThatKeepTheirDistance) {
  make_line("syn-gap=1.25,block=60");
  for (const std::uint16_t port : ports) EXPECT_TRUE(dial(port * 1250ms, port));
  EXPECT_EQ(line_->count().blocks, 0U);
}

TEST_F(LineWith, ASynTooSoonBlocksAllForAWhileAndThoseMeanwhileDoNotProlongIt) {
  make_line("syn-gap=1.25,block=60");
  EXPECT_TRUE(dial(0s, 1));
  EXPECT_FALSE(dial(1s, 2));
  for (int i = 2; i < 61; ++i) EXPECT_FALSE(dial(i * 1s, 2));
  EXPECT_TRUE(dial(61s, 2));
  at(62s, {.port = 1});  // what was up stays up
  run_until(63s);
  EXPECT_EQ(came_.size(), 1U);
  EXPECT_EQ(line_->count().blocks, 1U);
  EXPECT_EQ(line_->count().syns, 62U);
}

TEST_F(LineWith, ARepeatedSynIsASyn) {
  make_line("syn-gap=1.25,block=60");
  at(0s, {.flags = syn, .port = 1});
  at(1s, {.flags = syn, .port = 1});
  EXPECT_EQ(line_->count().blocks, 1U);
}

// ---- how many ----

TEST_F(LineWith, ALimitOnConnectionsLetsTheNextOneUpWhenOneHasEnded) {
  make_line("connections=2");
  EXPECT_TRUE(dial(0s, 1));
  EXPECT_TRUE(dial(1s, 2));
  EXPECT_FALSE(dial(2s, 3));
  EXPECT_TRUE(dial(3s, 1));  // repeated
  at(4s, {.port = 1});
  at(5s, {.flags = rst, .port = 1});
  EXPECT_TRUE(dial(6s, 3));
  EXPECT_EQ(line_->count().excess, 1U);
}

TEST_F(LineWith, ALimitDoesNotCountConnectionsThatHaveVanished) {
  make_line("connections=1,dies-at=20");
  EXPECT_TRUE(dial(0s, 1));
  EXPECT_FALSE(dial(19s, 2));
  EXPECT_TRUE(dial(20s, 3));
}

TEST_F(LineWith, ALimitCountsTcpAlone) {
  make_line("connections=1,punishes=reset");
  at(0s, {.protocol = 17});
  EXPECT_TRUE(dial(0s, 1));
  EXPECT_FALSE(dial(1s, 2));
  at(2s, {.protocol = 17});
  run_until(3s);
  ASSERT_EQ(came_.size(), 1U);
  EXPECT_FALSE(came_[0].rst);
}

TEST_F(LineWith, OneConnectionTooManyFreezesAll) {
  make_line("connections=1,punishes=freeze");
  dial(0s, 1);
  EXPECT_FALSE(dial(1s, 2));
  at(2s, {.way = direction::down, .port = 1});
  run_until(3s);
  EXPECT_TRUE(came_.empty());
  EXPECT_FALSE(dial(4s, 3));
  at(5s, {.flags = fin | ack, .port = 1});
  EXPECT_TRUE(dial(6s, 4));
}

TEST_F(LineWith, OneConnectionTooManyResetsAll) {
  make_line("connections=1,punishes=reset,delay=20");
  dial(0s, 1);
  dial(1s, 2);
  at(2s, {.way = direction::down, .port = 1});
  at(3s, {.way = direction::up, .port = 1});
  run_until(4s);
  ASSERT_EQ(came_.size(), 2U);
  EXPECT_TRUE(came_[0].rst && came_[1].rst);
  EXPECT_EQ(came_[0].way, direction::up);  // to the one that sent
  EXPECT_EQ(came_[1].way, direction::down);
  EXPECT_TRUE(dial(5s, 3));
}

// ---- silence ----

/// The milliseconds of a minute in which a line is silent.
std::set<int> silent_milliseconds(std::uint64_t seed) {
  line_options options = parse_line("l,silent-every=3,silent-for=0.3-1");
  options.seed = seed;
  silences s(options, start);
  std::set<int> found;
  for (int i = 0; i < 60'000; ++i)
    if (s.at(start + i * 1ms)) found.insert(i);
  return found;
}

TEST(Silences, ComeOnceInEveryPeriodAndAreTheSameForTheSameSeed) {
  const std::set<int> silent = silent_milliseconds(1);
  std::map<int, int> by_period;
  for (const int ms : silent) ++by_period[ms / 3000];
  EXPECT_EQ(by_period.size(), 20U);
  for (const auto& [period, length] : by_period) {
    EXPECT_GE(length, 299);
    EXPECT_LE(length, 1000);
  }
  EXPECT_EQ(silent, silent_milliseconds(1));
  EXPECT_NE(silent, silent_milliseconds(2));
}

TEST_F(LineWith, SilenceSwallowsWhatComes) {
  make_line("silent-every=1,silent-for=1");
  EXPECT_FALSE(dial(0s, 1));
}

TEST_F(LineWith, DarknessSwallowsEverything) {
  make_line("rate=1e6");
  dial(0s, 1);
  line_->go_dark();
  at(1s, {.port = 1});
  run_until(2s);
  EXPECT_TRUE(came_.empty());
}

}  // namespace
}  // namespace mtcp::lines

// What a network that watches connections does to one of them.
#include "lab/connection.hpp"

#include <gtest/gtest.h>

namespace mtcp::lines {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1h};

class WatchedConnection : public testing::Test {
 protected:
  /// A packet of 1000 bytes that comes `at`; how long it takes, or nothing.
  std::optional<duration> pass(duration at, direction d = direction::down, const header& h = {}) {
    if (!one_) one_.emplace(options_, 1, start);
    one_->see(h, d, start + at);
    const auto leaves = one_->departure(d, 1000, start + at);
    return leaves ? std::optional<duration>(*leaves - (start + at)) : std::nullopt;
  }
  bool over(duration at) { return one_->over(start + at); }

  line_options options_{.up = {.rate = 1e6}, .down = {.rate = 1e6}, .queue = 10'000, .each = true};
  std::optional<connection> one_;
};

TEST_F(WatchedConnection, HasItsRateAndItsQueue) {
  for (int i = 1; i <= 11; ++i) EXPECT_EQ(pass(0s), i * 1ms);  // one of them is under way
  EXPECT_EQ(pass(0s), std::nullopt);
  EXPECT_EQ(pass(0s, direction::up), 1ms);
}

TEST_F(WatchedConnection, HasNoRateOfItsOwnWhereThereIsOneForAll) {
  options_.each = false;
  EXPECT_EQ(pass(0s), 0s);
}

TEST_F(WatchedConnection, FadesAfterItsBytesInTheirDirection) {
  options_.down.fades_after = 3000;
  options_.down.faded_rate = 1e5;
  EXPECT_EQ(pass(0s), 1ms);
  EXPECT_EQ(pass(1s), 1ms);
  EXPECT_EQ(pass(2s), 10ms);
  EXPECT_EQ(pass(3s, direction::up), 1ms);
  EXPECT_EQ(pass(4s), 10ms);
}

TEST_F(WatchedConnection, FadesAtItsAgeInBothDirections) {
  options_.fades_at = 15s;
  options_.down.faded_rate = 1e5;
  options_.up.faded_rate = 2e5;
  EXPECT_EQ(pass(14999ms), 1ms);
  EXPECT_EQ(pass(15s), 10ms);
  EXPECT_EQ(pass(16s, direction::up), 5ms);
}

TEST_F(WatchedConnection, FreezesBehindItsBytes) {
  options_.down.freezes_after = 3000;
  EXPECT_TRUE(pass(0s));
  EXPECT_TRUE(pass(1s));
  EXPECT_FALSE(pass(2s));
  EXPECT_FALSE(pass(3s));
  EXPECT_TRUE(pass(4s, direction::up));
  EXPECT_FALSE(over(5s));  // who has it still waits
}

TEST_F(WatchedConnection, VanishesAtItsAge) {
  options_.dies_at = 20s;
  EXPECT_TRUE(pass(19s));
  EXPECT_FALSE(over(19s));
  EXPECT_TRUE(over(20s));
  EXPECT_FALSE(pass(20s));
  EXPECT_FALSE(pass(20s, direction::up));
}

TEST_F(WatchedConnection, IsForgottenWhenItWasIdle) {
  options_.forgets_after = 30s;
  EXPECT_TRUE(pass(0s));
  EXPECT_TRUE(pass(29s, direction::up));
  EXPECT_TRUE(pass(58s));
  EXPECT_FALSE(pass(88s, direction::up));
  EXPECT_FALSE(pass(89s));  // and stays so
}

TEST_F(WatchedConnection, IsOverWhenBothEndsOrOneResetSaySo) {
  pass(0s, direction::up, {.fin = true});
  EXPECT_FALSE(over(0s));
  pass(0s, direction::down, {.fin = true});
  EXPECT_TRUE(over(0s));
  one_.reset();
  pass(0s, direction::down, {.rst = true});
  EXPECT_TRUE(over(0s));
}

TEST_F(WatchedConnection, ThatIsSilentIsOverWhenOneEndSaysSo) {
  pass(0s);
  one_->silence();
  EXPECT_FALSE(pass(1s));
  EXPECT_FALSE(over(1s));
  EXPECT_FALSE(pass(2s, direction::up, {.fin = true}));
  EXPECT_TRUE(over(2s));
}

TEST_F(WatchedConnection, ThatWasNeverAnsweredIsStaleWhenNobodyRepeatsIt) {
  pass(0s, direction::up);
  EXPECT_FALSE(one_->stale(start + 9s));
  EXPECT_TRUE(one_->stale(start + 10s));
  pass(10s, direction::down);
  EXPECT_FALSE(one_->stale(start + 1h));
}

}  // namespace
}  // namespace mtcp::lines

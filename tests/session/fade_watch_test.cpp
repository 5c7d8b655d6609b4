// Which ends of connections make a rule.
#include "mtcp/session/fade_watch.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

constexpr double rate = 1e6;

fade_watch::ending faded(core::timestamp at, std::uint64_t bytes, core::duration age) {
  return {at, {bytes, age}, rate, true};
}
fade_watch::ending lost(core::timestamp at, std::uint64_t bytes, core::duration age) {
  return {at, {bytes, age}, rate, false};
}

class FadeWatch : public testing::Test {
 protected:
  void learn(std::initializer_list<fade_watch::ending> all) {
    for (const auto& one : all) tested.learn(one);
  }

  fade_watch tested{100ms};
};

TEST_F(FadeWatch, OneEndIsNoRule) {
  tested.learn(faded(10s, 64'000'000, 9s));
  EXPECT_FALSE(tested.found().bytes);
  EXPECT_FALSE(tested.found().age);
}

TEST_F(FadeWatch, FadesAfterAsManyBytesAreOne) {
  learn({faded(10s, 64'000'000, 9s), faded(10200ms, 66'000'000, 6s)});
  EXPECT_EQ(tested.found().bytes, 64'000'000U);
  EXPECT_FALSE(tested.found().age) << "they had ended together";
}

TEST_F(FadeWatch, BytesAreAsOfALook) {
  learn({faded(10s, 400'000, 9s), faded(14s, 540'000, 6s)});
  EXPECT_TRUE(tested.found().bytes) << "150 KB may have come between two looks";
  tested.forget();
  learn({faded(10s, 400'000, 9s), faded(14s, 560'000, 6s)});
  EXPECT_FALSE(tested.found().bytes);
}

TEST_F(FadeWatch, DeathsAtOneAgeAreOne) {
  learn({lost(20s, 100'000'000, 20s), lost(25s, 140'000'000, 20500ms)});
  EXPECT_EQ(tested.found().age, 20s);
  EXPECT_FALSE(tested.found().bytes);
}

TEST_F(FadeWatch, WhatBefallsAllAtOnceIsAnAccident) {
  learn({lost(20s, 100'000'000, 20s), lost(20100ms, 100'000'000, 20s), lost(20200ms, 100'000'000, 20s)});
  EXPECT_FALSE(tested.found().bytes);
  EXPECT_FALSE(tested.found().age);
}

TEST_F(FadeWatch, ThoseThatDiedTogetherLetGuess) {
  tested.learn(lost(20s, 100'000'000, 20s));
  EXPECT_FALSE(tested.guess());
  tested.learn(lost(20100ms, 100'000'000, 20s));
  EXPECT_EQ(tested.guess(), 20s);
  tested.learn(lost(40s, 90'000'000, 19700ms));
  EXPECT_FALSE(tested.guess()) << "now it is known";
  EXPECT_TRUE(tested.found().age);
}

TEST_F(FadeWatch, AGuessIsRefutedByOneThatLives) {
  learn({lost(20s, 100'000'000, 20s), lost(20100ms, 100'000'000, 20s)});
  tested.lives({1, 21s});
  EXPECT_TRUE(tested.guess());
  tested.lives({1, 22s});
  EXPECT_FALSE(tested.guess());
}

// Some have carried as much as each other, as bridges of one line will.
TEST_F(FadeWatch, ThoseThatFadedTogetherAtOneAgeDidNotDoSoForTheirBytes) {
  learn({faded(16s, 229'000'000, 15200ms), faded(16s, 126'000'000, 15300ms), faded(16s, 222'000'000, 15200ms),
         faded(16s, 107'000'000, 15300ms), faded(16s, 228'000'000, 15100ms)});
  EXPECT_FALSE(tested.found().bytes);
  EXPECT_TRUE(tested.guess()) << "of their age";
  tested.learn(faded(32s, 190'000'000, 15s));
  EXPECT_TRUE(tested.found().age);
}

TEST_F(FadeWatch, ThoseThatFadedTogetherWithAsManyBytesDid) {
  learn({faded(4s, 64'000'000, 3200ms), faded(4s, 63'000'000, 3200ms), faded(4s, 64'000'000, 3300ms)});
  EXPECT_TRUE(tested.found().bytes);
}

TEST_F(FadeWatch, GuessesNothingFromTheDeathOfOldAndYoung) {
  learn({lost(20s, 100'000'000, 20s), lost(20100ms, 50'000'000, 9s)});
  EXPECT_FALSE(tested.guess());
}

TEST_F(FadeWatch, DeathsAfterAsManyBytesAtOtherAgesAreOne) {
  learn({lost(10s, 16'000'000, 4s), lost(15s, 16'200'000, 8s)});
  EXPECT_EQ(tested.found().bytes, 16'000'000U);
  EXPECT_FALSE(tested.found().age);
}

TEST_F(FadeWatch, WhoHasHardlyLivedDidNotDieOfAge) {
  learn({lost(10s, 1'000, 900ms), lost(15s, 900'000, 900ms)});
  EXPECT_FALSE(tested.found().age);
}

TEST_F(FadeWatch, MostOfTheLatestDecide) {
  learn({faded(10s, 64'000'000, 9s), faded(20s, 64'000'000, 6s)});
  for (int i = 0; i < 8; ++i) tested.learn(faded(30s + i * 5s, 16'000'000, 3s + i * 1s));
  EXPECT_EQ(tested.found().bytes, 16'000'000U);
}

TEST_F(FadeWatch, AnotherRuleIsToBeProvenAnew) {
  learn({faded(10s, 64'000'000, 9s), faded(20s, 64'000'000, 6s)});
  tested.prove();
  tested.learn(faded(30s, 65'000'000, 7s));
  EXPECT_TRUE(tested.proven());
  for (int i = 0; i < 8; ++i) tested.learn(faded(40s + i * 5s, 16'000'000, 3s + i * 1s));
  EXPECT_FALSE(tested.proven());
}

TEST_F(FadeWatch, KnowsWhereOneIs) {
  learn({faded(10s, 64'000'000, 9s), faded(20s, 64'000'000, 6s)});
  EXPECT_TRUE(tested.is_near({52'000'000, 5s}));
  EXPECT_FALSE(tested.is_near({48'000'000, 5s}));
  EXPECT_TRUE(tested.bears_out({62'000'000, 5s}, rate));
  EXPECT_FALSE(tested.bears_out({52'000'000, 5s}, rate));
  EXPECT_TRUE(tested.is_beyond(1.5, {96'000'000, 5s}));
  EXPECT_FALSE(tested.is_beyond(1.5, {95'000'000, 5s}));
}

TEST_F(FadeWatch, WhatIsPlannedIsKnownAtOnce) {
  tested.plan({.age = 20s});
  EXPECT_TRUE(tested.is_near({0, 17s}));
  EXPECT_TRUE(tested.is_beyond(1.5, {0, 30s}));
  EXPECT_FALSE(tested.is_beyond(1.5, {0, 29s}));
}

}  // namespace
}  // namespace mtcp::test

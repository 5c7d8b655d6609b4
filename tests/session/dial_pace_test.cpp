// The pace of a path's dials against networks that answer to it.
#include "mtcp/session/dial_pace.hpp"

#include <gtest/gtest.h>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

class DialPace : public testing::Test {
 protected:
  /// As soon as it may; returns when that was.
  core::timestamp dial(dial_pace& of, std::size_t beside) {
    now = std::max(now, of.not_before(beside));
    of.begun(now, beside);
    return now;
  }
  void dial_well(dial_pace& of, std::size_t beside) {
    const core::timestamp begun = dial(of, beside);
    of.succeeded(begun, beside + 1, begun + 10ms);
  }
  void dial_in_vain(dial_pace& of, std::size_t beside) {
    const core::timestamp begun = dial(of, beside);
    of.failed(begun, beside, false);
  }

  core::timestamp now{1h};
  dial_pace tested{0s, 7};
};

TEST_F(DialPace, FirstDialComesAtOnceAndTheOthersSoon) {
  EXPECT_LE(tested.not_before(0), now);
  core::timestamp last = dial(tested, 0);
  for (std::size_t i = 1; i < 16; ++i) {
    const core::timestamp next = dial(tested, i);
    EXPECT_GE(next - last, 20ms);
    EXPECT_LE(next - last, 100ms);
    last = next;
  }
  EXPECT_FALSE(tested.patience(0).has_value());
}

// 16 bridges of 160 ms need a dial every 10 ms; but not where a pace was given.
TEST_F(DialPace, BridgesThatLastForMomentsAreDialledMoreQuickly) {
  dial_pace given(1s, 7);
  for (dial_pace* one : {&tested, &given}) one->begun(now, 15, 10ms);
  EXPECT_LE(tested.not_before(16), now + 5ms);
  EXPECT_GE(given.not_before(16), now + 1s);
}

TEST_F(DialPace, AFullServerIsLookedAtByOneDialMoreAndMoreSeldom) {
  for (std::size_t i = 0; i < 4; ++i) dial_well(tested, i);
  std::vector<core::timestamp> together;
  for (std::size_t i = 4; i < 8; ++i) together.push_back(dial(tested, i));
  for (const core::timestamp begun : together) tested.full(begun, 4, now);
  EXPECT_GE(tested.not_before(4), now + 10s);
  EXPECT_LE(tested.not_before(4), now + 12s) << "those that were refused together count once";
  EXPECT_LE(tested.not_before(3), now + 1s) << "those that there were are kept up";
  core::duration last{0};
  for (int i = 0; i < 6; ++i) {
    const core::timestamp before = now, begun = dial(tested, 4);
    EXPECT_GE(begun - before, std::min<core::duration>(last, 120s));
    last = begun - before;
    EXPECT_GT(tested.not_before(5), now + 5s) << "one at a time";
    tested.full(begun, 4, now);
  }
  EXPECT_LE(last, 135s);
  dial_well(tested, 4);
  EXPECT_LE(tested.not_before(5), now + 1s) << "there is room again";
}

TEST_F(DialPace, GivenPaceIsKeptAndVariesUpwards) {
  dial_pace given(1400ms, 7);
  bool varies = false;
  core::timestamp last = dial(given, 0);
  for (std::size_t i = 1; i < 32; ++i) {
    const core::timestamp next = dial(given, i);
    EXPECT_GE(next - last, 1400ms);
    EXPECT_LE(next - last, 1680ms);
    varies |= next - last > 1500ms;
    last = next;
  }
  EXPECT_TRUE(varies);
  ASSERT_TRUE(given.patience(0).has_value());
  EXPECT_LT(*given.patience(0), 1s);
}

TEST_F(DialPace, BlockIsWaitedForAndDialsAreSecondsApartAfterIt) {
  dial_well(tested, 0);
  const core::timestamp blocked = dial(tested, 1);
  for (std::size_t i = 2; i < 8; ++i) dial(tested, i);
  now = blocked + 10s;
  for (std::size_t i = 1; i < 8; ++i) tested.failed(blocked + i * 30ms, 1, false);
  EXPECT_GE(tested.not_before(1), blocked + 60s);
  EXPECT_LE(tested.not_before(1), blocked + 70s);
  EXPECT_LE(tested.not_before(0), now) << "what was up then is kept up";
  core::timestamp last = now;
  for (std::size_t up = 1; up < 8; ++up) {
    dial_well(tested, up);
    EXPECT_GE(now - last, 2s);
    last = now;
  }
  EXPECT_LE(now, blocked + 90s);
  EXPECT_LT(*tested.patience(0), 1s);
}

TEST_F(DialPace, VainDialsComeOnceAMinuteAndNoLostBridgeWaitsForThat) {
  for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
  dial_in_vain(tested, 4);
  for (int i = 0; i < 20; ++i) {
    const core::timestamp before = now;
    dial_in_vain(tested, 4);
    EXPECT_GE(now - before, 1min);
    EXPECT_LE(tested.not_before(3) - now, 3s);
  }
  EXPECT_EQ(tested.found(), 2s) << "one block, however long";
}

TEST_F(DialPace, EveryNewBlockDoublesThePaceAndItIsForgottenSlowly) {
  for (const auto found : {2s, 4s, 8s, 16s, 32s, 64s, 64s}) {
    dial_in_vain(tested, 1);
    EXPECT_EQ(tested.found(), found);
    dial_well(tested, 1);
  }
  now += 31min;
  dial_well(tested, 1);
  EXPECT_EQ(tested.found(), 32s);
  now += 5h;
  dial_well(tested, 1);
  EXPECT_EQ(tested.found(), 0s);
  EXPECT_FALSE(tested.patience(0).has_value());
}

TEST_F(DialPace, AnOutageIsNoBlock) {
  dial_well(tested, 0);
  const core::timestamp begun = dial(tested, 1);
  tested.failed(begun, 0, false);
  EXPECT_LE(tested.not_before(1), now + 100ms);
}

// A server that is being restarted refuses for a moment.
TEST_F(DialPace, WhatMetNoNetworkIsForgiven) {
  for (std::size_t i = 0; i < 4; ++i) dial_well(tested, i);
  dial_in_vain(tested, 4);
  ASSERT_GT(tested.not_before(4), now + 50s);
  const core::duration found = tested.found();
  tested.forgive();
  EXPECT_LE(tested.not_before(4), now);
  EXPECT_EQ(tested.found(), found) << "it may have been a block";
  dial(tested, 4);
  EXPECT_GE(tested.not_before(5), now + found);
}

TEST_F(DialPace, RefusalsAreBelievedWhenThereIsNothingElseForSeconds) {
  dial_well(tested, 0);
  const core::timestamp first = now;
  while (now < first + 9s) {
    const core::timestamp begun = dial(tested, 1);
    tested.failed(begun, 1, true);
    EXPECT_LE(tested.not_before(1), now + 100ms);
    now += 1s;
  }
  now += 2s;
  const core::timestamp begun = dial(tested, 1);
  tested.failed(begun, 1, true);
  EXPECT_GE(tested.not_before(1), now + 1min);
}

TEST_F(DialPace, ASuccessForgetsRefusals) {
  dial_well(tested, 0);
  for (int i = 0; i < 20; ++i) {
    const core::timestamp begun = dial(tested, 1);
    tested.failed(begun, 1, true);
    now += 5s;
    dial_well(tested, 1);
  }
  EXPECT_LE(tested.not_before(1), now + 100ms);
}

// A fifth connection never comes up. One that ends is replaced, which a block of SYNs would not allow.
class DialPaceAtALimit : public DialPace {
 protected:
  void SetUp() override {
    for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
    dial_in_vain(tested, 4);
  }
};

TEST_F(DialPaceAtALimit, HoldsWhatGoesBeyond) {
  EXPECT_TRUE(tested.holds(4, now));
  EXPECT_FALSE(tested.holds(3, now));
  EXPECT_FALSE(tested.is_limit()) << "it may be a block";
  EXPECT_GE(tested.found(), 2s);
}

TEST_F(DialPaceAtALimit, APaceThatWasNotToBlameIsTakenBack) {
  now += 5s;
  dial_well(tested, 3);
  EXPECT_TRUE(tested.is_limit());
  EXPECT_EQ(tested.found(), 0s);
  EXPECT_LE(tested.not_before(3), now + 100ms) << "the next one that ends does not wait";
  EXPECT_TRUE(tested.holds(4, now));
  now += 5s;
  dial_in_vain(tested, 3);
  EXPECT_GE(tested.found(), 2s) << "it was, or it is: in place of one that has ended, too, none comes up";
  now += 5s;
  dial_well(tested, 3);
  EXPECT_GE(tested.found(), 2s) << "once in a block";
}

TEST_F(DialPaceAtALimit, ThePlaceOfOneThatHasEndedIsNotFreeAtOnce) {
  now += 5s;
  dial_well(tested, 3);  // in 10 ms
  now += 5s;
  tested.ended(now);
  EXPECT_EQ(tested.not_before(3), now + 5ms);
}

TEST_F(DialPaceAtALimit, ALookBeyondEndsSoonAndKeepsTheOthersBack) {
  now += 5s;
  dial_well(tested, 3);
  now = tested.not_before(4);
  const auto patience = tested.patience(4);
  ASSERT_TRUE(patience);
  EXPECT_LT(*patience, 3s);
  const core::timestamp look = dial(tested, 4);
  EXPECT_TRUE(tested.holds(4, now)) << "one at a time";
  EXPECT_FALSE(tested.holds(3, now));
  tested.succeeded(dial(tested, 3), 4, now);
  EXPECT_TRUE(tested.holds(4, now)) << "there are no more than before";
  tested.failed(look, 3, false);
  EXPECT_FALSE(tested.holds(3, now)) << "what is missing just then may come back";
  EXPECT_TRUE(tested.holds(4, now + 50s));
}

TEST_F(DialPaceAtALimit, IsOverWhenOneMoreComesUp) {
  dial_well(tested, 4);
  EXPECT_FALSE(tested.holds(4, now));
  EXPECT_FALSE(tested.holds(5, now));
}

// A fifth one came up beside four before the one that had begun first failed, and three have ended by then.
TEST_F(DialPace, ALimitIsWhatStoodMeanwhile) {
  for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
  const core::timestamp vain = dial(tested, 4);
  dial_well(tested, 4);
  now += 10s;
  tested.failed(vain, 2, false);
  EXPECT_TRUE(tested.holds(5, now));
  EXPECT_FALSE(tested.holds(4, now));
}

TEST_F(DialPace, LimitThatEndsAllConnectionsIsTriedEverMoreRarely) {
  core::timestamp last = now;
  for (const core::duration least : {0s, 60s, 600s, 6000s}) {
    for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
    const core::timestamp fifth = dial(tested, 4);
    EXPECT_GE(fifth - last, least);
    now += 1s;
    tested.lost(0, now);
    last = now;
    EXPECT_GE(tested.not_before(4), now + 60s);
    EXPECT_LE(tested.not_before(3), now + 70s);
  }
}

// A relay is restarted: one of its connections ends, and is dialled again, before the others do.
TEST_F(DialPace, AsManyConnectionsAsHaveStoodTogetherAreNoExcess) {
  for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
  now += 20s;
  dial(tested, 3);
  now += 10ms;
  tested.lost(0, now);
  EXPECT_LE(tested.not_before(3), now + 100ms);
  // Unless that happens again at once.
  for (std::size_t up = 0; up < 3; ++up) dial_well(tested, up);
  dial(tested, 3);
  now += 10ms;
  tested.lost(0, now);
  EXPECT_GE(tested.not_before(3), now + 60s);
}

// They have not stood for long; but what was dialled when the first of them had ended did not end the others.
TEST_F(DialPace, DialsInPlaceOfWhatHasEndedAreNoCause) {
  for (int i = 0; i < 3; ++i) {
    for (std::size_t up = 0; up < 3; ++up) dial_well(tested, up);
    now += 1s;
    tested.lost(2, now);
    dial(tested, 2);
    tested.lost(1, now + 1ms);
    dial(tested, 1);
    tested.lost(0, now + 2ms);
    EXPECT_LE(tested.not_before(2), now + 1s);
  }
}

TEST_F(DialPace, ConnectionsThatAreAllLostWithoutSuchADialSayNothing) {
  for (std::size_t up = 0; up < 4; ++up) dial_well(tested, up);
  tested.lost(0, now);
  EXPECT_LE(tested.not_before(4), now + 100ms);
}

}  // namespace
}  // namespace mtcp::test

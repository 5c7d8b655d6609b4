// Which deaths of connections make a rule, and how long it holds.
#include "mtcp/session/freeze_watch.hpp"

#include <gtest/gtest.h>

#include "mtcp/core/wire/extension.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

constexpr core::timestamp start = 1h;

/// 16 that came up together fall silent together, and so do those that are dialled for them.
freeze_watch taught(std::uint64_t up, std::uint64_t down) {
  freeze_watch tested;
  for (core::bridge_id id = 1; id <= 16; ++id) EXPECT_FALSE(tested.fell_silent(id, start, {up, down}, start + 1s));
  EXPECT_TRUE(tested.fell_silent(17, start + 1200ms, {up, down}, start + 2s));
  return tested;
}

TEST(FreezeWatch, WhatBefallsAllAtOnceIsAnAccident) {
  freeze_watch tested;
  for (core::bridge_id id = 1; id <= 16; ++id) tested.fell_silent(id, start, {700, 15'900}, start + 1s);
  EXPECT_FALSE(tested.finds());
  EXPECT_FALSE(tested.next_budget(start + 1s).any());
}

TEST(FreezeWatch, SuccessorsThatEndAlikeShowARule) {
  freeze_watch tested = taught(700, 15'900);
  const core::bridge_budget budget = tested.next_budget(start + 2s);
  EXPECT_EQ(budget.up, 0U) << "a few bytes up are no reason";
  EXPECT_LT(budget.down, 15'900U - 1'000);
  EXPECT_GT(budget.down, 13'000U);
  EXPECT_TRUE(tested.explains({700, 15'000}));
  EXPECT_FALSE(tested.explains({700, 9'000}));
}

TEST(FreezeWatch, EitherDirectionCanBeTheOne) {
  freeze_watch tested = taught(1'000'000, 3'000);
  const core::bridge_budget budget = tested.next_budget(start + 2s);
  EXPECT_EQ(budget.down, 0U);
  EXPECT_GT(budget.up, 900'000U);
}

TEST(FreezeWatch, DeathsThatDoNotAgreeShowNone) {
  freeze_watch tested;
  tested.fell_silent(1, start, {0, 16'000}, start + 1s);
  EXPECT_FALSE(tested.fell_silent(2, start + 2s, {0, 900'000}, start + 4s));
  EXPECT_FALSE(tested.fell_silent(3, start + 2s, {0, 40'000}, start + 4s));
  EXPECT_FALSE(tested.finds());
}

TEST(FreezeWatch, OneThatRecoversTeachesNothing) {
  freeze_watch tested;
  tested.fell_silent(1, start, {0, 16'000}, start + 1s);
  tested.recovered(1);
  EXPECT_FALSE(tested.fell_silent(2, start + 2s, {0, 16'000}, start + 4s));
}

TEST(FreezeWatch, ARuleFallsWithTheOneThatShowedIt) {
  freeze_watch tested;
  tested.fell_silent(1, start, {0, 63'000'000}, start + 3s);
  EXPECT_TRUE(tested.fell_silent(2, start + 4s, {0, 56'000'000}, start + 8s));
  EXPECT_FALSE(tested.recovered(7));
  EXPECT_TRUE(tested.recovered(2)) << "it was late, and not frozen";
  EXPECT_FALSE(tested.finds());
  EXPECT_FALSE(tested.next_budget(start + 9s).any());
  EXPECT_TRUE(tested.fell_silent(3, start + 10s, {0, 62'000'000}, start + 13s)) << "the first has still been silent";
}

TEST(FreezeWatch, OneThatShowedARuleMayFallSilentAgain) {
  freeze_watch tested = taught(0, 16'000);
  EXPECT_FALSE(tested.fell_silent(17, start + 1200ms, {0, 16'000}, start + 3s));
  EXPECT_TRUE(tested.finds());
}

TEST(FreezeWatch, ARuleThatOthersShowTooStays) {
  freeze_watch tested = taught(0, 16'000);
  tested.fell_silent(18, start + 3s, {0, 16'000}, start + 4s);
  EXPECT_FALSE(tested.recovered(18));
  EXPECT_FALSE(tested.recovered(1));
  EXPECT_TRUE(tested.finds());
  EXPECT_TRUE(tested.next_budget(start + 5s).any());
}

TEST(FreezeWatch, TooFewBytesForAnyUseAreNoRule) {
  freeze_watch tested;
  tested.fell_silent(1, start, {0, 3'000}, start + 1s);
  EXPECT_FALSE(tested.fell_silent(2, start + 2s, {0, 3'000}, start + 4s));
}

// Each such trial may cost a pause.
TEST(FreezeWatch, NowAndThenOneGoesWithoutABudget) {
  freeze_watch tested = taught(0, 16'000);
  std::size_t trials = 0;
  for (core::timestamp now = start + 2s; now < start + 2h; now += 100ms)
    trials += tested.next_budget(now).any() ? 0 : 1;
  EXPECT_GE(trials, 20U);
  EXPECT_LE(trials, 30U);
}

TEST(FreezeWatch, OneThatCarriesMoreAndLivesEndsTheRule) {
  freeze_watch tested = taught(0, 16'000);
  EXPECT_FALSE(tested.lives(start, {0, 100'000})) << "it came up before the rule held";
  EXPECT_FALSE(tested.lives(start + 20s, {0, 20'000}));
  EXPECT_TRUE(tested.lives(start + 20s, {0, 30'000}));
  EXPECT_FALSE(tested.finds());
  EXPECT_FALSE(tested.next_budget(start + 21s).any());
}

TEST(FreezeWatch, BudgetsThatDoNotHelpEndTheRule) {
  freeze_watch tested = taught(0, 16'000);
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(tested.budget_failed());
  tested.budget_kept();
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(tested.budget_failed());
  EXPECT_TRUE(tested.budget_failed());
  EXPECT_FALSE(tested.finds());
}

}  // namespace
}  // namespace mtcp::test

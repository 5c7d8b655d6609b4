// What may still go out on a bridge that may carry only so much.
#include "mtcp/core/bridge/carry_budget.hpp"

#include <gtest/gtest.h>

namespace mtcp::core::test {
namespace {

TEST(CarryBudget, WithoutALimitThereIsAlwaysRoom) {
  carry_budget budget;
  budget.spend(1 << 30);
  EXPECT_GT(budget.left_for_data(), std::size_t{1} << 40);
  EXPECT_EQ(budget.used(), 0);
}

TEST(CarryBudget, CountsWhatTlsPutsAroundEachSend) {
  EXPECT_EQ(as_records(1), 23U);
  EXPECT_EQ(as_records(16'384), 16'406U);
  EXPECT_EQ(as_records(16'385), 16'429U);
  carry_budget budget;
  budget.limit(10'000);
  for (int i = 0; i < 100; ++i) budget.spend(40);
  EXPECT_EQ(budget.left(), 10'000U - 100 * 62 - 22);
}

TEST(CarryBudget, IsNeverExceededByWhatItAllows) {
  for (const std::uint64_t most : {4'096U, 16'406U, 16'407U, 50'000U, 1'000'000U}) {
    carry_budget budget;
    budget.limit(most);
    EXPECT_LE(as_records(budget.left()), most);
    EXPECT_GE(as_records(budget.left()) + 44, most);
    budget.spend(budget.left_for_data());
    EXPECT_GT(budget.left(), 500U) << "control has room left";
    budget.spend(budget.left());
    EXPECT_LT(budget.left(), 23U);
    EXPECT_EQ(budget.left_for_data(), 0U);
    EXPECT_EQ(budget.used(), 1);
  }
}

}  // namespace
}  // namespace mtcp::core::test

// Which bridges may take more data.
#include <gtest/gtest.h>

#include <vector>

#include "mtcp/core/bridge/earliest_completion.hpp"

namespace mtcp::core::test {
namespace {

TEST(CompletionTime, SolvesForTheBacklog) {
  const std::vector<bridge_estimate> others{{10e6, 0.010}, {10e6, 0.030}};
  EXPECT_NEAR(completion_time(others, 100e3), 0.020, 1e-9);  // the first alone
  EXPECT_NEAR(completion_time(others, 400e3), 0.040, 1e-9);  // 300 kB by the first, 100 kB by the second
  EXPECT_TRUE(worth_using({10e6, 0.005}, others, 0));        // the quickest always
  EXPECT_FALSE(worth_using({1e6, 0.100}, others, 100e3));    // slower than all the rest together
  EXPECT_TRUE(worth_using({1e6, 0.100}, others, 100e6));     // a long backlog needs every bridge
}

TEST(Hinders, WhoCarriesNextToNothingOfWhatHasToWaitForIt) {
  const std::vector<bridge_estimate> near{{1e6, 0.020}, {1e6, 0.040}};
  EXPECT_FALSE(hinders({1e6, 0.010}, near)) << "nobody waits";
  EXPECT_TRUE(hinders({10e3, 0.700}, near)) << "1.3 MB wait, of which it carries 0.8 % in a second";
  EXPECT_FALSE(hinders({1e6, 0.700}, near)) << "it is far away, but carries a third";
  EXPECT_FALSE(hinders({10e3, 0.100}, near)) << "0.1 MB";
  EXPECT_FALSE(hinders({10e3, 0.700}, {})) << "there is no other one";
  std::vector<bridge_estimate> many(15, {10e3, 0.690});
  many.insert(many.end(), near.begin(), near.end());
  EXPECT_FALSE(hinders({10e3, 0.700}, many)) << "as late as fifteen others, and together they carry enough";
  EXPECT_TRUE(hinders({10e3, 1.400}, many)) << "later than these";
}

}  // namespace
}  // namespace mtcp::core::test

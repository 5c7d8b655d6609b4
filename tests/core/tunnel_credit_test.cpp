// Credit of the tunnel as a whole.
#include <gtest/gtest.h>

#include "mtcp/core/stream/tunnel_credit.hpp"

namespace mtcp::core::test {
namespace {

constexpr std::uint64_t window = 1 << 20;

TEST(TunnelCredit, IsRaisedWhenAQuarterWasRead) {
  tunnel_credit credit(window);
  credit.on_arrived(window / 2);
  credit.on_consumed(window / 4 - 1);
  EXPECT_FALSE(credit.raise());
  credit.on_consumed(1);
  EXPECT_TRUE(credit.raise());
  EXPECT_EQ(credit.granted(), window + window / 4);
  EXPECT_FALSE(credit.raise()) << "that was told";
}

// Streams that nobody reads may hold all but a little of it for ever.
TEST(TunnelCredit, IsRaisedByLittleWhenLittleIsLeft) {
  tunnel_credit credit(window);
  credit.on_arrived(window - 4096);
  credit.on_consumed(4095);
  EXPECT_FALSE(credit.raise()) << "not worth a frame";
  credit.on_consumed(1);
  EXPECT_TRUE(credit.raise());
}

TEST(TunnelCredit, MayNotBeOverrun) {
  tunnel_credit credit(window);
  credit.on_arrived(window);
  EXPECT_FALSE(credit.overrun());
  credit.on_arrived(1);
  EXPECT_TRUE(credit.overrun());
}

TEST(TunnelCredit, LimitsWhatIsSent) {
  tunnel_credit credit(window);
  EXPECT_EQ(credit.room(), 0U);
  EXPECT_TRUE(credit.raise_limit(100));
  EXPECT_FALSE(credit.raise_limit(50)) << "limits never fall";
  credit.on_sent(60);
  EXPECT_EQ(credit.room(), 40U);
  credit.on_sent(40);
  EXPECT_EQ(credit.room(), 0U);
}

}  // namespace
}  // namespace mtcp::core::test

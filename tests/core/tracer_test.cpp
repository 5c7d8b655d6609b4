#include "mtcp/core/tracer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace mtcp::core {
namespace {

class listener : public trace_observer {
 public:
  void on_trace(const traced::event& what) override { told.push_back(what); }
  std::vector<traced::event> told;
};

class Tracer : public testing::Test {
 protected:
  Tracer() { tested.tell_to(&listening); }

  listener listening;
  tracer tested;
};

TEST_F(Tracer, TellsOfARateThatHasChangedByMoreThanAQuarter) {
  tested.tell_pace(1, 1000, 500);
  tested.tell_pace(1, 1250, 400);
  ASSERT_EQ(listening.told.size(), 1U);
  tested.tell_pace(1, 1251, 500);
  tested.tell_pace(1, 900, 500);
  ASSERT_EQ(listening.told.size(), 3U);
  EXPECT_EQ(std::get<traced::paced>(listening.told[1]).rate, 1251U);
  EXPECT_EQ(std::get<traced::paced>(listening.told[2]).rate, 900U);
}

TEST_F(Tracer, TellsOfACapThatHasChangedByMoreThanAQuarter) {
  tested.tell_pace(1, 1000, 500);
  tested.tell_pace(1, 1000, 626);
  ASSERT_EQ(listening.told.size(), 2U);
  EXPECT_EQ(std::get<traced::paced>(listening.told[1]).cap, 626U);
}

TEST_F(Tracer, KnowsBridgesApart) {
  tested.tell_pace(1, 1000, 500);
  tested.tell_pace(2, 2000, 500);
  tested.tell_pace(1, 1000, 500);
  EXPECT_EQ(listening.told.size(), 2U);
}

TEST_F(Tracer, TellsOfFramesThatAreSentAgainIfAnyAre) {
  resend_count again;
  tested.tell_resent(1, 2, resend::late, again);
  EXPECT_TRUE(listening.told.empty());
  again.add(100);
  again.add(0);
  tested.tell_resent(1, 2, resend::late, again);
  ASSERT_EQ(listening.told.size(), 1U);
  const auto& told = std::get<traced::resent>(listening.told[0]);
  EXPECT_EQ(told.frames, 2U);
  EXPECT_EQ(told.bytes, 100U);
}

TEST_F(Tracer, TellsNobodyAnyMore) {
  tested.tell_to(nullptr);
  EXPECT_FALSE(tested.on());
  tested.tell(traced::recovered{1, recovery::ack});
  tested.tell_pace(1, 1000, 500);
  EXPECT_TRUE(listening.told.empty());
}

}  // namespace
}  // namespace mtcp::core

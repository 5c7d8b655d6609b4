// What happens to a transfer when its bridges go: nothing, apart from its speed.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <tuple>

#include "integration/deployment.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

enum class direction { down, up };

const double rate = 10e6 * machine_speed;
const auto size = static_cast<std::uint64_t>(6 * rate);  // two seconds on three bridges
const shape lines{.rate_up = rate, .rate_down = rate, .delay = 5ms};

transfer start(direction d, const deployment& through, const origin& web) {
  return d == direction::down ? transfer::download(through, web.url(""), size)
                              : transfer::upload(through, web.url(""), size);
}

class LostBridges : public testing::TestWithParam<std::tuple<direction, loss>> {
 protected:
  direction way() const { return std::get<0>(GetParam()); }
  loss how() const { return std::get<1>(GetParam()); }
};

TEST_P(LostBridges, OneOfThreeInTheMiddleOfATransfer) {
  const origin web;
  deployment halves({.lines = lines});
  halves.lines().lose_after(1, size / 12, how());
  const auto r = start(way(), halves, web).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_TRUE(halves.lines().crossings()[1].lost);
  EXPECT_LT(r.seconds, 8);
  EXPECT_TRUE(halves.lines().wait([](auto& all) { return all.size() > 3; }, 5s)) << "the bridge was not replaced";
}

TEST_P(LostBridges, AllAtOnce) {
  const origin web;
  deployment halves({.lines = lines});
  auto running = start(way(), halves, web);
  halves.wait_for_bytes(size / 3);
  halves.lines().lose_all(how());
  const auto r = running.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_LT(r.seconds, 8);  // replacements are dialled at once, not when silent bridges are given up after 10 s
}

std::string name(const testing::TestParamInfo<LostBridges::ParamType>& info) {
  const auto [way, how] = info.param;
  const std::string prefix = way == direction::down ? "Download" : "Upload";
  return prefix + (how == loss::reset ? "Reset" : how == loss::fin ? "Fin" : "Silence");
}

INSTANTIATE_TEST_SUITE_P(All, LostBridges,
                         testing::Combine(testing::Values(direction::down, direction::up),
                                          testing::Values(loss::reset, loss::fin, loss::silence)),
                         name);

TEST(Outage, OnlyPausesTheTransfer) {
  const origin web;
  deployment halves({.lines = lines});
  auto running = start(direction::down, halves, web);
  halves.wait_for_bytes(size / 3);
  halves.lines().close_door();
  halves.lines().lose_all(loss::reset);
  std::this_thread::sleep_for(2s);  // the outage
  halves.lines().open_door();
  const auto r = running.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_LT(r.seconds, 12);
}

TEST(Stall, OfOneBridgeDoesNotStopTheTransfer) {
  const origin web;
  deployment halves({.lines = lines});
  auto running = start(direction::down, halves, web);
  halves.wait_for_bytes(size / 6);
  halves.lines().stall(0, true);
  const auto r = running.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_LT(r.seconds, 8);
}

}  // namespace
}  // namespace mtcp::lab

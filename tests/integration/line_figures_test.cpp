// What mtcp-client test finds of networks of which the answer is known.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "integration/far_end.hpp"

namespace mtcp::lab {
namespace {

/// Sanitizers have a say of their own in what a line carries.
class LineFigures : public testing::Test {
 protected:
  void SetUp() override {
    if (machine_speed != 1) GTEST_SKIP() << "measures speed";
  }
};

constexpr auto delay = 5ms;

TEST_F(LineFigures, FindsALimitOfEachConnection) {
  const double each = 4e6;
  const far_end there({.rate_up = each, .rate_down = each, .rate_of_all = 4 * each, .delay = delay});
  const json told = there.measure({"--server", there.where(), "--seconds", "2"});
  for (const char* way : {"down", "up"}) {
    EXPECT_EQ(told[way]["network"], "per-connection") << told;
    EXPECT_NEAR(told[way]["single_rate"].get<double>(), each, each / 4) << told;
    EXPECT_GT(told[way]["gain"], 2.5) << told;
  }
  EXPECT_EQ(told["helps"], true);
  EXPECT_EQ(told["bridges"], "4") << told;
  const json single = told["counts"][0];
  EXPECT_EQ(single["bridges_up"], 1);
  EXPECT_GE(single["rtt_ms"], 10);
  EXPECT_GT(told["bytes"], each);
}

TEST_F(LineFigures, FindsThatALineIsShared) {
  const double line = 2e6;
  const far_end there({.rate_of_all = line, .delay = delay});
  const run_result r = run(there.command({"--server", there.where(), "--seconds", "2"}));
  EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  for (const char* word : {"1 bridge ", "4 bridges ", "down: one connection fills the line", "up: one connection fills",
                           "more bridges add nothing", "--bridges 2", "Data:"})
    EXPECT_NE(r.standard_output.find(word), std::string::npos) << word << " is not in\n" << r.standard_output;
  EXPECT_EQ(r.standard_error, "");
}

// What 16 new bridges send at once, before the first of it is acknowledged, fills half a second of the line.
TEST_F(LineFigures, ComparesPaths) {
  const far_end one({.rate_of_all = 8e6, .delay = delay});
  const network other(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), one.way->port()), {});
  const std::string where = ",name=other,server=127.0.0.1:" + std::to_string(other.port());
  const json told = one.measure({"--path", "name=one,server=" + one.where(), "--path", where.substr(1), "--path",
                                 "name=spare,role=backup,server=" + one.where(), "--seconds", "1"});
  ASSERT_EQ(told["paths"].size(), 3U);
  EXPECT_EQ(told["order"].size(), 2U);
  EXPECT_EQ(told["together"].size(), 1U);
  const bool both = told["paths"][0]["worth"] == true && told["paths"][1]["worth"] == true;
  EXPECT_FALSE(both) << "they share a line: " << told;
  EXPECT_EQ(told["paths"][2]["role"], "backup");
  EXPECT_TRUE(told["paths"][2].contains("single")) << "a backup is measured alone";
}

}  // namespace
}  // namespace mtcp::lab

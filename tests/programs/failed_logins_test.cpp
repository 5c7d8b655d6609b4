#include "program/failed_logins.hpp"

#include <gtest/gtest.h>

namespace mtcp::program {
namespace {

using namespace std::chrono_literals;

struct FailedLogins : testing::Test {
  failed_logins::verdict add(const std::string& from, const std::string& who = "alice") {
    return seen.add(boost::asio::ip::make_address(from), "wrong password", who, now);
  }
  bool refuses(const std::string& from) { return seen.refuses(boost::asio::ip::make_address(from), now); }
  void succeed(const std::string& from) { seen.succeed(boost::asio::ip::make_address(from), now); }

  failed_logins seen;
  failed_logins::clock::time_point now = failed_logins::clock::time_point(1h);
};

TEST_F(FailedLogins, WaitLongerEachTime) {
  for (const auto pause : {250ms, 500ms, 1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    EXPECT_EQ(add("192.0.2.7").pause, pause);
    now += pause;
  }
  EXPECT_EQ(add("192.0.2.8").pause, 250ms) << "others do not";
  now += 11min;
  EXPECT_EQ(add("192.0.2.7").pause, 250ms) << "forgiven";
}

TEST_F(FailedLogins, ThatComeAtOnceWaitForEachOther) {
  for (const auto pause : {250ms, 750ms, 1750ms, 3750ms, 7750ms, 8000ms, 8000ms})
    EXPECT_EQ(add("2001:db8::1").pause, pause);
  EXPECT_EQ(add("2001:db8::2").pause, 8000ms) << "a host has a /64";
}

TEST_F(FailedLogins, AreToldOfOnceASecond) {
  EXPECT_EQ(add("192.0.2.7").line, "failed login from 192.0.2.7, wrong password, as 'alice'");
  EXPECT_FALSE(add("192.0.2.7").line);
  EXPECT_EQ(add("::ffff:192.0.2.8", "").line, "failed login from 192.0.2.8, wrong password");
  now += 1s;
  EXPECT_EQ(add("192.0.2.7", "bob").line, "failed login from 192.0.2.7, wrong password, 2 times, as 'bob'");
}

TEST_F(FailedLogins, AreOneIn4SecondsHoweverManyAskAtOnce) {
  EXPECT_FALSE(refuses("192.0.2.7"));
  int looked_at = 0;
  for (int i = 0; i < 60'000; ++i, now += 1ms) {
    if (refuses("192.0.2.7")) continue;
    add("192.0.2.7");
    ++looked_at;
  }
  EXPECT_GT(looked_at, 5 + 10);
  EXPECT_LE(looked_at, 5 + 60 / 4);
  EXPECT_FALSE(refuses("192.0.2.8")) << "others do not pay for it";
  now += 4s;
  EXPECT_FALSE(refuses("192.0.2.7"));
}

TEST_F(FailedLogins, DoNotLockOutSoSoonWhoseNeighboursKnowThePassword) {
  succeed("192.0.2.7");
  for (int i = 0; i < 63; ++i) add("192.0.2.7");
  EXPECT_FALSE(refuses("192.0.2.7"));
  add("192.0.2.7");
  EXPECT_TRUE(refuses("192.0.2.7")) << "for that is how passwords are guessed";
  now += 1s;
  EXPECT_FALSE(refuses("192.0.2.7"));
  now += 10min;
  for (int i = 0; i < 5; ++i) add("192.0.2.7");
  EXPECT_TRUE(refuses("192.0.2.7")) << "it was long ago";
}

TEST_F(FailedLogins, ThatWereNotLookedAtAreToldOf) {
  const auto from = boost::asio::ip::make_address("192.0.2.7");
  EXPECT_EQ(seen.refuse(from, now), "failed login from 192.0.2.7, too many before");
  EXPECT_FALSE(seen.refuse(from, now));
  EXPECT_EQ(seen.total(), 2U);
  succeed("192.0.2.9");
  EXPECT_EQ(seen.worst(10).size(), 1U) << "one that never failed is none of them";
}

TEST_F(FailedLogins, AreBounded) {
  int lines = 0;
  for (int i = 0; i < 5000; ++i)
    lines += add("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)).line ? 1 : 0;
  EXPECT_EQ(lines, 20);
  add("10.0.19.1");
  EXPECT_EQ(seen.total(), 5001U);
  ASSERT_EQ(seen.worst(10).size(), 10U);
  EXPECT_EQ(seen.worst(10).front().from.to_string(), "10.0.19.1");
  EXPECT_EQ(seen.worst(5000).size(), failed_logins::max_hosts);
}

}  // namespace
}  // namespace mtcp::program

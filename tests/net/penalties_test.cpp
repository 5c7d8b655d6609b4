#include "mtcp/net/admission/penalties.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mtcp {
namespace {

using boost::asio::ip::make_address;
using std::chrono::minutes;
using std::chrono::seconds;

struct Penalties : testing::Test {
  void fail(const std::string& from, stranger why = stranger::wrong_key) { all.add(make_address(from), why, now); }
  bool locks_out(const std::string& from) const { return all.locks_out(make_address(from), now); }

  penalty_options how;
  penalties all{how};
  core::timestamp now = seconds(100);
};

TEST_F(Penalties, LockOutAfterTheThirdFailureAndPass) {
  fail("192.0.2.7");
  fail("192.0.2.7", stranger::junk);
  EXPECT_FALSE(locks_out("192.0.2.7"));
  fail("192.0.2.7");
  EXPECT_TRUE(locks_out("192.0.2.7"));
  EXPECT_FALSE(locks_out("192.0.2.8")) << "others do not pay for it";
  now += seconds(14);
  EXPECT_TRUE(locks_out("192.0.2.7")) << "until all of it has passed";
  now += seconds(1);
  EXPECT_FALSE(locks_out("192.0.2.7"));
  fail("192.0.2.7");
  EXPECT_FALSE(locks_out("192.0.2.7")) << "it begins anew";
}

TEST_F(Penalties, ForgetWhatIsRare) {
  for (int i = 0; i < 100; ++i, now += seconds(5)) fail("192.0.2.7");
  EXPECT_FALSE(locks_out("192.0.2.7"));
}

TEST_F(Penalties, AreLimited) {
  for (int i = 0; i < 10'000; ++i) fail("192.0.2.7");
  now += minutes(10) - seconds(1);
  EXPECT_TRUE(locks_out("192.0.2.7"));
  now += seconds(1);
  EXPECT_FALSE(locks_out("192.0.2.7"));
}

TEST_F(Penalties, AreNotForSilence) {
  for (int i = 0; i < 1'000; ++i) fail("192.0.2.7", stranger::silent);
  EXPECT_FALSE(locks_out("192.0.2.7"));
}

TEST_F(Penalties, AreOfAWholeIpv664) {
  for (int i = 1; i <= 3; ++i) fail("2001:db8::" + std::to_string(i));
  EXPECT_TRUE(locks_out("2001:db8::ffff"));
  EXPECT_FALSE(locks_out("2001:db8:0:1::1"));
  for (int i = 1; i <= 3; ++i) fail("::ffff:192.0.2.7");
  EXPECT_TRUE(locks_out("192.0.2.7"));
}

TEST_F(Penalties, AreForgivenWhoeverAuthenticates) {
  for (int i = 0; i < 3; ++i) fail("192.0.2.7");
  all.forgive(make_address("192.0.2.7"));
  EXPECT_FALSE(locks_out("192.0.2.7"));
  EXPECT_EQ(all.size(), 0u);
}

TEST_F(Penalties, AreToldOfTheLongestFirst) {
  for (int i = 0; i < 3; ++i) fail("192.0.2.7");
  for (int i = 0; i < 5; ++i) fail("192.0.2.8");
  fail("192.0.2.9");
  const auto two = all.locked_out(10, now);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].from, make_address("192.0.2.8"));
  EXPECT_EQ(two[0].left, seconds(25));
  EXPECT_EQ(two[1].left, seconds(15));
  EXPECT_EQ(all.locked_out(1, now).size(), 1u);
}

TEST_F(Penalties, AreOfSoManyAddressesAtMost) {
  how.max_addresses = 3;
  all = penalties(how);
  for (int host = 1; host <= 4; ++host)
    for (int i = 0; i < 3; ++i) fail("192.0.2." + std::to_string(host));
  EXPECT_EQ(all.size(), 3u);
  EXPECT_FALSE(locks_out("192.0.2.1"));
  EXPECT_TRUE(locks_out("192.0.2.4"));
}

}  // namespace
}  // namespace mtcp

#include "mtcp/net/admission.hpp"

#include <gtest/gtest.h>

#include <string>

namespace mtcp {
namespace {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using std::chrono::seconds;

admission_options small() {
  admission_options o;
  o.pending_most = 6;
  o.pending_per_address = 3;
  o.rate_per_address = 2;
  o.burst_per_address = 5;
  o.addresses_most = 4;
  return o;
}

TEST(admission, bounds_what_is_pending_from_one_address) {
  admission a(small());
  const auto host = make_address("192.0.2.1");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(a.enter(host, seconds(1)));
  EXPECT_FALSE(a.enter(host, seconds(1)));
  EXPECT_TRUE(a.enter(make_address("192.0.2.2"), seconds(1)));
  a.leave(host);
  EXPECT_TRUE(a.enter(host, seconds(1)));
}

TEST(admission, bounds_what_is_pending_in_all) {
  admission a(small());
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(a.enter(make_address("192.0.2." + std::to_string(i % 3)), seconds(1)));
  EXPECT_EQ(a.pending(), 6u);
  EXPECT_FALSE(a.enter(make_address("192.0.2.9"), seconds(1)));
  a.leave(make_address("192.0.2.0"));
  EXPECT_TRUE(a.enter(make_address("192.0.2.9"), seconds(1)));
}

TEST(admission, bounds_the_rate_of_one_address) {
  admission a(small());
  const auto host = make_address("192.0.2.1");
  const auto once = [&](core::timestamp at) {
    const bool in = a.enter(host, at);
    if (in) a.leave(host);
    return in;
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(once(seconds(1)));
  EXPECT_FALSE(once(seconds(1)));
  EXPECT_FALSE(once(seconds(1) + milliseconds(400)));
  EXPECT_TRUE(once(seconds(1) + milliseconds(500)));
  EXPECT_FALSE(once(seconds(1) + milliseconds(500)));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(once(seconds(100)));
  EXPECT_FALSE(once(seconds(100)));
}

TEST(admission, takes_an_ipv6_64_for_one_host) {
  admission a(small());
  EXPECT_TRUE(a.enter(make_address("2001:db8:0:1::1"), seconds(1)));
  EXPECT_TRUE(a.enter(make_address("2001:db8:0:1::2"), seconds(1)));
  EXPECT_TRUE(a.enter(make_address("2001:db8:0:1:ffff::3"), seconds(1)));
  EXPECT_FALSE(a.enter(make_address("2001:db8:0:1::4"), seconds(1)));
  EXPECT_TRUE(a.enter(make_address("2001:db8:0:2::1"), seconds(1)));
}

TEST(admission, takes_a_mapped_address_for_what_it_is) {
  admission a(small());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(a.enter(make_address("::ffff:192.0.2.1"), seconds(1)));
  EXPECT_FALSE(a.enter(make_address("192.0.2.1"), seconds(1)));
}

TEST(admission, remembers_a_bounded_number_of_addresses) {
  admission a(small());
  const auto busy = make_address("198.51.100.1");
  ASSERT_TRUE(a.enter(busy, seconds(1)));
  for (int i = 0; i < 100; ++i) {
    const auto host = make_address("192.0.2." + std::to_string(i));
    EXPECT_TRUE(a.enter(host, seconds(1)));
    a.leave(host);
  }
  EXPECT_EQ(a.addresses(), 4u);
  EXPECT_EQ(a.pending(), 1u);
  a.leave(busy);  // it has not been forgotten: it was pending
  EXPECT_EQ(a.pending(), 0u);
}

TEST(admission, ignores_who_never_entered) {
  admission a(small());
  a.leave(make_address("192.0.2.1"));
  EXPECT_EQ(a.pending(), 0u);
}

}  // namespace
}  // namespace mtcp

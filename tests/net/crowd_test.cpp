#include "mtcp/net/admission/crowd.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mtcp {
namespace {

origin from(const std::string& address) { return origin::of(boost::asio::ip::make_address(address)); }

/// Members numbered from 1 in the order of these addresses; they go one by one.
std::vector<crowd::id> order_of_leaving(const std::vector<std::string>& addresses) {
  crowd all;
  for (std::size_t i = 0; i < addresses.size(); ++i) all.insert(i + 1, from(addresses[i]));
  std::vector<crowd::id> gone;
  while (!all.empty()) {
    gone.push_back(all.first_to_go());
    all.erase(gone.back(), from(addresses[gone.back() - 1]));
  }
  return gone;
}

using ids = std::vector<crowd::id>;

TEST(Origin, TakesAnIpv664ForOneHostWithinA56AndA48) {
  const origin one = from("2001:db8:1:203::1");
  EXPECT_EQ(one, from("2001:db8:1:203:ffff::2"));
  EXPECT_NE(one.host(), from("2001:db8:1:204::1").host());
  EXPECT_EQ(one.groups[1], from("2001:db8:1:2ff::1").groups[1]);
  EXPECT_NE(one.groups[1], from("2001:db8:1:303::1").groups[1]);
  EXPECT_EQ(one.groups[0], from("2001:db8:1:ffff::1").groups[0]);
  EXPECT_NE(one.groups[0], from("2001:db8:2:203::1").groups[0]);
}

TEST(Origin, TakesAnIpv4AddressForOneHostWithinA24) {
  EXPECT_EQ(from("192.0.2.1").groups[0], from("192.0.2.255").groups[0]);
  EXPECT_NE(from("192.0.2.1").host(), from("192.0.2.255").host());
  EXPECT_NE(from("192.0.2.1").groups[0], from("192.0.3.1").groups[0]);
  EXPECT_EQ(from("::ffff:192.0.2.1"), from("192.0.2.1"));
}

TEST(Crowd, OfStrangersToEachOtherLosesTheOldestFirst) {
  EXPECT_EQ(order_of_leaving({"192.0.2.1", "198.51.100.1", "2001:db8::1", "203.0.113.1"}), (ids{1, 2, 3, 4}));
}

TEST(Crowd, LosesTheOldestOfTheLargestHost) {
  EXPECT_EQ(order_of_leaving({"192.0.2.1", "198.51.100.1", "198.51.100.1", "198.51.100.1"}), (ids{2, 3, 1, 4}));
}

TEST(Crowd, CountsTheAddressesOfA24Together) {
  const ids gone = order_of_leaving({"192.0.2.1", "192.0.2.1", "198.51.100.1", "198.51.100.2", "198.51.100.3"});
  EXPECT_EQ(gone, (ids{3, 1, 4, 2, 5}));
}

TEST(Crowd, CountsA48OfIpv6TogetherAndThe56WithinIt) {
  const ids gone = order_of_leaving({"2001:db8:1:100::1", "2001:db8:1:200::1", "2001:db8:1:201::1", "2001:db8:1:202::1",
                                     "2001:db8:2:100::1", "2001:db8:2:100::2"});
  EXPECT_EQ(gone, (ids{2, 3, 1, 5, 4, 6}));
}

TEST(Crowd, TellsHowManyComeFromWhere) {
  crowd all;
  EXPECT_EQ(all.largest(), 0u);
  all.insert(1, from("192.0.2.1"));
  all.insert(2, from("192.0.2.2"));
  all.insert(3, from("192.0.2.2"));
  all.insert(4, from("198.51.100.1"));
  EXPECT_EQ(all.largest(), 3u);
  EXPECT_EQ(all.size_of_group(from("192.0.2.77")), 3u);
  EXPECT_EQ(all.size_of_host(from("192.0.2.2")), 2u);
  EXPECT_EQ(all.oldest_of_host(from("192.0.2.2")), 2u);
  EXPECT_EQ(all.size_of_host(from("192.0.2.77")), 0u);
  EXPECT_EQ(all.oldest(), 1u);
  all.erase(2, from("192.0.2.2"));
  all.erase(2, from("192.0.2.2"));
  EXPECT_EQ(all.largest(), 2u);
  EXPECT_EQ(all.size(), 3u);
}

}  // namespace
}  // namespace mtcp

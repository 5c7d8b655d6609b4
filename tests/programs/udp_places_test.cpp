#include "client/udp_places.hpp"

#include <gtest/gtest.h>

#include "client/udp_patience.hpp"

namespace mtcp::client {
namespace {

udp::endpoint at(const char* address, std::uint16_t port) { return {asio::ip::make_address(address), port}; }

bool enters(udp_places& places, const udp::endpoint& source) {
  const auto verdict = places.enter(source);
  return verdict.admitted && !verdict.gives_way;
}

TEST(UdpPlaces, AreForEachAddressAndPort) {
  udp_places places({.all = 3, .per_address = 2});
  EXPECT_TRUE(enters(places, at("192.0.2.1", 1)));
  EXPECT_TRUE(enters(places, at("192.0.2.1", 2)));
  EXPECT_TRUE(enters(places, at("192.0.2.2", 1)));
  EXPECT_EQ(places.size(), 3U);
  places.leave(at("192.0.2.1", 1));
  places.leave(at("192.0.2.9", 1));  // never had one
  EXPECT_EQ(places.size(), 2U);
  EXPECT_TRUE(enters(places, at("2001:db8::1", 1)));
}

TEST(UdpPlaces, OfAnAddressThatHasItsShareTheLongestUnusedGivesWay) {
  udp_places places({.all = 10, .per_address = 2});
  enters(places, at("192.0.2.1", 1));
  enters(places, at("192.0.2.1", 2));
  places.used(at("192.0.2.1", 1));
  places.used(at("192.0.2.1", 7));  // has none
  const auto verdict = places.enter(at("192.0.2.1", 3));
  EXPECT_TRUE(verdict.admitted);
  EXPECT_EQ(verdict.gives_way, at("192.0.2.1", 2));
  EXPECT_EQ(places.enter(at("192.0.2.1", 4)).gives_way, at("192.0.2.1", 1));
  EXPECT_EQ(places.size(), 2U);
}

TEST(UdpPlaces, ThoseWithFewComeBeforeThoseWithMany) {
  udp_places places({.all = 4, .per_address = 10});
  for (std::uint16_t port = 1; port <= 3; ++port) enters(places, at("192.0.2.1", port));
  enters(places, at("192.0.2.2", 1));
  EXPECT_EQ(places.enter(at("192.0.2.3", 1)).gives_way, at("192.0.2.1", 1));
  // Now 2, 1 and 1: another one with one would take what it may lose at once to the other.
  EXPECT_FALSE(places.enter(at("192.0.2.2", 2)).admitted);
  EXPECT_EQ(places.enter(at("192.0.2.4", 1)).gives_way, at("192.0.2.1", 2));
  EXPECT_EQ(places.size(), 4U);
}

TEST(UdpPlaces, OfManyAddressesWithOneEachStayTheirs) {
  udp_places places({.all = 3, .per_address = 3});
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"}) enters(places, at(address, 1));
  for (int i = 0; i < 100; ++i)
    EXPECT_FALSE(places.enter({asio::ip::address_v4(0x0a000000U + static_cast<unsigned>(i)), 1}).admitted);
  EXPECT_EQ(places.size(), 3U);
}

TEST(UdpPlaces, OfOneThatHoldsAllItsOwnGivesWay) {
  udp_places places({.all = 2, .per_address = 10});
  enters(places, at("192.0.2.1", 1));
  enters(places, at("192.0.2.1", 2));
  EXPECT_EQ(places.enter(at("192.0.2.1", 3)).gives_way, at("192.0.2.1", 1));
}

TEST(UdpPatience, EndsQuestionsSoonAndConversationsLate) {
  udp_patience names, others;
  names.sent(53);
  others.sent(53);
  EXPECT_EQ(names.now().count(), 10);
  others.sent(443);
  EXPECT_EQ(others.now().count(), 30);
  others.answered();
  names.answered();
  EXPECT_EQ(others.now().count(), 120);
  EXPECT_EQ(names.now().count(), 10);
}

}  // namespace
}  // namespace mtcp::client

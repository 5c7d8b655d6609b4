#include "mtcp/net/dial/udp_names.hpp"

#include <gtest/gtest.h>

#include "support/private_network.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using text_list = std::vector<std::string>;

class UdpNames : public testing::Test {
 protected:
  /// Where the next datagram to "a.test" goes.
  std::string send(udp_names& names, const text_list& addresses = {"2001:db8::1", "192.0.2.1"}) {
    std::vector<ip_address> found;
    for (const auto& text : addresses) found.push_back(parse_address(text).value());
    const ip_address to = names.order("a.test:53", found, now).front();
    names.sent("a.test:53", to, now);
    return to.to_string();
  }

  udp_names::clock::time_point now = udp_names::clock::now();
  udp_names all{[](const ip_address&) { return true; }};
};

TEST_F(UdpNames, PreferAddressesWithARoute) {
  udp_names four([](const ip_address& a) { return a.is_v4(); });
  EXPECT_EQ(send(four), "192.0.2.1");
  EXPECT_EQ(send(all), "2001:db8::1");
}

TEST_F(UdpNames, GoToTheNextAddressWhileNothingComesBack) {
  EXPECT_EQ(send(all), "2001:db8::1");
  EXPECT_EQ(send(all), "2001:db8::1") << "sent in one go";
  now += udp_names::patience;
  EXPECT_EQ(send(all), "192.0.2.1");
  all.heard(parse_address("192.0.2.1").value());
  now += 1h;
  EXPECT_EQ(send(all), "192.0.2.1") << "it has answered";
}

TEST_F(UdpNames, StayWithAnAddressThatAnswers) {
  EXPECT_EQ(send(all), "2001:db8::1");
  all.heard(parse_address("192.0.2.9").value());
  all.heard(parse_address("2001:db8::1").value());
  now += 1h;
  EXPECT_EQ(send(all), "2001:db8::1");
}

TEST_F(UdpNames, ThatHaveOtherAddressesBeginAnew) {
  EXPECT_EQ(send(all), "2001:db8::1");
  now += 1h;
  EXPECT_EQ(send(all, {"2001:db8::2"}), "2001:db8::2");
  now += 1h;
  EXPECT_EQ(send(all, {"2001:db8::2"}), "2001:db8::2") << "there is no other";
}

TEST_F(UdpNames, RememberTheAddressThatCouldBeSentTo) {
  std::vector<ip_address> found{parse_address("2001:db8::1").value(), parse_address("192.0.2.1").value()};
  all.order("a.test:53", found, now);
  all.sent("a.test:53", found[1], now);  // sending to the first has failed
  EXPECT_EQ(all.order("a.test:53", found, now).front(), found[1]);
}

TEST(HasRoute, AsksTheKernel) {
  if (!lab::private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
  const lab::private_network inside({"192.0.2.1/32"});
  EXPECT_TRUE(has_route(parse_address("192.0.2.1").value()));
  EXPECT_TRUE(has_route(parse_address("::1").value()));
  EXPECT_FALSE(has_route(parse_address("198.51.100.1").value()));
  EXPECT_FALSE(has_route(parse_address("2001:db8::1").value()));
}

}  // namespace
}  // namespace mtcp

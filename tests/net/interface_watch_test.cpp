// What the kernel tells of interfaces and default routes, in a network namespace of the test's own.
#include "mtcp/net/platform/interface_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

#include "net/run.hpp"
#include "support/private_network.hpp"

namespace mtcp::test {
namespace {

class InterfaceWatch : public testing::Test {
 protected:
  void SetUp() override {
    if (!lab::private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside.emplace(std::vector<std::string>{});
    ip("link add va type veth peer name vb");
    ip("link set va up");
    ip("link set vb up");
    ip("addr add 10.1.0.2/24 dev va");
    ip("addr add 10.2.0.2/24 dev vb");
  }

  static bool try_ip(const std::string& arguments) {
    return std::system(("ip " + arguments + " >/dev/null 2>&1").c_str()) == 0;
  }
  static void ip(const std::string& arguments) { ASSERT_TRUE(try_ip(arguments)) << arguments; }
  /// Their names, in the kernel's order.
  static std::string found() {
    std::string names;
    const std::vector<interface_state> all = platform::interfaces().value();
    for (const interface_state& one : all)
      if (one.is_uplink) names += (names.empty() ? "" : " ") + one.name;
    return names;
  }
  /// Linux tells the other end of a cable a little later that nothing is plugged in any more.
  static bool soon_finds(const std::string& expected) {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (found() != expected && std::chrono::steady_clock::now() < late) std::this_thread::yield();
    return found() == expected;
  }

  std::optional<lab::private_network> inside;
};

TEST_F(InterfaceWatch, FindsTheWaysToEverywhere) {
  EXPECT_EQ(found(), "");
  ip("route add 10.77.0.0/16 via 10.1.0.1");
  ip("route add default via 10.1.0.1 table 77");
  ip("route add unreachable default metric 4000");
  EXPECT_EQ(found(), "") << "no default route of the main table leads anywhere";
  ip("route add default via 10.1.0.1 metric 50");
  EXPECT_EQ(found(), "va");
  ip("route add default via 10.2.0.1 metric 70");
  EXPECT_EQ(found(), "vb va") << "whatever the metric";
  ip("route del default via 10.1.0.1");
  EXPECT_EQ(found(), "vb");
  ip("route replace default metric 70 nexthop via 10.1.0.1 nexthop via 10.2.0.1");
  EXPECT_EQ(found(), "vb va") << "one route through two";
  ip("link set va down");
  EXPECT_TRUE(soon_finds("")) << "and the other end of the cable is not plugged in any more";
  ip("link del va");
  EXPECT_EQ(platform::interfaces().value().size(), 1U) << "lo";
}

TEST_F(InterfaceWatch, FindsThoseOfIpv6OnceTheyHaveAnAddress) {
  ip("-6 route add default via fe80::1 dev va");
  EXPECT_EQ(found(), "") << "a link-local address is none that others answer to";
  ip("-6 addr add 2001:db8::2/64 dev va nodad");
  EXPECT_EQ(found(), "va");
  ip("-6 route del default");
  EXPECT_EQ(found(), "");
}

TEST_F(InterfaceWatch, LeavesTunnelsOut) {
  if (!try_ip("tuntap add tun7 mode tun")) GTEST_SKIP() << "no TUN devices";
  ip("addr add 10.3.0.2/24 dev tun7");
  ip("link set tun7 up");
  ip("route add default dev tun7 metric 9");
  ip("route add default dev lo metric 8");
  ip("route add default via 10.1.0.1 metric 7");
  EXPECT_EQ(found(), "va");
}

TEST_F(InterfaceWatch, GivesAnInterfaceThatComesBackAnotherIndex) {
  const auto index_of = [](const std::string& name) {
    const std::vector<interface_state> all = platform::interfaces().value();
    for (const interface_state& one : all)
      if (one.name == name) return one.index;
    return 0U;
  };
  const unsigned before = index_of("va");
  ip("link del va");
  ip("link add va type veth peer name vb");
  EXPECT_NE(before, 0U);
  EXPECT_NE(index_of("va"), before);
}

TEST_F(InterfaceWatch, TellsOfChanges) {
  asio::io_context io(1);
  platform::interface_watch watch(io.get_executor());
  ASSERT_FALSE(watch.open());
  for (const char* change :
       {"route add default via 10.1.0.1", "route del default", "-6 addr add 2001:db8::2/64 dev va nodad",
        "-6 route add default via 2001:db8::1 dev va", "link set va down", "link del va"}) {
    ip(change);
    EXPECT_FALSE(run(io, watch.wait())) << change;
  }
  watch.close();
  EXPECT_TRUE(run(io, watch.wait()));
}

}  // namespace
}  // namespace mtcp::test

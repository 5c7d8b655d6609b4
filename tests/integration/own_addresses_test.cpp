// What a client may not reach through a server: the server itself. A namespace has the public addresses for that.
#include <gtest/gtest.h>

#include "integration/associated.hpp"
#include "integration/deployment.hpp"
#include "support/peer.hpp"
#include "support/private_network.hpp"
#include "support/udp_socket.hpp"

namespace mtcp::lab {
namespace {

constexpr int policy = 2;                     // reply code: the rules forbid it
const std::string own = "45.33.32.156";       // public, and on an interface
const std::string own_six = "2600:3c01::1f";  // the same
const std::string elsewhere = "9.9.9.9";      // public, and on none: there is no way to it

class OwnAddresses : public testing::Test {
 protected:
  void SetUp() override {
    if (!private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside = std::make_unique<private_network>(std::vector<std::string>{own + "/32", own_six + "/128"});
  }

  static int connect(const deployment& halves, const std::string& host, std::uint16_t port) {
    socket s("127.0.0.1", halves.socks_port());
    return socks_connect(s, host, port).code;
  }

  std::unique_ptr<private_network> inside;
};

TEST_F(OwnAddresses, AreRefused) {
  const peer everywhere(habit::echo, 0, "0.0.0.0"), six(habit::echo, 0, "::");
  deployment halves;
  EXPECT_EQ(connect(halves, own, everywhere.port()), policy);
  EXPECT_EQ(connect(halves, "::ffff:" + own, everywhere.port()), policy);
  EXPECT_EQ(connect(halves, own_six, six.port()), policy);
  EXPECT_EQ(connect(halves, "127.0.0.1", everywhere.port()), 0) << "the operator opened loopback";
  EXPECT_TRUE(everywhere.wait([](const auto& all) { return !all.empty(); }, 10s));
  EXPECT_EQ(everywhere.visits().size(), 1U);
  EXPECT_TRUE(six.visits().empty());
}

TEST_F(OwnAddresses, AreRefusedToDatagrams) {
  udp_socket everywhere("0.0.0.0"), six("::"), allowed, application;
  deployment halves;
  const associated a(halves);
  a.send(application, own, everywhere.port(), "x");
  a.send(application, "::ffff:" + own, everywhere.port(), "x");
  a.send(application, own_six, six.port(), "x");
  a.send(application, "127.0.0.1", allowed.port(), "y");
  EXPECT_EQ(allowed.receive().value().payload, "y");
  EXPECT_FALSE(everywhere.receive(0ms));
  EXPECT_FALSE(six.receive(0ms));
}

TEST_F(OwnAddresses, AreOpenedOneByOne) {
  const peer everywhere(habit::echo, 0, "0.0.0.0");
  deployment named({.server_options = {"--allow", own + "/32"}});
  EXPECT_EQ(connect(named, own, everywhere.port()), 0);
  deployment wider({.server_options = {"--allow", "45.33.32.0/24"}});
  EXPECT_EQ(connect(wider, own, everywhere.port()), policy);
}

TEST_F(OwnAddresses, MayBeTold) {
  deployment untold, told({.server_options = {"--own-address", elsewhere}});
  EXPECT_NE(connect(untold, elsewhere, 443), policy);
  EXPECT_EQ(connect(told, elsewhere, 443), policy);
}

// The address that a client has dialled stands in what the balancer says of it.
TEST_F(OwnAddresses, AreLearntFromABalancer) {
  deployment halves({.server_options = {"--listen", "0.0.0.0:0", "--trust-proxy", own}});
  const auto port = halves.server().expect("listening bridges 0\\.0\\.0\\.0:(\\d+)").at(1);
  EXPECT_NE(connect(halves, elsewhere, 443), policy);
  socket balancer(own, static_cast<std::uint16_t>(std::stoul(port)));  // from the same address
  balancer.send(std::string("\r\n\r\n\0\r\nQUIT\n", 12) + octets({0x21, 0x11, 0, 12, 192, 0, 2, 7, 9, 9, 9, 9}) +
                octets({1, 1, 1, 1}) + "no TLS");
  EXPECT_EQ(balancer.receive_some(), "") << "a stranger";
  EXPECT_EQ(connect(halves, elsewhere, 443), policy);
}

}  // namespace
}  // namespace mtcp::lab

// Addresses of one link with their zone (RFC 4007, section 11): "fe80::1%eth0".
#include <gtest/gtest.h>
#include <net/if.h>

#include <optional>

#include "mtcp/net/dial/connector.hpp"
#include "mtcp/net/dial/dialer.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "net/run.hpp"
#include "support/private_network.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;

const std::string loopback_number = std::to_string(::if_nametoindex("lo"));

TEST(Zone, IsANameOrANumberBehindALinkLocalAddress) {
  EXPECT_EQ(zoned_address::parse("fe80::1%eth0")->zone(), "eth0");
  EXPECT_EQ(zoned_address::parse("[fe80::1%eth0.7]")->zone(), "eth0.7");
  EXPECT_EQ(zoned_address::parse("FE80::1%br-lan")->without_zone().to_string(), "fe80::1");
  EXPECT_EQ(zoned_address::parse("ff02::fb%2")->zone(), "2");
  EXPECT_EQ(zoned_address::parse("fe80::1")->zone(), "");
  EXPECT_EQ(zoned_address::parse("192.0.2.1")->zone(), "");
  for (const char* wrong : {"fe80::1%", "2001:db8::1%eth0", "::1%lo", "192.0.2.1%eth0", "fe80::1%a b", "fe80::1%a/b",
                            "fe80::1%sixteencharacter", "fe80::1%%eth0", "name%eth0", "%eth0"})
    EXPECT_FALSE(zoned_address::parse(wrong)) << wrong;
}

TEST(Zone, IsLookedUpWhenTheAddressIsUsed) {
  const auto named = zoned_address::parse("fe80::1%lo")->here();
  ASSERT_TRUE(named);
  EXPECT_EQ(named->to_v6().scope_id(), ::if_nametoindex("lo"));
  EXPECT_EQ(zoned_address::parse("fe80::1%" + loopback_number)->here().value(), *named);
  for (const char* absent : {"fe80::1%nosuch0", "fe80::1%0", "fe80::1%2000000000", "fe80::1%99999999999"})
    EXPECT_EQ(zoned_address::parse(absent)->here().error(), boost::system::errc::no_such_device) << absent;
}

TEST(Zone, SurvivesInTextBothWays) {
  const auto parsed = parse_host_port("[fe80::1%lo]:8443");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->host, "fe80::1%lo");
  EXPECT_EQ(to_string(*parsed), "[fe80::1%lo]:8443");
  const tcp::endpoint at(zoned_address::parse(parsed->host)->here().value(), 8443);
  EXPECT_EQ(to_string(to_target(at)), "[fe80::1%lo]:8443");
}

TEST(Zone, OfADestinationChangesNoRule) {
  const auto there = [](const std::string& text) { return zoned_address::parse(text)->here().value(); };
  const auto machine = std::make_shared<own_addresses>([&] { return std::vector{there("fe80::7%lo")}; });
  rules r(machine);
  EXPECT_FALSE(r.permits({there("fe80::1%lo"), 443}));
  r.allow(network::parse("fe80::/10").value());
  r.add_listener({there("fe80::2%lo"), 8443});
  r.add_own(parse_address("fe80::3").value());
  EXPECT_TRUE(r.permits({there("fe80::1%lo"), 443}));
  EXPECT_FALSE(r.permits({there("fe80::2%lo"), 8443}));
  EXPECT_FALSE(r.permits({there("fe80::3%lo"), 443}));
  EXPECT_FALSE(r.permits({there("fe80::7%lo"), 443}));
}

/// Two addresses of one link, that of the loopback interface.
class Link : public testing::Test {
 protected:
  void SetUp() override {
    if (!lab::private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside.emplace(std::vector<std::string>{"fe80::1/64", "fe80::2/64"});
    server.emplace(io, tcp::endpoint(zoned_address::parse("fe80::1%lo")->here().value(), 0));
    path.port = server->local_endpoint().port();
  }
  error_code dial() {
    address_book book(path);
    connector by(io.get_executor(), path, book, {.whole = 500ms});
    return test::run(io, by.connect(context, own));
  }
  /// Who has been accepted, though there was no TLS.
  std::string caller() {
    const tcp::socket taken = server->accept();
    return taken.remote_endpoint().address().to_string();
  }

  asio::io_context io;
  std::optional<lab::private_network> inside;
  std::optional<tcp::acceptor> server;
  path_options path{.host = "fe80::1%lo"};
  tls_context context = tls_context::client();
  key own = key::generate();
};

TEST_F(Link, IsDialledFromAnAddressOfIt) {
  path.bind = "fe80::2%lo";
  EXPECT_EQ(dial(), asio::error::timed_out);
  EXPECT_EQ(caller(), "fe80::2%lo");
}

TEST_F(Link, MayBeGivenByNumber) {
  path.host = "fe80::1%" + std::to_string(::if_nametoindex("lo"));
  EXPECT_EQ(dial(), asio::error::timed_out);
  EXPECT_EQ(caller().substr(0, 6), "fe80::");
}

TEST_F(Link, ThatIsNotThereIsNamedAsTheCause) {
  path.host = "fe80::1%nosuch0";
  EXPECT_EQ(dial(), boost::system::errc::no_such_device);
  path.host = "fe80::1%lo";
  path.bind = "fe80::2%nosuch0";
  EXPECT_EQ(dial(), boost::system::errc::no_such_device);
}

TEST_F(Link, IsADestinationWhereTheRulesAllowIt) {
  resolver names(io.get_executor(), {.servers = "127.0.0.1"});
  rules allowed;
  dialer d(names, allowed);
  EXPECT_EQ(test::run(io, d.dial({"fe80::1%lo", path.port})).why, core::refusal::policy);
  allowed.allow(network::parse("fe80::1").value());
  EXPECT_TRUE(test::run(io, d.dial({"fe80::1%lo", path.port})).socket);
  EXPECT_EQ(test::run(io, d.dial({"fe80::1%nosuch0", path.port})).why, core::refusal::host_unreachable);
}

}  // namespace
}  // namespace mtcp

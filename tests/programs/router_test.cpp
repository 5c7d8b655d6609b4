// Which way destinations go where no rule says, and where a direct way may end.
#include "client/router.hpp"

#include <gtest/gtest.h>

#include "net/run.hpp"

namespace mtcp::client {
namespace {

using proxy::route;
using proxy::transport;

const origin here{parse_address("127.0.0.1").value()};
const origin elsewhere{parse_address("192.168.7.9").value()};

class Router : public testing::Test {
 protected:
  router& with(std::initializer_list<std::pair<const char*, route>> rules, bool defaults = true) {
    const auto table = std::make_shared<proxy::route_table>();
    for (const auto& [rule, to] : rules) table->add(rule, {.to = to});
    made = std::make_shared<router>(io.get_executor(), rule_settings{.table = table, .defaults = defaults},
                                    dial_options{}, machine, links);
    return *made;
  }
  static route way(router& in, const char* host, const origin& from = here, std::uint16_t port = 80) {
    return in.way_to({host, port}, transport::tcp, from).to;
  }
  static bool permits(router& in, const char* address, const origin& from) {
    return in.permits({parse_address(address).value(), 80}, transport::tcp, from);
  }

  own_addresses::source machine = [] {
    return std::vector<ip_address>{parse_address("192.168.7.2").value(), parse_address("2001:db8:7::2").value()};
  };
  own_links::source links = [] {
    return std::vector<network>{network::parse("192.168.7.0/24").value(), network::parse("2001:db8:7::/64").value(),
                                network::parse("10.9.9.0/24").value(), network::parse("fe80::/64").value()};
  };
  asio::io_context io;
  std::shared_ptr<router> made;
};

TEST_F(Router, ByDefaultWhatIsNearIsDirect) {
  router& r = with({});
  for (const char* near : {"2001:db8:7::1", "fe80::1%eth0", "10.9.9.1"}) EXPECT_EQ(way(r, near), route::direct) << near;
  for (const origin& from : {here, elsewhere}) {
    for (const char* near : {"192.168.7.1", "::ffff:192.168.7.1"}) EXPECT_EQ(way(r, near, from), route::direct) << near;
    for (const char* far :
         {"192.168.8.1", "10.0.0.1", "2001:db8:8::1", "example.org", "router", "printer.local", "0.0.0.0"})
      EXPECT_EQ(way(r, far, from), route::tunnel) << far;
  }
}

TEST_F(Router, LeadsNobodyToALinkThatHeIsNotOn) {
  router& r = with({});
  for (const char* near : {"2001:db8:7::1", "fe80::1%eth0", "10.9.9.1"})
    EXPECT_EQ(way(r, near, elsewhere), route::tunnel) << near;
  EXPECT_EQ(way(r, "192.168.7.1", {parse_address("203.0.113.5").value()}), route::tunnel);
  EXPECT_EQ(way(with({{"10.9.9.0/24", route::direct}}), "10.9.9.1", elsewhere), route::direct) << "it was asked for";
}

TEST_F(Router, LoopbackIsForThoseWhoComeFromThere) {
  router& r = with({});
  for (const char* loopback :
       {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "a.localhost"}) {
    EXPECT_EQ(way(r, loopback, here), route::direct) << loopback;
    EXPECT_EQ(way(r, loopback, elsewhere), route::tunnel) << loopback;
  }
}

TEST_F(Router, DefaultsMayBeSwitchedOff) {
  router& r = with({}, false);
  for (const char* near : {"192.168.7.1", "127.0.0.1", "localhost"}) EXPECT_EQ(way(r, near), route::tunnel) << near;
}

TEST_F(Router, RulesComeBeforeDefaults) {
  router& r = with({{"192.168.0.0/16", route::block}, {"localhost", route::tunnel}, {"tcp:25", route::block}});
  EXPECT_EQ(way(r, "192.168.7.1"), route::block);
  EXPECT_EQ(way(r, "localhost"), route::tunnel);
  EXPECT_EQ(way(r, "127.0.0.1", here, 25), route::block);
  EXPECT_EQ(r.way_to({"192.168.7.1", 80}, transport::tcp, here).rule, "--block 192.168.0.0/16");
}

TEST_F(Router, NobodyElseComesToThisMachine) {
  router& r = with({{"0.0.0.0/0", route::direct}, {"::/0", route::direct}, {".lan", route::direct}});
  for (const char* own :
       {"127.0.0.1", "127.1.2.3", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "192.168.7.2",
        "::ffff:192.168.7.2", "::192.168.7.2", "64:ff9b::192.168.7.2", "2002:c0a8:0702::1", "2001:db8:7::2"}) {
    EXPECT_FALSE(permits(r, own, elsewhere)) << own;
    EXPECT_TRUE(permits(r, own, here)) << own;
  }
  for (const char* other : {"192.168.7.1", "2001:db8:7::1", "198.51.100.1"})
    EXPECT_TRUE(permits(r, other, elsewhere)) << other;
}

TEST_F(Router, ADirectNameDoesNotLeadToABlockedAddress) {
  router& r = with({{".lan", route::direct}, {"10.0.0.0/8", route::block}, {"tcp:80", route::block}});
  EXPECT_EQ(way(r, "a.lan"), route::direct);
  EXPECT_FALSE(permits(r, "10.1.1.1", here));
  EXPECT_TRUE(permits(r, "192.0.2.1", here)) << "a port says less than the name has said";
}

TEST_F(Router, RefusesADialThatMayNotEndAnywhere) {
  router& r = with({});
  const auto dial = [](router& by, origin from) -> task<core::refusal> {
    core::target to{"127.0.0.1", 1};
    dialed got = co_await by.dial(std::move(to), from);
    co_return got.socket ? core::refusal::general : got.why;
  };
  EXPECT_EQ(test::run(io, dial(r, elsewhere)), core::refusal::policy);
  EXPECT_EQ(test::run(io, dial(r, here)), core::refusal::connection_refused);
}

TEST_F(Router, CountsWhatGoesPastTheTunnel) {
  direct_connections& all = with({}).connections();
  auto first = all.add({"192.168.7.1", 80}), second = all.add({"192.168.7.1", 81});
  first->up = 10;
  second->down = 5;
  all.datagram_up(3);
  all.blocked_connection();
  all.blocked_datagram();
  direct_snapshot now = all.snapshot();
  ASSERT_EQ(now.open.size(), 2U);
  EXPECT_EQ(now.open[0].to.port, 80);
  EXPECT_EQ(now.open[0].bytes_up, 10U);
  EXPECT_EQ(now.bytes_up, 13U);
  first.reset();
  now = all.snapshot();
  ASSERT_EQ(now.open.size(), 1U);
  EXPECT_EQ(now.bytes_up, 13U) << "what has ended counts on";
  EXPECT_EQ(now.bytes_down, 5U);
  EXPECT_EQ(now.connections_total, 2U);
  EXPECT_EQ(now.datagrams_total, 1U);
  EXPECT_EQ(now.blocked_connections_total + now.blocked_datagrams_total, 2U);
  EXPECT_FALSE(all.reset(1));
}

}  // namespace
}  // namespace mtcp::client

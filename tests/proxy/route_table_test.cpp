#include "mtcp/proxy/route_table.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

#include "mtcp/proxy/host.hpp"
#include "proxy/naive_rules.hpp"

namespace mtcp::proxy {
namespace {

using kind = route_table::decision::kind;

struct given {
  const char* rule;
  route to;
};

route_table table(std::initializer_list<given> rules) {
  route_table out;
  for (const given& g : rules) out.add(g.rule, {.to = g.to});
  return out;
}

route way(const route_table& in, std::string_view host, std::uint16_t port = 80, transport over = transport::tcp) {
  return in.find(host, port, over).what.to;
}

TEST(RouteTable, SendsThroughTheTunnelWhatNoRuleHolds) {
  const route_table none;
  EXPECT_EQ(none.find("example.org", 80, transport::tcp).by, kind::none);
  EXPECT_EQ(none.find("10.0.0.1", 80, transport::tcp).what.to, route::tunnel);
}

TEST(RouteTable, TheLongestPrefixDecides) {
  const auto t = table({{"10.0.0.0/8", route::direct},
                        {"10.1.0.0/16", route::block},
                        {"10.1.2.3", route::tunnel},
                        {"2001:db8::/32", route::direct},
                        {"[2001:db8::7]", route::block}});
  EXPECT_EQ(way(t, "10.9.9.9"), route::direct);
  EXPECT_EQ(way(t, "10.1.9.9"), route::block);
  EXPECT_EQ(t.find("10.1.2.3", 80, transport::tcp).by, kind::block);
  EXPECT_EQ(way(t, "10.1.2.3"), route::tunnel);
  EXPECT_EQ(way(t, "11.0.0.1"), route::tunnel);
  EXPECT_EQ(way(t, "2001:db8::1"), route::direct);
  EXPECT_EQ(way(t, "2001:DB8::7"), route::block);
}

TEST(RouteTable, KnowsAnAddressInEverySpelling) {
  const auto t =
      table({{"10.0.0.0/8", route::block}, {"fe80::/10", route::direct}, {"::ffff:192.0.2.0/120", route::direct}});
  EXPECT_EQ(way(t, "::ffff:10.1.2.3"), route::block);
  EXPECT_EQ(way(t, "::FFFF:a01:203"), route::block);
  EXPECT_EQ(way(t, "fe80::1%eth0"), route::direct);
  EXPECT_EQ(way(t, "192.0.2.7"), route::direct);
  EXPECT_EQ(way(t, "10.1"), route::tunnel) << "a name, for whoever looks it up";
}

TEST(RouteTable, TheLongestSuffixDecidesAndTheNameItselfBeforeAll) {
  const auto t = table({{".org", route::direct},
                        {".example.org", route::block},
                        {"www.example.org", route::direct},
                        {".www.example.org", route::block}});
  EXPECT_EQ(way(t, "debian.org"), route::direct);
  EXPECT_EQ(way(t, "org"), route::direct) << "the name itself too";
  EXPECT_EQ(way(t, "example.org"), route::block);
  EXPECT_EQ(way(t, "a.b.example.org"), route::block);
  EXPECT_EQ(way(t, "www.example.org"), route::direct);
  EXPECT_EQ(way(t, "a.www.example.org"), route::block);
  EXPECT_EQ(way(t, "anexample.org"), route::direct);
  EXPECT_EQ(way(t, "example.orgs"), route::tunnel);
}

TEST(RouteTable, NamesHaveNoCaseAndNoDotAtTheirEnd) {
  const auto t = table({{".Example.ORG.", route::direct}, {"One.test", route::block}});
  EXPECT_EQ(way(t, "WWW.example.oRg."), route::direct);
  EXPECT_EQ(way(t, "oNE.tEST"), route::block);
  EXPECT_EQ(way(t, "a.one.test"), route::tunnel) << "that name alone";
}

TEST(RouteTable, RulesOfAddressesSayNothingOfNames) {
  const auto t = table({{"0.0.0.0/0", route::direct}, {"::/0", route::direct}});
  EXPECT_EQ(t.find("localhost", 80, transport::tcp).by, kind::none);
}

TEST(RouteTable, APortHasNoLength) {
  const auto t = table({{"udp:443", route::block},
                        {"tcp:25", route::direct},
                        {"192.0.2.0/24", route::direct},
                        {".example.org", route::direct},
                        {"0.0.0.0/0", route::tunnel}});
  EXPECT_EQ(way(t, "example.com", 443, transport::udp), route::block);
  EXPECT_EQ(way(t, "example.com", 443, transport::tcp), route::tunnel);
  EXPECT_EQ(way(t, "198.51.100.1", 443, transport::udp), route::block) << "block before tunnel";
  EXPECT_EQ(way(t, "198.51.100.1", 25), route::direct);
  EXPECT_EQ(way(t, "192.0.2.1", 443, transport::udp), route::direct) << "a longer rule";
  EXPECT_EQ(way(t, "www.example.org", 443, transport::udp), route::direct);
}

TEST(RouteTable, BlockComesBeforeDirectBeforeTunnel) {
  for (const char* rule : {"10.0.0.0/8", ".example.org", "example.org", "tcp:80"}) {
    const std::string host = rule[0] == '1' ? "10.1.1.1" : "example.org";
    EXPECT_EQ(way(table({{rule, route::direct}, {rule, route::block}, {rule, route::tunnel}}), host), route::block);
    EXPECT_EQ(way(table({{rule, route::tunnel}, {rule, route::direct}}), host), route::direct);
    EXPECT_EQ(table({{rule, route::tunnel}, {rule, route::direct}}).size(), 1U) << rule;
  }
}

TEST(RouteTable, RefusesWhatIsNoRule) {
  for (const char* bad : {"",
                          ".",
                          "..org",
                          "a..b",
                          "10.0.0.0/33",
                          "10.0.0.0/",
                          "/8",
                          "10.0.0.0/x",
                          "2001:db8::/129",
                          "example.org/8",
                          "10.0.0",
                          "1.2.3.4.5",
                          "udp:",
                          "udp:0",
                          "tcp:65536",
                          "tcp:x",
                          "a b",
                          "a:80",
                          "http://a/",
                          "@x",
                          "-@",
                          "b\xc3\xbc.test"}) {
    route_table t;
    EXPECT_THROW(t.add(bad, {}), std::invalid_argument) << bad;
    EXPECT_TRUE(t.empty());
  }
  const auto says = [](const char* rule) {
    route_table t;
    try {
      t.add(rule, {});
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(says("10.1.2.3/8").find("did you mean 10.0.0.0/8?"), std::string::npos);
  EXPECT_NE(says("2001:db8::1/32").find("did you mean 2001:db8::/32?"), std::string::npos);
  EXPECT_NE(says("*.example.org").find("write .example.org"), std::string::npos);
}

TEST(RouteTable, TellsTheRuleThatDecided) {
  route_table t = table({{"10.1.0.0/16", route::block}, {"2001:db8::7", route::block}, {"udp:443", route::block}});
  const auto file = t.add_source("ads.txt");
  t.add(".Example.org", {.to = route::block, .source = file, .line = 17});
  t.add("one.test", {.to = route::direct, .source = file, .line = 18});
  const auto told = [&t](const char* host, std::uint16_t port = 80, transport over = transport::tcp) {
    return t.describe(t.find(host, port, over), host, port, over);
  };
  EXPECT_EQ(told("10.1.2.3"), "--block 10.1.0.0/16");
  EXPECT_EQ(told("2001:db8::7"), "--block 2001:db8::7");
  EXPECT_EQ(told("a.test", 443, transport::udp), "--block udp:443");
  EXPECT_EQ(told("www.EXAMPLE.org."), "--block .example.org (ads.txt, line 17)");
  EXPECT_EQ(told("ONE.test"), "--direct one.test (ads.txt, line 18)");
}

TEST(RouteTable, ListsItsRulesOnce) {
  const auto t = table({{"a.test", route::direct},
                        {".a.test", route::block},
                        {"10.0.0.0/8", route::direct},
                        {"10.0.0.0/8", route::block},
                        {"tcp:25", route::block}});
  const auto all = t.list();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(t.size(), 4U);
  EXPECT_EQ(all[0].port, 25);
  EXPECT_EQ(all[1].to, route::block);
  EXPECT_EQ(all[2].text, "a.test");
}

// Few labels and few bits, so that rules often meet.
TEST(RouteTable, AgreesWithALinearSearch) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    route_table t;
    test::naive_rules all;
    for (unsigned i = 0; i < seed % 40; ++i) {
      const auto to = static_cast<route>(random() % 3);
      const std::string rule = test::random_rule(random);
      t.add(rule, {.to = to});
      all.add(rule, to);
    }
    for (unsigned i = 0; i < 100; ++i) {
      const auto [host, port, over] = test::random_destination(random);
      const auto found = t.find(host, port, over);
      const auto expected = all.find(host, port, over);
      ASSERT_EQ(found.by != kind::none, expected.has_value()) << "seed " << seed << ", " << host << ':' << port;
      ASSERT_EQ(found.what.to, expected.value_or(route::tunnel)) << "seed " << seed << ", " << host << ':' << port;
    }
  }
}

TEST(LoopbackName, IsLocalhostAndWhatEndsWithIt) {
  for (const char* name : {"localhost", "LocalHost.", "a.localhost", "a.b.LOCALHOST"})
    EXPECT_TRUE(is_loopback_name(name));
  for (const char* name : {"", ".", "alocalhost", "localhost.test", "127.0.0.1"}) EXPECT_FALSE(is_loopback_name(name));
}

}  // namespace
}  // namespace mtcp::proxy

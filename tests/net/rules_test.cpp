#include "mtcp/net/dial/rules.hpp"

#include <gtest/gtest.h>

namespace mtcp {
namespace {

bool permits(const rules& r, std::string_view address, std::uint16_t port = 443) {
  return r.permits({parse_address(address).value(), port});
}

rules with(std::initializer_list<std::string_view> allowed, std::initializer_list<std::string_view> denied = {}) {
  rules r;
  for (const auto text : allowed) r.allow(network::parse(text).value());
  for (const auto text : denied) r.deny(network::parse(text).value());
  return r;
}

TEST(Rules, AllowPublicAddressesByDefault) {
  for (const auto address :
       {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255", "100.128.0.0",     "126.255.255.255",
        "128.0.0.0",       "169.253.255.255", "169.255.0.0",    "172.15.255.255", "172.32.0.0",      "192.0.1.0",
        "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",     "223.255.255.255", "2001:200::1",
        "2606:4700::1111", "2a00::1",         "3ffe::1"})
    EXPECT_TRUE(permits(rules{}, address)) << address;
}

TEST(Rules, DenyEverythingElseByDefault) {
  for (const auto address : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.169.254",
                             "168.63.129.16",
                             "100.100.100.200",
                             "192.0.0.192",
                             "fd00:ec2::254",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.1",
                             "192.0.2.1",
                             "192.88.99.1",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "198.51.100.1",
                             "203.0.113.1",
                             "224.0.0.1",
                             "239.255.255.255",
                             "240.0.0.1",
                             "255.255.255.255",  //
                             "::",
                             "::1",
                             "64:ff9b:1::1",
                             "100::1",
                             "1000::1",
                             "2001::1",
                             "2001:2::1",
                             "2001:10::1",
                             "2001:db8::1",
                             "3fff::1",
                             "4000::1",
                             "5f00::1",
                             "fc00::1",
                             "fd12:3456::1",
                             "fe80::1",
                             "fec0::1",
                             "ff02::1"})
    EXPECT_FALSE(permits(rules{}, address)) << address;
}

TEST(Rules, LookInsideIpv6Addresses) {
  const struct {
    const char* carries_loopback;
    const char* carries_public;
  } forms[] = {
      {"::ffff:127.0.0.1", "::ffff:8.8.8.8"},       // mapped
      {"64:ff9b::7f00:1", "64:ff9b::808:808"},      // NAT64
      {"2002:7f00:1::1", "2002:808:808::1"},        // 6to4
      {"2600::5efe:7f00:1", "2600::5efe:808:808"},  // ISATAP
      {"2600::200:5efe:7f00:1", "2600::200:5efe:808:808"},
  };
  for (const auto& form : forms) {
    EXPECT_FALSE(permits(rules{}, form.carries_loopback)) << form.carries_loopback;
    EXPECT_TRUE(permits(rules{}, form.carries_public)) << form.carries_public;
    EXPECT_FALSE(permits(with({}, {"8.8.8.0/24"}), form.carries_public)) << form.carries_public;
    EXPECT_TRUE(permits(with({"127.0.0.0/8"}), form.carries_loopback)) << form.carries_loopback;
  }
}

TEST(Rules, LookInsideAddressesThatAnOperatorOpened) {
  // Everything of IPv6 is open, but not what hides IPv4.
  const rules r = with({"::/0"});
  for (const auto address : {"::127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:10.0.0.1", "2001:0:808:808::80ff:fffe"})
    EXPECT_FALSE(permits(r, address)) << address;
  for (const auto address : {"::", "::1", "fd00::1", "::8.8.8.8", "2001:0:808:808::f7f7:f7f7"})
    EXPECT_TRUE(permits(r, address)) << address;
}

TEST(Rules, OfTheOperatorComeBeforeTheDefaults) {
  EXPECT_TRUE(permits(with({"127.0.0.0/8"}), "127.0.0.1"));
  EXPECT_TRUE(permits(with({"0.0.0.0/0"}), "169.254.169.254"));
  EXPECT_TRUE(permits(with({"10.1.2.3"}), "10.1.2.3"));
  EXPECT_FALSE(permits(with({"10.1.2.3"}), "10.1.2.4"));
  EXPECT_FALSE(permits(with({}, {"1.1.1.1"}), "1.1.1.1"));
  EXPECT_TRUE(permits(with({"::ffff:10.0.0.0/104"}), "10.9.9.9"));
}

TEST(Rules, WithTheLongestPrefixDecide) {
  const rules only = with({"93.184.0.0/16"}, {"0.0.0.0/0", "::/0"});
  EXPECT_TRUE(permits(only, "93.184.1.1"));
  EXPECT_FALSE(permits(only, "8.8.8.8"));
  EXPECT_FALSE(permits(only, "2606:4700::1111"));
  const rules nested = with({"10.0.0.0/8", "10.1.1.0/24"}, {"10.1.0.0/16"});
  EXPECT_TRUE(permits(nested, "10.2.0.1"));
  EXPECT_FALSE(permits(nested, "10.1.2.1"));
  EXPECT_TRUE(permits(nested, "10.1.1.1"));
}

TEST(Rules, DenyWinsATie) {
  EXPECT_FALSE(permits(with({"10.0.0.0/8"}, {"10.0.0.0/8"}), "10.0.0.1"));
  rules r = with({}, {"10.0.0.0/8"});
  r.allow(network::parse("10.0.0.0/8").value());
  EXPECT_FALSE(permits(r, "10.0.0.1"));
}

TEST(Rules, DenyTheServersOwnListeners) {
  rules r = with({"0.0.0.0/0", "::/0"});
  r.add_listener({parse_address("127.0.0.2").value(), 8443});
  EXPECT_FALSE(permits(r, "127.0.0.2", 8443));
  EXPECT_FALSE(permits(r, "::ffff:127.0.0.2", 8443));
  EXPECT_FALSE(permits(r, "64:ff9b::7f00:2", 8443));
  EXPECT_FALSE(permits(r, "0.0.0.0", 8443)) << "as a destination it is this machine";
  EXPECT_FALSE(permits(r, "::", 8443));
  EXPECT_TRUE(permits(r, "127.0.0.2", 8444));
  EXPECT_TRUE(permits(r, "127.0.0.3", 8443));
}

TEST(Rules, TakeAWildcardListenerForEveryLocalAddress) {
  rules r = with({"0.0.0.0/0", "::/0"});
  r.add_listener({parse_address("::").value(), 8443});
  for (const auto address : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::"})
    EXPECT_FALSE(permits(r, address, 8443)) << address;
  EXPECT_TRUE(permits(r, "127.0.0.1", 80));
  EXPECT_TRUE(permits(r, "8.8.8.8", 8443));
}

TEST(Network, IsParsedStrictly) {
  for (const auto text : {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "::1/64",
                          "::/129", "10.0.0/8", "example.org/8", "10.0.0.0/8/8", "10.0.0.0 /8", "fe80::%eth0/64"})
    EXPECT_FALSE(network::parse(text)) << text;
  EXPECT_EQ(network::parse("10.0.0.0/8")->to_string(), "10.0.0.0/8");
  EXPECT_EQ(network::parse("10.1.2.3")->to_string(), "10.1.2.3/32");
  EXPECT_EQ(network::parse("[2001:db8::]/32")->to_string(), "2001:db8::/32");
  EXPECT_EQ(network::parse("::ffff:10.0.0.0/104")->to_string(), "10.0.0.0/8");
}

TEST(Network, ContainsWhatSharesItsPrefix) {
  const auto block = network::parse("172.16.0.0/12").value();
  EXPECT_TRUE(block.contains(parse_address("172.16.0.0").value()));
  EXPECT_TRUE(block.contains(parse_address("172.31.255.255").value()));
  EXPECT_FALSE(block.contains(parse_address("172.32.0.0").value()));
  EXPECT_FALSE(block.contains(parse_address("::").value()));
  EXPECT_FALSE(network::parse("::/0")->contains(parse_address("1.2.3.4").value()));
}

TEST(HostPort, IsParsedStrictly) {
  EXPECT_EQ(parse_host_port("example.org:443"), (core::target{"example.org", 443}));
  EXPECT_EQ(parse_host_port("[::1]:0"), (core::target{"::1", 0}));
  EXPECT_EQ(parse_host_port(":8443"), (core::target{"", 8443}));
  for (const auto text : {"", "443", "host:", "host:65536", "host:-1", "host:1x", "::1:80", "[::1]", "[name]:80",
                          "[]:80", "a b:80", "user@host:80", "http://host:80", "[::1:80"})
    EXPECT_FALSE(parse_host_port(text)) << text;
}

TEST(HostPort, IsWrittenAsItIsRead) {
  for (const auto text : {"example.org:443", "10.0.0.1:80", "[2001:db8::1]:8443"})
    EXPECT_EQ(to_string(parse_host_port(text).value()), text);
}

ip_address address(std::string_view text) { return parse_address(text).value(); }

/// A machine with one address of each family, and a link-local one.
std::vector<ip_address> interfaces() {
  return {address("127.0.0.1"), address("45.33.32.156"), address("2600:3c01::f03c:91ff:fe18:bb2f"),
          asio::ip::make_address_v6("fe80::1%7")};
}

std::shared_ptr<own_addresses> machine() { return std::make_shared<own_addresses>(interfaces); }

rules on(const std::shared_ptr<own_addresses>& where, std::initializer_list<std::string_view> allowed = {},
         std::initializer_list<std::string_view> denied = {}) {
  rules r = with(allowed, denied);
  r.set_machine(where);
  return r;
}

TEST(OwnAddresses, AreThoseOfTheInterfacesAndLoopback) {
  const auto here = machine();
  for (const auto text : {"45.33.32.156", "::ffff:45.33.32.156", "2600:3c01::f03c:91ff:fe18:bb2f", "fe80::1",
                          "127.8.8.8", "::ffff:127.0.0.1", "::1", "0.0.0.0", "::"})
    EXPECT_TRUE(here->contains(address(text))) << text;
  for (const auto text : {"45.33.32.157", "2600:3c01::1", "fe80::2"})
    EXPECT_FALSE(here->contains(address(text))) << text;
  EXPECT_TRUE(own_addresses().contains(address("127.0.0.1")));
  EXPECT_FALSE(own_addresses().contains(address("203.0.113.77")));
}

TEST(OwnAddresses, AreAskedForAgain) {
  std::optional<std::vector<ip_address>> now = interfaces();
  int asked = 0;
  const auto ask = [&] {
    ++asked;
    return now;
  };
  const own_addresses always(ask, std::chrono::milliseconds(0));
  now->push_back(address("45.33.32.157"));
  EXPECT_TRUE(always.contains(address("45.33.32.157")));
  now.reset();  // the system has no answer
  EXPECT_TRUE(always.contains(address("45.33.32.157")));
  asked = 0;
  const own_addresses seldom(ask, std::chrono::hours(1));
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(seldom.contains(address("45.33.32.157")));
  EXPECT_EQ(asked, 1);
}

TEST(OwnAddresses, AreLearntWithinBounds) {
  const auto here = machine();
  here->learn(address("::ffff:203.0.113.7"));
  EXPECT_TRUE(here->contains(address("203.0.113.7")));
  for (unsigned i = 0; i < 10'000; ++i) here->learn(asio::ip::address_v4(0x0b000000 + i));
  EXPECT_TRUE(here->contains(address("203.0.113.7")));
  EXPECT_TRUE(here->contains(address("11.0.0.1")));
  EXPECT_FALSE(here->contains(address("11.0.39.0")));
}

TEST(Rules, DenyTheServersOwnAddressesInAllSpellings) {
  const rules r = on(machine());
  for (const auto text : {"45.33.32.156", "::ffff:45.33.32.156", "2002:2d21:209c::1", "64:ff9b::2d21:209c",
                          "2600::5efe:2d21:209c", "2600:3c01::f03c:91ff:fe18:bb2f"})
    for (const auto port : {std::uint16_t{22}, std::uint16_t{443}, std::uint16_t{65'535}})
      EXPECT_FALSE(permits(r, text, port)) << text;
  EXPECT_TRUE(permits(r, "45.33.32.157"));
  EXPECT_TRUE(permits(r, "2600:3c01::1"));
}

TEST(Rules, DenyOwnAddressesThatAreLearntOrGiven) {
  const auto here = machine();
  rules r = on(here);
  EXPECT_TRUE(permits(r, "9.9.9.9"));
  here->learn(address("9.9.9.9"));
  EXPECT_FALSE(permits(r, "9.9.9.9"));
  EXPECT_TRUE(permits(r, "8.8.8.8"));
  r.add_own(address("::ffff:8.8.8.8"));
  EXPECT_FALSE(permits(r, "8.8.8.8"));
  EXPECT_FALSE(permits(r, "2002:808:808::1"));
}

TEST(Rules, OpenAnOwnAddressByItsNameOnly) {
  EXPECT_TRUE(permits(on(machine(), {"45.33.32.156"}), "45.33.32.156"));
  EXPECT_TRUE(permits(on(machine(), {"45.33.32.156/32"}), "64:ff9b::2d21:209c"));
  EXPECT_TRUE(permits(on(machine(), {"2600:3c01::f03c:91ff:fe18:bb2f"}), "2600:3c01::f03c:91ff:fe18:bb2f"));
  for (const auto wider : {"45.33.32.156/31", "45.33.32.0/24", "0.0.0.0/0"})
    EXPECT_FALSE(permits(on(machine(), {wider}), "45.33.32.156")) << wider;
  EXPECT_TRUE(permits(on(machine(), {"45.33.32.156/31"}), "45.33.32.157"));
  EXPECT_FALSE(permits(on(machine(), {"::/0"}), "2600:3c01::f03c:91ff:fe18:bb2f"));
  EXPECT_FALSE(permits(on(machine(), {"45.33.32.156"}, {"45.33.32.156"}), "45.33.32.156")) << "a deny wins the tie";
}

TEST(Rules, OpenLoopbackByAnyBlockThatHoldsIt) {
  for (const auto block : {"127.0.0.1", "127.0.0.0/8", "0.0.0.0/0"})
    EXPECT_TRUE(permits(on(machine(), {block}), "127.0.0.1")) << block;
  EXPECT_FALSE(permits(on(machine()), "127.0.0.1"));
}

}  // namespace
}  // namespace mtcp

// Where clients may have a server listen.
#include "server/listen_rules.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace mtcp::server {
namespace {

/// Where they let a client listen that asks for this: "ADDRESS PORT", or "nowhere".
std::string place(const std::vector<std::string>& rules, const core::target& asked) {
  std::vector<listen_rule> all;
  for (const std::string& one : rules) all.push_back(parse_listen_rule(one));
  const auto found = listen_rules(all).place_for(asked);
  return found ? (found->host.empty() ? "*" : found->host) + " " + std::to_string(found->port) : "nowhere";
}

TEST(ListenRules, LetNobodyListenByThemselves) {
  EXPECT_EQ(place({}, {"", 80}), "nowhere");
  EXPECT_EQ(place({}, {"127.0.0.1", 0}), "nowhere");
}

TEST(ListenRules, DecideTheAddressOfAPortAlone) {
  EXPECT_EQ(place({"80"}, {"", 80}), "127.0.0.1 80");
  EXPECT_EQ(place({"*:80"}, {"", 80}), "* 80");
  EXPECT_EQ(place({":80"}, {"", 80}), "* 80");
  EXPECT_EQ(place({"[::]:80"}, {"", 80}), "* 80");
  EXPECT_EQ(place({"192.0.2.1:80"}, {"", 80}), "192.0.2.1 80");
  EXPECT_EQ(place({"[2001:db8::1]:80"}, {"", 80}), "2001:db8::1 80");
  EXPECT_EQ(place({"1-79", "192.0.2.1:80", "*:80"}, {"", 80}), "192.0.2.1 80") << "the first decides";
}

TEST(ListenRules, HoldForTheirPorts) {
  EXPECT_EQ(place({"8000-8010"}, {"", 7999}), "nowhere");
  EXPECT_EQ(place({"8000-8010"}, {"", 8000}), "127.0.0.1 8000");
  EXPECT_EQ(place({"8000-8010"}, {"", 8010}), "127.0.0.1 8010");
  EXPECT_EQ(place({"8000-8010"}, {"", 8011}), "nowhere");
  EXPECT_EQ(place({"1-65535"}, {"", 0}), "nowhere") << "a port that the system chooses is one by itself";
  EXPECT_EQ(place({"0"}, {"", 0}), "127.0.0.1 0");
}

TEST(ListenRules, CoverAnAddressThatIsAskedFor) {
  EXPECT_EQ(place({"80"}, {"127.0.0.1", 80}), "127.0.0.1 80");
  EXPECT_EQ(place({"80"}, {"127.0.0.2", 80}), "127.0.0.2 80");
  EXPECT_EQ(place({"80"}, {"::1", 80}), "::1 80");
  EXPECT_EQ(place({"80"}, {"::ffff:127.0.0.1", 80}), "127.0.0.1 80");
  EXPECT_EQ(place({"80"}, {"192.0.2.1", 80}), "nowhere");
  EXPECT_EQ(place({"192.0.2.1:80"}, {"192.0.2.1", 80}), "192.0.2.1 80");
  EXPECT_EQ(place({"192.0.2.1:80"}, {"192.0.2.2", 80}), "nowhere");
  EXPECT_EQ(place({"192.0.2.1:80"}, {"127.0.0.1", 80}), "nowhere");
  EXPECT_EQ(place({"*:80"}, {"192.0.2.1", 80}), "192.0.2.1 80");
}

TEST(ListenRules, CoverAllAddressesOnlyWhereTheySaySo) {
  for (const char* all : {"::", "0.0.0.0"}) {
    EXPECT_EQ(place({"80"}, {all, 80}), "nowhere");
    EXPECT_EQ(place({"192.0.2.1:80"}, {all, 80}), "nowhere");
  }
  EXPECT_EQ(place({"*:80"}, {"::", 80}), "* 80");
  EXPECT_EQ(place({"*:80"}, {"0.0.0.0", 80}), "0.0.0.0 80");
}

TEST(ListenRules, KnowNoNames) { EXPECT_EQ(place({"*:80"}, {"localhost", 80}), "nowhere"); }

}  // namespace
}  // namespace mtcp::server

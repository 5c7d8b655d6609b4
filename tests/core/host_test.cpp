// Which hosts a peer may name, and what happens to those that it may not.
#include <gtest/gtest.h>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/host.hpp"

namespace mtcp::core::test {
namespace {

using namespace std::string_literals;

const std::string bad_hosts[] = {
    "a\n2026 error forged", "127.0.0.1\0x"s, "\0"s, "\x1b[2J", "a b", "a\x7f", "a\t", "[::1]"};

TEST(Host, IsWhatMayBeANameOrALiteral) {
  for (const auto& good : {"example.org"s, "example.org."s, "under_score"s, "b\xc3\xbc"s + "cher.example", "10.0.0.1"s,
                           "2001:db8::1"s, std::string(255, 'a')})
    EXPECT_TRUE(is_host(good)) << good;
  for (const auto& bad : bad_hosts) EXPECT_FALSE(is_host(bad)) << testing::PrintToString(bad);
  EXPECT_FALSE(is_host(""));
  EXPECT_FALSE(is_host(std::string(256, 'a')));
}

TEST(Host, ThatCanBeNoneIsRefusedAndTheTunnelGoesOn) {
  engine_pair pair;
  for (const auto& bad : bad_hosts) {
    const stream_id id = pair.client.open({bad, 80}, bytes_of("early"), pair.now).value();
    pair.run();
    EXPECT_FALSE(pair.has_event<events::incoming>(pair.server)) << "the program never hears of it";
    bool refused = false;
    for (const event& e : pair.events(pair.client)) {
      const auto* told = std::get_if<events::refused>(&e);
      refused = refused || (told != nullptr && told->stream == id && told->why == refusal::host_unreachable);
    }
    EXPECT_TRUE(refused) << testing::PrintToString(bad);
  }
  pair.open();
  EXPECT_FALSE(pair.has_event<events::failed>(pair.server));
}

TEST(Host, ThatIsEmptyIsRefusedUnlessItStandsForAnAssociation) {
  engine_pair pair;
  pair.client.open({"", 80}, {}, pair.now).value();
  pair.run();
  EXPECT_FALSE(pair.has_event<events::incoming>(pair.server));
  EXPECT_TRUE(pair.has_event<events::refused>(pair.client));
  pair.client.open({}, {}, pair.now).value();
  pair.run();
  EXPECT_TRUE(pair.has_event<events::incoming>(pair.server));
}

TEST(Host, OfABoundAddressIsNotToldIfItCanBeNone) {
  engine_pair pair;
  const stream_id id = pair.client.open({"example.org", 80}, {}, pair.now).value();
  pair.run();
  pair.server.answer(id, {"192.0.2.1\nforged", 5}, pair.now);
  pair.run();
  EXPECT_TRUE(pair.has_event<events::opened>(pair.client));
  EXPECT_EQ(pair.client.bound_address(id), (target{"", 5}));
}

}  // namespace
}  // namespace mtcp::core::test

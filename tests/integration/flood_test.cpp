// Who has the key gets in while strangers hold every connection that they can.
#include <gtest/gtest.h>

#include <cmath>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/flood.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

constexpr std::size_t connections = 5000;
constexpr std::size_t groups = 10;  // of 100 addresses each
const auto patience = std::chrono::seconds(static_cast<int>(std::ceil(2 / machine_speed)));

class Flood : public testing::Test {
 protected:
  void SetUp() override {
    if (!make_room_for_descriptors(2 * connections)) GTEST_SKIP() << "may not have so many descriptors";
  }
};

/// A client by itself, dialling from `address`; whether its tunnel is up in time.
bool gets_in(const deployment& halves, const std::string& address) {
  process client({client_program, "--key-file", halves.key_file(), "--server",
                  "127.0.0.1:" + std::to_string(halves.server_port()), "--bind", address, "--bridges", "1", "--socks",
                  "127.0.0.1:0", "--status", "none"});
  client.expect("listening socks");
  try {
    client.expect("tunnel up", patience);
  } catch (const std::runtime_error&) {
    return false;
  }
  return true;
}

// From a network of its own, from the attackers' networks, and from addresses that attackers use themselves: silence
// takes nothing from who speaks.
TEST_F(Flood, OfSilentConnectionsKeepsNobodyOut) {
  deployment halves(with_status());
  const flood silent(halves.server_port(), connections, groups, 2000);
  ASSERT_TRUE(silent.wait_until_complete());
  stats_when(halves.server(), [](const auto& s) { return s["pending"] > 2000; });
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    const std::string address =
        i % 3 == 0 ? "127.9." + n + ".1"
                   : "127.1." + std::to_string(i % 10) + "." + (i % 3 == 1 ? "2" : "") + std::to_string(10 + i);
    EXPECT_TRUE(gets_in(halves, address)) << address;
  }
  EXPECT_GT(silent.dialled(), connections) << "places were taken away from the silent";
}

TEST_F(Flood, OfConnectionsThatBeginToSpeakKeepsNobodyOut) {
  deployment halves;
  const flood slow(halves.server_port(), 600, groups, 200, "\x16\x03");
  ASSERT_TRUE(slow.wait_until_complete());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(gets_in(halves, "127.9." + std::to_string(i) + ".1")) << i;
}

TEST_F(Flood, DoesNotEndASessionThatLostItsBridges) {
  const origin web;
  const double rate = 10e6 * machine_speed;
  const auto size = static_cast<std::uint64_t>(6 * rate);
  deployment halves({.lines = {.rate_up = rate, .rate_down = rate, .delay = 5ms}});
  const flood silent(halves.server_port(), connections, groups, 2000);
  ASSERT_TRUE(silent.wait_until_complete());
  auto running = transfer::download(halves, web.url(""), size);
  halves.wait_for_bytes(size / 3);
  halves.lines().close_door();
  halves.lines().lose_all(loss::reset);
  halves.lines().open_door();
  const auto r = running.finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_LT(r.seconds, 12);
}

}  // namespace
}  // namespace mtcp::lab

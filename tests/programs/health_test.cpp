#include "client/health.hpp"

#include <gtest/gtest.h>

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
using state = tunnel_snapshot::state;
using list = std::vector<std::string>;

class Health : public testing::Test {
 protected:
  /// What is told when this many of 4 bridges are up, `later` after the last look.
  list told(state now, std::size_t bridges, const std::string& error = "", std::chrono::milliseconds later = 50ms) {
    tunnel_snapshot s;
    s.now = now;
    s.session = session;
    s.bridges.resize(bridges);
    s.paths = {{.name = "a:1", .bridges_wanted = 4, .bridges_up = bridges, .reconnects = 0, .last_error = error}};
    time += later;
    list out;
    for (const log_line& line : seen.changes(s, time)) out.push_back(line.text);
    return out;
  }

  health seen;
  std::string session = "1";
  std::chrono::steady_clock::time_point time{};
};

TEST_F(Health, TellsOnceThatRequestsAreRefused) {
  tunnel_snapshot s;
  s.refuses = true;
  const auto told = [&] { return seen.changes(s, time); };
  ASSERT_EQ(told().size(), 1U);
  EXPECT_EQ(told().size(), 0U);
  s.refuses = false;
  EXPECT_EQ(told().size(), 0U);
  s.refuses = true;
  EXPECT_EQ(told().front().text, "no bridge is up: new requests are refused until one is");
}

TEST_F(Health, IsGoodWhenAllBridgesAreUp) {
  EXPECT_EQ(told(state::connecting, 0), list{});
  EXPECT_EQ(told(state::up, 1), list{});
  EXPECT_EQ(seen.next_look(), 50ms);
  EXPECT_EQ(told(state::up, 4), list{"tunnel up, 4 bridges"});
  EXPECT_EQ(seen.next_look(), 5s);
  EXPECT_EQ(told(state::up, 4), list{});
}

TEST_F(Health, WaitsASecondForTheLastBridge) {
  EXPECT_EQ(told(state::up, 3), list{});
  EXPECT_EQ(told(state::up, 3, "", 900ms), list{});
  EXPECT_EQ(told(state::up, 3, "", 100ms), list{"tunnel up, 3 of 4 bridges"});
  EXPECT_EQ(told(state::up, 4), list{"4 bridges up"});
}

TEST_F(Health, TellsOfLostBridges) {
  told(state::up, 4);
  EXPECT_EQ(told(state::up, 2, "Connection reset"), (list{"2 of 4 bridges up", "path a:1: Connection reset"}));
  EXPECT_EQ(told(state::up, 2, "Connection reset"), list{});
  EXPECT_EQ(told(state::up, 4), list{"4 bridges up"});
}

TEST_F(Health, TellsOfAnOutage) {
  told(state::up, 4);
  EXPECT_EQ(told(state::down, 0), list{"tunnel down, streams wait for it"});
  EXPECT_EQ(told(state::down, 0), list{});
  EXPECT_EQ(told(state::up, 4), list{"tunnel up, 4 bridges"});
}

TEST_F(Health, TellsOfANewServerEvenIfTheOutageWasNotSeen) {
  told(state::up, 4);
  session = "2";
  EXPECT_EQ(told(state::up, 4), list{"tunnel up, 4 bridges"});
}

TEST_F(Health, TellsOnceWhyItCannotConnect) {
  EXPECT_EQ(told(state::connecting, 0, "Connection refused"), list{"path a:1: Connection refused"});
  EXPECT_EQ(told(state::connecting, 0, "Connection refused"), list{});
  EXPECT_EQ(told(state::connecting, 0, "wrong key"), list{"path a:1: wrong key"});
}

TEST_F(Health, TellsOfPathsThatComeAndGo) {
  health of_pattern;
  tunnel_snapshot now;
  const auto lines = [&] {
    list out;
    for (const log_line& one : of_pattern.changes(now, {})) out.push_back(one.text);
    return out;
  };
  now.patterns = {{"*", 0}};
  EXPECT_EQ(lines(), list{});
  now.paths = {{.name = "eth0", .bridges_wanted = 1}, {.name = "wlan0", .bridges_wanted = 1}};
  EXPECT_EQ(lines(), (list{"path eth0 has come", "path wlan0 has come"}));
  now.paths.erase(now.paths.begin());
  now.paths[0].last_error = "that of this one";
  EXPECT_EQ(lines(), (list{"path eth0 is gone", "path wlan0: that of this one"}));
  now.paths[0].bridges_wanted = 0;  // its connections are being closed
  EXPECT_EQ(lines(), list{"path wlan0 is gone"});
}

TEST_F(Health, IsSilentAtTheEnd) {
  told(state::up, 4);
  EXPECT_EQ(told(state::stopped, 0), list{});
}

}  // namespace
}  // namespace mtcp::client

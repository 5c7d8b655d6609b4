// Which paths a pattern of interfaces stands for, while these come and go.
#include "mtcp/session/uplinks.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

class Uplinks : public testing::Test {
 protected:
  void set(const std::string& name, bool is_uplink) {
    auto& one = here.try_emplace(name, interface_state{name, ++last_index, false}).first->second;
    one.is_uplink = is_uplink;
    look();
  }
  void remove(const std::string& name) {
    here.erase(name);
    look();
  }
  void look() {
    std::vector<interface_state> all;
    for (const auto& [name, one] : here) all.push_back(one);
    machine.see(all, now);
  }
  /// "+wlan0" for a path that comes, "-wlan0" for one that goes; with the pattern's number, unless that is the first.
  words changes() {
    words out;
    while (const auto c = machine.next_change(now))
      out.push_back((c->comes ? "+" : "-") + c->interface + (c->pattern == 0 ? "" : " " + std::to_string(c->pattern)));
    return out;
  }

  core::timestamp now{1h};
  uplinks machine{{{"*", "a"}}, {}};
  std::map<std::string, interface_state> here;
  unsigned last_index = 0;
};

TEST_F(Uplinks, AreInterfacesWithADefaultRoute) {
  set("eth0", true);
  set("docker0", false);
  EXPECT_EQ(changes(), words{"+eth0"});
  EXPECT_TRUE(changes().empty());
  set("docker0", true);
  EXPECT_EQ(changes(), words{"+docker0"});
}

TEST_F(Uplinks, ArriveOnceEach) {
  machine = uplinks({}, {{"eth0", "a"}});
  set("eth0", true);
  EXPECT_TRUE(machine.take_arrivals().empty()) << "it was there from the start";
  set("wlan0", false);
  EXPECT_TRUE(machine.take_arrivals().empty());
  set("wlan0", true);
  look();
  EXPECT_EQ(machine.take_arrivals(), words{"wlan0"});
  EXPECT_TRUE(machine.take_arrivals().empty());
  set("eth0", false);
  set("eth0", true);
  EXPECT_EQ(machine.take_arrivals(), words{"eth0"});
  remove("eth0");
  set("eth0", true);
  EXPECT_EQ(machine.take_arrivals(), words{"eth0"}) << "another one of the same name";
}

TEST_F(Uplinks, AreTakenByTheirNames) {
  machine = uplinks({{"wl*", "a"}, {"usb?", "a"}}, {});
  for (const char* name : {"wlan0", "wl", "eth0", "usb1", "usb10", "xwl0"}) set(name, true);
  EXPECT_EQ(changes(), (words{"+wl", "+wlan0", "+usb1 1"}));
  EXPECT_EQ(machine.count(0), 2U);
  EXPECT_EQ(machine.count(1), 1U);
}

TEST(InterfacePattern, IsThatOfAShell) {
  struct expectation {
    const char *pattern, *name;
    bool fits;
  };
  for (const auto& [pattern, name, fits] : std::initializer_list<expectation>{{"*", "", true},
                                                                              {"*", "eth0", true},
                                                                              {"", "eth0", false},
                                                                              {"eth0", "eth0", true},
                                                                              {"eth?", "eth", false},
                                                                              {"e*0", "eth0", true},
                                                                              {"e*0", "eth01", false},
                                                                              {"*a*b", "aab", true},
                                                                              {"*ab", "aab", true},
                                                                              {"*ab*", "xaxabx", true},
                                                                              {"??*", "a", false},
                                                                              {"a**", "a", true},
                                                                              {"[ab]", "a", false}})
    EXPECT_EQ(fits_pattern(pattern, name), fits) << pattern << ' ' << name;
  EXPECT_TRUE(is_interface_pattern("usb?"));
  EXPECT_FALSE(is_interface_pattern("usb0"));
}

TEST_F(Uplinks, KeepTheirPathForAWhileWithoutTheRoute) {
  set("wlan0", true);
  changes();
  for (int renewal = 0; renewal < 3; ++renewal) {
    set("wlan0", false);
    EXPECT_EQ(machine.next_deadline(), now + uplinks::hold);
    now += uplinks::hold - 1ms;
    EXPECT_TRUE(changes().empty());
    set("wlan0", true);
    EXPECT_FALSE(machine.next_deadline());
    now += 1h;
    EXPECT_TRUE(changes().empty());
  }
  set("wlan0", false);
  now += 1s;
  look();  // something else has happened: that does not prolong it
  now += 2s;
  EXPECT_EQ(changes(), words{"-wlan0"});
  set("wlan0", true);
  EXPECT_EQ(changes(), words{"+wlan0"});
}

TEST_F(Uplinks, LoseTheirPathAtOnceWithTheInterface) {
  set("usb0", true);
  changes();
  remove("usb0");
  EXPECT_EQ(changes(), words{"-usb0"});
  set("usb0", true);
  changes();
  here.erase("usb0");  // unplugged, and plugged in again before anybody looks
  set("usb0", true);
  EXPECT_EQ(changes(), (words{"-usb0", "+usb0"}));
}

TEST_F(Uplinks, AreNotDoubledByAPathThatNamesThem) {
  machine = uplinks({{"*", "a"}, {"*", "b"}}, {{"eth0", "a"}, {"", "a"}});
  set("eth0", true);
  set("eth1", true);
  EXPECT_EQ(changes(), (words{"+eth1", "+eth0 1", "+eth1 1"}));
}

TEST_F(Uplinks, GoToTheFirstPatternThatFits) {
  machine = uplinks({{"wl*", "a"}, {"*", "a"}}, {});
  set("wlan0", true);
  set("eth0", true);
  EXPECT_EQ(changes(), (words{"+wlan0", "+eth0 1"}));
}

TEST_F(Uplinks, MayBeMoreThanThereAreToBePaths) {
  for (int i = 10; i < 30; ++i) set("ppp" + std::to_string(i), true);
  EXPECT_EQ(changes().size(), uplinks::max_paths);
  EXPECT_TRUE(machine.full());
  remove("ppp10");
  EXPECT_EQ(changes(), (words{"-ppp10", "+ppp26"})) << "the next one has room";
  for (int i = 26; i < 30; ++i) set("ppp" + std::to_string(i), false);
  now += uplinks::hold;
  changes();
  EXPECT_FALSE(machine.full());
}

// However they flap: a path is there in the end exactly for those that have the route, and none came twice.
TEST_F(Uplinks, HaveTheirPathsInTheEnd) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    machine = uplinks({{"*", "a"}}, {});
    here.clear();
    std::map<std::string, int> paths;
    const auto follow = [&] {
      for (const std::string& change : changes()) paths[change.substr(1)] += change[0] == '+' ? 1 : -1;
      for (const auto& [name, count] : paths) ASSERT_TRUE(count == 0 || count == 1) << seed << ' ' << name;
    };
    for (int step = 0; step < 100; ++step) {
      const std::string name = "if" + std::to_string(random() % 20);
      if (random() % 4 == 0) {
        remove(name);
      } else {
        set(name, random() % 2 == 0);
      }
      if (random() % 2 == 0) follow();
      now += std::chrono::milliseconds(random() % 2'000);
    }
    now += uplinks::hold;
    follow();
    std::size_t uplinks_here = 0, paths_there = 0;
    for (const auto& [name, one] : here) {
      uplinks_here += one.is_uplink;
      EXPECT_TRUE(one.is_uplink || paths[name] == 0) << seed << ' ' << name;
    }
    for (const auto& [name, count] : paths) paths_there += static_cast<std::size_t>(count);
    EXPECT_EQ(paths_there, std::min(uplinks_here, uplinks::max_paths)) << seed;
  }
}

}  // namespace
}  // namespace mtcp::test

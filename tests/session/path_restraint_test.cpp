// Why a path carries little.
#include "mtcp/session/path_restraint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "session/client_policy_fixture.hpp"

namespace mtcp::test {
namespace {

class PathRestraint : public testing::Test {
 protected:
  restraint why(const std::vector<restraint>& bridges) const { return restraint_of(tested, bridges, now); }

  core::timestamp now{1h};
  path tested{{.name = "a", .bridges = 2}, backoff(100ms, 10s, 1)};
};

TEST_F(PathRestraint, IsWhatAllBridgesHaveInCommon) {
  EXPECT_EQ(why({restraint::later, restraint::later}), restraint::later);
  EXPECT_EQ(why({restraint::later, restraint::none}), restraint::none) << "one carries what it can";
  EXPECT_EQ(why({restraint::suspect, restraint::backup}), restraint::backup) << "the one that comes closest to it";
}

TEST_F(PathRestraint, IsThatOfItsDialsWithoutABridge) {
  EXPECT_EQ(why({}), restraint::dialling);
  tested.retry.failed(now, now);
  EXPECT_EQ(why({}), restraint::dials_fail);
  tested.pace.begun(now, 1);
  tested.pace.failed(now, 1, false);
  EXPECT_EQ(why({}), restraint::dials_paused);
  tested.foreign = true;
  EXPECT_EQ(why({}), restraint::foreign);
}

TEST_F(PathRestraint, IsThatDialsArePausedWhileBridgesAreMissing) {
  tested.pace.begun(now, 1);
  tested.pace.failed(now, 1, false);
  EXPECT_EQ(why({restraint::none}), restraint::dials_paused);
  EXPECT_EQ(why({restraint::none, restraint::none}), restraint::none);
  EXPECT_EQ(why({restraint::backup}), restraint::backup);
  now += 2h;
  EXPECT_EQ(why({restraint::none}), restraint::none);
}

TEST_F(PathRestraint, IsThatThePathIsNotUsed) {
  tested.use_as(core::path_role::never, 0, backoff(100ms, 10s, 1));
  EXPECT_EQ(why({restraint::none}), restraint::never);
  tested.end(now);
  EXPECT_EQ(why({}), restraint::gone);
}

TEST(Restraint, HasWordsOfItsOwn) {
  std::vector<std::string> all;
  for (std::size_t i = 1; i < restraints; ++i) all.emplace_back(text_of(static_cast<restraint>(i)));
  for (const std::string& text : all) {
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(std::ranges::count(all, text), 1) << text;
  }
  EXPECT_STREQ(text_of(restraint::gone), all.back().c_str());
  EXPECT_STREQ(text_of(restraint::none), "");
}

class ClientRestraints : public client_policy_fixture {};

TEST_F(ClientRestraints, AreThoseOfPathsAndBridges) {
  make(2, 2);
  EXPECT_EQ(snapshot().paths[0].why, restraint::dialling);
  connect_all();
  EXPECT_EQ(snapshot().paths[0].why, restraint::none);
  EXPECT_TRUE(policy->enable_bridge(up[0].bridge, false));
  converse();
  EXPECT_EQ(snapshot().bridges[0].why, restraint::disabled);
  EXPECT_TRUE(policy->change_path("path 1", core::path_role::backup, 0, now));
  converse();
  EXPECT_EQ(snapshot().paths[1].why, restraint::backup);
  EXPECT_TRUE(policy->change_path("path 1", core::path_role::never, 0, now));
  EXPECT_EQ(snapshot().paths[1].why, restraint::never);
}

TEST_F(ClientRestraints, TellSinceWhenABridgeIsSuspect) {
  make(2);
  connect_all();
  hear_suspect(up[1]);
  pass_to(now + 400ms);
  EXPECT_EQ(snapshot().bridges[1].why, restraint::suspect);
  now += 1600ms;
  hear_suspect(up[1]);
  converse();
  EXPECT_EQ(snapshot().bridges[1].suspect, 2s);
}

TEST_F(ClientRestraints, ComeWithWhatThePathHasCarriedOnAllItsBridges) {
  make(2);
  connect_all();
  const std::uint64_t before = snapshot().paths[0].bytes_up;
  const tunnel_snapshot both = snapshot();
  EXPECT_EQ(before, both.bridges[0].bytes_up + both.bridges[1].bytes_up);
  EXPECT_GT(before, 0U);
  lose(up[0]);
  EXPECT_EQ(snapshot().paths[0].bytes_up, before) << "what a lost bridge has carried stays";
  EXPECT_EQ(snapshot().paths[0].bytes_down, both.paths[0].bytes_down);
}

}  // namespace
}  // namespace mtcp::test

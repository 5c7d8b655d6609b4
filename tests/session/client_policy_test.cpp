// What a client does to keep its bridges up: dials, greetings, suspects.
#include <gtest/gtest.h>

#include "mtcp/refusal.hpp"
#include "session/client_policy_fixture.hpp"

namespace mtcp::test {
namespace {

class ClientPolicy : public client_policy_fixture {};

TEST_F(ClientPolicy, DialsEveryBridgeOfEveryPath) {
  make(3, 2);
  EXPECT_EQ(all_dials().size(), 6U);
  EXPECT_TRUE(all_dials().empty());
}

TEST_F(ClientPolicy, DialsOfAPathComeALittleApart) {
  make(2, 2);
  EXPECT_EQ(actions().size(), 2U) << "the first of each path";
  now += 45ms;
  EXPECT_EQ(dials().size(), 2U);
}

// A network that blocks whoever sends too many SYNs is asked once a minute.
TEST_F(ClientPolicy, DialsThatNobodyAnswersBesideABridgeAreNotRepeatedSoon) {
  make(4);
  const auto begun = all_dials();
  policy->connected(begun[0].id, now);
  bring_up(greetings().at(0).id);
  now += 10s;
  for (std::size_t i = 1; i < 4; ++i) policy->dial_failed(begun[i].id, timed_out(), now);
  const core::timestamp failed_at = now;
  while (dials().empty()) pass_to_deadline();
  EXPECT_GE(now - failed_at, 50s);
}

/// Silence behind a proxy: told in other words, and the same condition.
class silence_behind_a_proxy final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "silence behind a proxy"; }
  std::string message(int) const override { return name(); }
  boost::system::error_condition default_error_condition(int) const noexcept override {
    return timed_out().default_error_condition();
  }
};

TEST_F(ClientPolicy, SilenceBehindAProxyIsSilence) {
  const silence_behind_a_proxy category;
  make(2);
  const auto begun = all_dials();
  policy->connected(begun[0].id, now);
  bring_up(greetings().at(0).id);
  now += 10s;
  policy->dial_failed(begun[1].id, error_code(1, category), now);
  const core::timestamp failed_at = now;
  while (dials().empty()) pass_to_deadline();
  EXPECT_GE(now - failed_at, 50s);
}

TEST_F(ClientPolicy, AfterAnOutageOneDialGoesAhead) {
  make(4);
  connect_all();
  now += 5s;
  for (const auto& b : up) lose(b);
  for (const auto& d : all_dials()) policy->dial_failed(d.id, connection_refused(), now);
  now += 10s;
  EXPECT_EQ(dials().size(), 1U);
  now += 3s;
  EXPECT_EQ(dials().size(), 1U) << "another one beside the one that hangs";
}

TEST_F(ClientPolicy, OneDialCreatesTheSessionAndTheOthersJoinIt) {
  make(3);
  for (const auto& d : all_dials()) policy->connected(d.id, now);
  const auto first = greetings();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].hello.session, core::session_id{});
  EXPECT_EQ(first[0].hello.bridge, 1U);
  bring_up(first[0].id);
  const auto others = greetings();
  ASSERT_EQ(others.size(), 2U);
  EXPECT_EQ(others[0].hello.session, welcome().session);
  EXPECT_EQ(others[0].hello.bridge, 2U);
  EXPECT_EQ(others[1].hello.bridge, 3U);
}

TEST_F(ClientPolicy, IfTheOneThatCreatesFailsTheNextOneDoes) {
  make(2);
  for (const auto& d : all_dials()) policy->connected(d.id, now);
  const auto first = greetings();
  policy->dial_failed(first.at(0).id, timed_out(), now);
  const auto second = greetings();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].hello.session, core::session_id{});
}

// Each refusal to a create has to be followed by a pause, which doubles: two of the statuses speak of sessions, and
// there is none.
TEST_F(ClientPolicy, EveryRefusalOfACreateIsFollowedByAPause) {
  using status = core::welcome_status;
  for (const status refusal :
       {status::unknown_session, status::foreign_instance, status::limit, status::version, status::refused}) {
    make(1);
    core::duration last_pause{0};
    for (int round = 0; round < 3; ++round) {
      const auto d = dials();
      ASSERT_EQ(d.size(), 1U) << int(refusal);
      policy->connected(d[0].id, now);
      ASSERT_EQ(greetings().size(), 1U);
      EXPECT_TRUE(policy->welcomed(d[0].id, welcome(refusal), now));
      EXPECT_TRUE(dials().empty()) << int(refusal);
      const core::timestamp then = now;
      pass_to_deadline();
      EXPECT_GE(now - then, 50ms) << int(refusal);
      EXPECT_GE(4 * (now - then), last_pause);
      last_pause = now - then;
    }
  }
}

core::welcome refused_for(core::limit_reason why) {
  core::welcome w;
  w.status = core::welcome_status::limit;
  w.extensions.add(core::extension::reason, static_cast<std::uint64_t>(why));
  return w;
}

// Two come up, and the server takes no more, be it one that tells why or not. Each further look comes later than the
// one before.
struct FullServer : client_policy_fixture {
  void refuse_with(const core::welcome& refusal) {
    make(8);
    const auto first = all_dials();
    for (const auto& d : first) policy->connected(d.id, now);
    bring_up(greetings().at(0).id);
    const auto joining = greetings();
    bring_up(joining.at(0).id);
    for (std::size_t i = 1; i < joining.size(); ++i) EXPECT_TRUE(policy->welcomed(joining[i].id, refusal, now));
    EXPECT_TRUE(all_dials().empty());
    core::timestamp last = now;
    core::duration pause{0};
    for (int round = 0; round < 4; ++round) {
      auto looks = dials();
      for (; looks.empty(); looks = dials()) pass_to_deadline();
      ASSERT_EQ(looks.size(), 1U) << "one looks whether there is room";
      EXPECT_GE(now - last, std::min<core::duration>(pause + pause / 2, 100s));
      pause = now - last;
      last = now;
      policy->connected(looks[0].id, now);
      EXPECT_TRUE(policy->welcomed(greetings().at(0).id, refusal, now));
    }
    EXPECT_GE(pause, 60s);
    auto looks = dials();
    for (; looks.empty(); looks = dials()) pass_to_deadline();
    policy->connected(looks.at(0).id, now);
    bring_up(greetings().at(0).id);
    now += 1s;
    EXPECT_EQ(all_dials().size(), 5U) << "there is room, so all that are missing are dialled";
  }
};

TEST_F(FullServer, IsAskedMoreAndMoreSeldom) { refuse_with(refused_for(core::limit_reason::bridges)); }
TEST_F(FullServer, ThatTellsNoReasonIsAskedMoreAndMoreSeldom) { refuse_with(welcome(core::welcome_status::limit)); }

TEST_F(ClientPolicy, AKeyThatMayCarryNoMoreIsToldToWhoWaits) {
  make(1);
  policy->connected(dials().at(0).id, now);
  const auto ticket = open();
  EXPECT_EQ(policy->welcomed(greetings().at(0).id, refused_for(core::limit_reason::quota), now), errc::quota_used_up);
  policy->work(now);
  EXPECT_EQ(failed.at(ticket), errc::quota_used_up);
  EXPECT_EQ(failed.at(open()), errc::quota_used_up) << "at once";
  EXPECT_TRUE(snapshot().quota_used_up);
  const core::timestamp then = now;
  pass_to_deadline();
  EXPECT_GE(now - then, 30s);
  auto again = dials();
  policy->connected(again.at(0).id, now);
  bring_up(greetings().at(0).id);
  EXPECT_FALSE(snapshot().quota_used_up);
}

TEST_F(ClientPolicy, WhatTheServerSaysOfOneStreamIsShownUntilItOpensAnother) {
  make(1);
  connect_all();
  const auto answer = [&](bool grants) {
    open();
    converse();
    const auto asked = server.poll_event();
    ASSERT_TRUE(asked && std::holds_alternative<core::events::incoming>(*asked));
    const core::stream_id id = std::get<core::events::incoming>(*asked).stream;
    if (grants) {
      server.answer(id, {}, now);
    } else {
      server.refuse(id, core::refusal::quota, now);
    }
    converse();
  };
  answer(false);
  EXPECT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.begin()->second, core::refusal::quota);
  EXPECT_TRUE(snapshot().quota_used_up);
  answer(true);
  EXPECT_FALSE(snapshot().quota_used_up);
}

TEST_F(ClientPolicy, ALostBridgeIsDialledAgain) {
  make(2);
  connect_all();
  now += 5s;
  lose(up[0]);
  EXPECT_EQ(dials().size(), 1U);
}

TEST_F(ClientPolicy, BridgesThatEndAtOnceAreNotDialledInALoop) {
  make(1);
  for (int i = 0; i < 5; ++i) {
    connect_all();
    lose(up.back());
    EXPECT_TRUE(dials().empty());
    now += 10s;
  }
}

TEST_F(ClientPolicy, EveryGreetingHasAnExtensionThatNobodyKnows) {
  make(2);
  for (const auto& d : all_dials()) policy->connected(d.id, now);
  const auto creating = greetings();
  ASSERT_EQ(creating.size(), 1U);
  EXPECT_EQ(creating[0].hello.extensions.entries().size(), 4U);
  bring_up(creating[0].id);
  const auto joining = greetings();
  ASSERT_EQ(joining.size(), 1U);
  ASSERT_EQ(joining[0].hello.extensions.entries().size(), 3U);
  EXPECT_TRUE(joining[0].hello.extensions.number(core::extension::role).has_value());
  EXPECT_EQ(joining[0].hello.extensions.entries()[2].type % 31, 27U);
}

/// The only bridge is suspect, and a replacement is being dialled.
class Suspect : public ClientPolicy {
 protected:
  void SetUp() override {
    make(1);
    connect_all();
    now += 1s;
    hear_suspect(up[0]);
    const auto d = dials();
    ASSERT_EQ(d.size(), 1U);
    replacement_ = d[0].id;
  }
  void replace() {
    policy->connected(replacement_, now);
    bring_up(greetings().at(0).id);
  }

 private:
  client_policy::dial_id replacement_{};
};

TEST_F(Suspect, GetsAReplacementAndGoesWhenItHasRecovered) {
  replace();
  EXPECT_TRUE(dials().empty());
  EXPECT_EQ(links[0]->closed, 0) << "it may come back";
  now += 10s;
  converse();
  converse();
  EXPECT_EQ(links[0]->closed, 1) << "it is well, and one too many";
  EXPECT_EQ(links[1]->closed, 0);
  const std::uint64_t lost_before = lost_on_path();
  policy->detach(up[0], now);
  EXPECT_EQ(lost_on_path(), lost_before) << "to let a bridge go is not to lose it";
}

// Where connections fade one generation after the other, those of before would be in the way of the next successors.
TEST_F(Suspect, GoesOnceItsReplacementHasCome) {
  pass_to(now + 5s);
  EXPECT_EQ(links[0]->closed, 0) << "there is none";
  replace();
  pass_to(now + 1s);
  EXPECT_EQ(links[0]->closed, 1);
  EXPECT_EQ(links[1]->closed, 0);
}

TEST_F(Suspect, HasItsTimeToRecover) {
  replace();
  pass_to(now + 1900ms);
  EXPECT_EQ(links[0]->closed, 0);
  pass_to(now + 200ms);
  EXPECT_EQ(links[0]->closed, 1);
}

// It may only wait for TCP to send something again.
TEST_F(ClientPolicy, ASilentBridgeBesideOthersIsLookedAtASecondTime) {
  make(2);
  connect_all();
  now += 1s;
  hear_suspect(up[0]);
  EXPECT_TRUE(dials().empty());
  pass_to(now + 399ms);
  EXPECT_TRUE(dials().empty());
  pass_to(now + 1ms);
  EXPECT_EQ(dials().size(), 1U);
}

TEST_F(ClientPolicy, ASilentBridgeThatMovesAgainIsNotReplaced) {
  make(2);
  connect_all();
  now += 1s;
  hear_suspect(up[0]);
  pass_to(now + 100ms);
  hear_ping(up[0]);
  pass_to(now + 1s);
  EXPECT_TRUE(dials().empty());
  hear_suspect(up[0]);
  pass_to(now + 400ms);
  EXPECT_EQ(dials().size(), 1U) << "it is silent once more";
}

TEST_F(ClientPolicy, NothingIsWaitedForWhereAllAreSilent) {
  make(2);
  connect_all();
  now += 1s;
  hear_suspect(up[0]);
  pass_to(now + 100ms);
  hear_suspect(up[1]);
  EXPECT_EQ(all_dials().size(), 2U);
}

// Nothing tells that the server has stopped to suspect it; and nothing has to be asked for meanwhile.
TEST_F(Suspect, IsLookedAtAgainWhenItsTimeIsOver) {
  const core::timestamp over = now + 10s;
  replace();
  int turns = 0;
  for (; now < over; ++turns) {
    pass_to_deadline();
    converse();
  }
  EXPECT_EQ(now, over);
  EXPECT_LT(turns, 15);
  EXPECT_EQ(links[0]->closed, 1);
}

TEST_F(ClientPolicy, TellsWhatItDoes) {
  make(1);
  connect_all();
  now += 5s;
  lose(up[0]);
  const std::vector<std::string> expected{"dialling on path 0", "session ab000000", "bridge 1 up on path 0",
                                          "bridge 1 lost on path 0: Connection reset by peer",
                                          "no bridge is left: streams wait"};
  EXPECT_EQ(traced, expected);
}

// Both ends would remember a gap for ever.
TEST_F(ClientPolicy, TellsThatABridgeDidNotComeUpBehindItsHello) {
  make(2);
  const auto first = dials().at(0).id;
  policy->connected(first, now);
  greetings();
  bring_up(first);
  pass_to_deadline();
  const auto second = dials().at(0).id;
  policy->connected(second, now);
  ASSERT_EQ(greetings().at(0).hello.bridge, 2U);
  policy->dial_failed(second, timed_out(), now);
  converse();
  EXPECT_TRUE(server.knows_bridge(2));
}

}  // namespace
}  // namespace mtcp::test

// What a client does about its session: outages, restarted servers, streams that wait, its end.
#include <gtest/gtest.h>

#include "session/client_policy_fixture.hpp"

namespace mtcp::test {
namespace {

class ClientPolicySession : public client_policy_fixture {};

TEST_F(ClientPolicySession, OutlivesItsLastBridgeByTheResumeTimeout) {
  make(1);
  connect_all();
  const auto ticket = policy->next_ticket();
  policy->open(ticket, {"example.org", 80}, {}, now);
  now += 5s;
  lose(up[0]);
  now += 59s;
  policy->work(now);
  EXPECT_TRUE(policy->current());
  now += 1s;
  policy->work(now);
  EXPECT_FALSE(policy->current());
  EXPECT_EQ(failed.at(ticket), errc::tunnel_down);
}

// What the server has forgotten cannot be resumed.
TEST_F(ClientPolicySession, OutlivesItsLastBridgeForAsLongAsTheServerSays) {
  make(1);
  policy->connected(dials().at(0).id, now);
  const auto g = greetings().at(0);
  EXPECT_EQ(g.hello.extensions.number(core::extension::resume_timeout), 60'000U);
  core::welcome got = welcome();
  got.extensions.add(core::unassigned_extension(0), {});
  got.extensions.add(core::extension::resume_timeout, 2000);
  bring_up(g.id, got);
  lose(up[0]);
  now += 2s;
  policy->work(now);
  EXPECT_FALSE(policy->current());
}

TEST_F(ClientPolicySession, IsEndedByARestartedServerOnlyIfNoBridgeLives) {
  make(1, 2);
  connect_all();
  now += 5s;
  lose(up[0]);
  auto d = dials();
  ASSERT_EQ(d.size(), 1U);
  policy->connected(d[0].id, now);
  greetings();
  EXPECT_TRUE(policy->welcomed(d[0].id, welcome(core::welcome_status::foreign_instance), now));
  EXPECT_TRUE(policy->current());
  EXPECT_TRUE(dials().empty()) << "the foreign path stands back";
  lose(up[1]);
  d = dials();
  ASSERT_FALSE(d.empty()) << "and does not any more when nothing else is left";
  policy->connected(d[0].id, now);
  greetings();
  EXPECT_TRUE(policy->welcomed(d[0].id, welcome(core::welcome_status::foreign_instance), now));
  EXPECT_FALSE(policy->current());
}

TEST_F(ClientPolicySession, OpeningsWaitForTheFirstBridgeForAWhileAndAreRefusedFromThenOn) {
  make(1);
  const auto patient = open();
  pass_to(now + 4900ms);
  EXPECT_FALSE(failed.contains(patient));
  pass_to(now + 100ms);
  EXPECT_EQ(failed.at(patient), errc::tunnel_down);
  EXPECT_TRUE(refuses());
  const auto late = open();
  EXPECT_EQ(failed.at(late), errc::tunnel_down) << "at once";
  connect_all();
  EXPECT_EQ(policy->bridge_count(), 1U) << "it has gone on dialling";
  const auto later = open();
  EXPECT_FALSE(failed.contains(later));
  EXPECT_FALSE(refuses());
}

TEST_F(ClientPolicySession, OpeningsThatWereSentAreRefusedWhenNoBridgeComesBackInAWhile) {
  make(1);
  connect_all();
  const auto sent = open();
  converse();
  lose(up[0]);
  const auto meanwhile = open();
  pass_to(now + 4900ms);
  EXPECT_TRUE(failed.empty());
  pass_to(now + 100ms);
  EXPECT_EQ(failed.at(sent), errc::tunnel_down);
  EXPECT_EQ(failed.at(meanwhile), errc::tunnel_down);
  EXPECT_TRUE(policy->current()) << "open streams wait for longer";
}

TEST_F(ClientPolicySession, OnlyWhoWantsAListenerOffersReverseStreams) {
  make(1);
  policy->connected(dials().at(0).id, now);
  EXPECT_FALSE(greetings().at(0).hello.extensions.number(core::extension::reverse));
  reverse = {{{"", 80}, {"nas.lan", 80}}};
  make(1);
  policy->connected(dials().at(0).id, now);
  EXPECT_EQ(greetings().at(0).hello.extensions.number(core::extension::reverse), reverse_listeners::max_streams);
}

TEST_F(ClientPolicySession, AsksAServerToListenThatKnowsHow) {
  reverse = {{{"", 80}, {"nas.lan", 80}}};
  make(1);
  server.allow_reverse(100);
  policy->connected(dials().at(0).id, now);
  core::welcome knowing = welcome();
  knowing.extensions.add(core::extension::reverse, 100);
  bring_up(greetings().at(0).id, knowing);
  const auto asked = server.poll_event();
  ASSERT_TRUE(asked && std::holds_alternative<core::events::incoming>(*asked));
  EXPECT_EQ(server.target_of(std::get<core::events::incoming>(*asked).stream), (core::target{"", 80}));
}

TEST_F(ClientPolicySession, GoesOnWithAnOlderServer) {
  reverse = {{{"", 80}, {"nas.lan", 80}}};
  make(1);
  connect_all();
  tunnel_snapshot s;
  policy->describe(s, now);
  ASSERT_EQ(s.listeners.size(), 1U);
  EXPECT_EQ(s.listeners[0].now, listener_snapshot::state::unsupported);
  EXPECT_FALSE(server.poll_event().has_value());
  open();
  converse();
  EXPECT_EQ(server.target_of(1), (core::target{"example.org", 80}));
}

TEST_F(ClientPolicySession, StopSaysGoodbyeAndDialsNoMore) {
  make(1);
  connect_all();
  const auto ticket = policy->next_ticket();
  policy->open(ticket, {"example.org", 80}, {}, now);
  policy->stop({}, now);
  EXPECT_EQ(failed.at(ticket), operation_aborted());
  now += 500ms;
  policy->work(now);
  EXPECT_EQ(links[0]->closed, 1);
  policy->detach(up[0], now);
  EXPECT_FALSE(policy->current());
  EXPECT_TRUE(dials().empty());
}

TEST_F(ClientPolicySession, ADialThatEndsAfterStopChangesNothing) {
  make(2);
  const auto d = all_dials();
  policy->stop({}, now);
  policy->connected(d[0].id, now);
  policy->dial_failed(d[1].id, connection_reset(), now);
  EXPECT_TRUE(actions().empty());
  EXPECT_EQ(policy->welcomed(d[0].id, welcome(), now), operation_aborted());
}

TEST_F(ClientPolicySession, EndsInOtherWordsIfTheServerIsTheSameAndHasLetGo) {
  for (const auto status : {core::welcome_status::foreign_instance, core::welcome_status::unknown_session}) {
    make(1);
    connect_all();
    now += 5s;
    lose(up.back());
    const auto d = dials();
    ASSERT_EQ(d.size(), 1U);
    policy->connected(d[0].id, now);
    greetings();
    traced.clear();
    EXPECT_TRUE(policy->welcomed(d[0].id, welcome(status), now));
    const bool restarted = status == core::welcome_status::foreign_instance;
    ASSERT_FALSE(traced.empty());
    EXPECT_NE(traced.back().find(restarted ? "restarted" : "no bridge there for 60 s"), std::string::npos)
        << traced.back();
    policy.reset();
    up.clear();
  }
}

}  // namespace
}  // namespace mtcp::test

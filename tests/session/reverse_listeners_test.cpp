// What becomes of what a client wants the server to listen on.
#include "mtcp/session/reverse_listeners.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "session/fake_end.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;
using state = listener_snapshot::state;

class ReverseListeners : public testing::Test, public reverse_listeners::listener {
 protected:
  ReverseListeners() {
    for (fake_end* one : {&client, &server}) {
      one->attach(1, {}, now);
      one->engine().allow_reverse(10);
    }
    tested.hand_to(*this);
  }

  /// Both ends hear each other for so long; what the client's session says goes to the listeners.
  void run(core::duration time = 50ms) {
    for (const core::timestamp end = now + time; now < end; now += 1ms) {
      for (fake_end* from : {&client, &server}) {
        fake_end& to = from == &client ? server : client;
        from->work(now);
        from->send([&](core::bridge_id id, std::vector<core::slice>& bytes) { to.core.receive(id, bytes, now); });
      }
      for (const core::event& e : std::exchange(client.events, {})) tested.on_event(client.core, e, now);
    }
  }
  /// The ids that the server was asked for since.
  std::vector<core::stream_id> asked() {
    std::vector<core::stream_id> ids;
    for (const core::event& e : std::exchange(server.events, {}))
      if (const auto* in = std::get_if<core::events::incoming>(&e)) ids.push_back(in->stream);
    return ids;
  }
  void pass_to_next() {
    ASSERT_TRUE(tested.next().has_value());
    now = std::max(now, *tested.next());
    tested.work(client.core, now);
    run();
  }
  std::vector<listener_snapshot> described() const {
    tunnel_snapshot all;
    tested.describe(all);
    return all.listeners;
  }

  core::timestamp now{1h};
  fake_end client{core::role::client, {}, now}, server{core::role::server, {}, now};
  std::vector<std::string> traced;
  std::vector<core::target> taken;
  reverse_listeners tested{{{{"", 8080}, {"127.0.0.1", 80}}, {{"::", 22}, {"router.lan", 22}}},
                           [this](const trace::event& e) { traced.push_back(trace::to_string(e)); }};

 private:
  void on_accepted(session& through, core::stream_id id, const reverse_options& by) override {
    taken.push_back(by.to);
    through.engine().answer(id, {}, now);
    through.changed();
  }
};

TEST_F(ReverseListeners, AreAskedForWithTheSession) {
  tested.begin(client.core, true, now);
  run();
  const auto ids = asked();
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(server.engine().target_of(ids[0]), (core::target{"", 8080}));
  EXPECT_EQ(described()[0].now, state::waiting);
  server.engine().answer(ids[0], {"127.0.0.1", 8080}, now);
  server.engine().answer(ids[1], {"::", 22}, now);
  run();
  EXPECT_EQ(described()[0].now, state::listening);
  EXPECT_EQ(described()[0].bound, (core::target{"127.0.0.1", 8080}));
  EXPECT_EQ(traced, (std::vector<std::string>{"reverse 8080: the server listens on 127.0.0.1:8080",
                                              "reverse *:22: the server listens on *:22"}));
  EXPECT_FALSE(tested.next().has_value());
}

TEST_F(ReverseListeners, LeadOnlyWhereTheUserSaid) {
  tested.begin(client.core, true, now);
  run();
  const auto ids = asked();
  for (const core::stream_id id : ids) server.engine().answer(id, {}, now);
  run();
  ASSERT_TRUE(server.core.accept(ids[1], {"192.0.2.9", 1}, now));
  run();
  EXPECT_EQ(taken, (std::vector<core::target>{{"router.lan", 22}}));
  EXPECT_EQ(described()[1].accepted, 1U);
}

TEST_F(ReverseListeners, ARefusedOneIsAskedForLessAndLessOften) {
  tested.begin(client.core, true, now);
  run();
  auto ids = asked();
  server.engine().answer(ids[1], {}, now);
  server.engine().refuse(ids[0], core::refusal::connection_refused, now);
  run();
  EXPECT_EQ(described()[0].now, state::refused);
  EXPECT_EQ(described()[0].last_error, "the port is in use at the server");
  core::duration before = reverse_listeners::first_pause;
  for (int i = 0; i < 8; ++i) {
    const core::timestamp from = now;
    pass_to_next();
    EXPECT_GE(now - from, before - 100ms);
    EXPECT_LE(now - from, reverse_listeners::longest_pause + 100ms);
    before = std::min(before * 2, reverse_listeners::longest_pause);
    ids = asked();
    ASSERT_EQ(ids.size(), 1U);
    server.engine().refuse(ids[0], core::refusal::connection_refused, now);
    run();
  }
  EXPECT_EQ(traced.size(), 2U) << "it says so once";
  pass_to_next();
  server.engine().answer(asked().at(0), {"127.0.0.1", 8080}, now);
  run();
  EXPECT_EQ(described()[0].now, state::listening);
  EXPECT_EQ(described()[0].last_error, "");
}

TEST_F(ReverseListeners, OneThatTheServerEndsIsAskedForAgain) {
  tested.begin(client.core, true, now);
  run();
  const auto ids = asked();
  for (const core::stream_id id : ids) server.engine().answer(id, {"127.0.0.1", 1}, now);
  run();
  server.engine().reset(ids[0], core::reset_code::reset, now);
  run();
  EXPECT_EQ(described()[0].now, state::refused);
  EXPECT_EQ(described()[0].last_error, "the server listens no more");
  EXPECT_EQ(described()[1].now, state::listening);
  pass_to_next();
  EXPECT_EQ(asked().size(), 1U);
}

TEST_F(ReverseListeners, BytesThatTheServerSaysMeanNothing) {
  tested.begin(client.core, true, now);
  run();
  const core::stream_id id = asked().at(0);
  server.engine().answer(id, {"127.0.0.1", 1}, now);
  server.engine().write(id, std::vector<std::byte>(5000), now);
  run();
  EXPECT_EQ(described()[0].now, state::listening);
  EXPECT_EQ(client.engine().stats().receive_memory, 0U);
}

TEST_F(ReverseListeners, AnOlderServerIsNotAsked) {
  tested.begin(client.core, false, now);
  run();
  EXPECT_TRUE(asked().empty());
  EXPECT_EQ(described()[0].now, state::unsupported);
  EXPECT_EQ(traced.at(0), "reverse 8080: the server is too old to listen for clients");
  EXPECT_FALSE(tested.next().has_value());
}

TEST_F(ReverseListeners, AreAskedForAnewInTheNextSession) {
  tested.begin(client.core, true, now);
  run();
  for (const core::stream_id id : asked()) server.engine().answer(id, {"127.0.0.1", 1}, now);
  run();
  tested.on_session_over();
  EXPECT_EQ(described()[0].now, state::waiting);
  tested.begin(client.core, true, now);
  run();
  EXPECT_EQ(asked().size(), 2U);
}

TEST_F(ReverseListeners, AreWithdrawnAndNotAskedForAgain) {
  tested.begin(client.core, true, now);
  run();
  const auto ids = asked();
  server.engine().answer(ids[0], {}, now);
  server.engine().refuse(ids[1], core::refusal::policy, now);
  run();
  tested.withdraw(&client.core, now);
  run();
  EXPECT_TRUE(server.engine().peer_has_reset(ids[0]));
  EXPECT_FALSE(tested.next().has_value());
  EXPECT_FALSE(tested.wanted());
}

TEST_F(ReverseListeners, AStreamThatNobodyAnswersFailsAtTheServer) {
  tested.begin(client.core, true, now);
  run();
  const core::stream_id door = asked().at(0);
  server.engine().answer(door, {}, now);
  run();
  client.detach(1, now);
  server.detach(1, now);
  const auto id = server.core.accept(door, {"192.0.2.9", 1}, now);
  ASSERT_TRUE(id);
  run(100ms);
  EXPECT_TRUE(server.engine().undecided(*id));
  ASSERT_TRUE(server.core.next_deadline().has_value());
  now += unanswered::patience;
  server.work(now);
  client.attach(2, {}, now);
  server.attach(2, {}, now);
  run(200ms);
  EXPECT_TRUE(taken.empty() || !server.engine().stats_of_stream(*id)) << "it is over at the server";
  EXPECT_FALSE(server.engine().undecided(*id));
}

}  // namespace
}  // namespace mtcp::test

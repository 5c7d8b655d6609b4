// What a client does, asked step by step: actions out, what came of them in.
#include "mtcp/session/client_policy.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/wire.hpp"
#include "mtcp/session/outcome.hpp"
#include "session/fake_link.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

class ClientPolicy : public testing::Test, public waker, public openings::listener {
 protected:
  client_policy& make(unsigned bridges, std::size_t paths = 1) {
    client_settings s;
    for (std::size_t i = 0; i < paths; ++i) s.paths.push_back({"path " + std::to_string(i), bridges, false, {}});
    policy.emplace(std::move(s), *this, *this,
                   [this](const trace::event& e) { traced.push_back(trace::to_string(e)); });
    policy->start(now);
    return *policy;
  }

  // ---- what it wants ----

  std::vector<client_policy::dial> dials() {
    std::vector<client_policy::dial> all;
    for (const auto& a : actions())
      if (const auto* d = std::get_if<client_policy::dial>(&a)) all.push_back(*d);
    return all;
  }
  /// Those of the next moments as well: dials of a path come a little apart.
  std::vector<client_policy::dial> all_dials() {
    std::vector<client_policy::dial> all;
    for (auto more = dials(); !more.empty(); more = dials()) {
      all.insert(all.end(), more.begin(), more.end());
      now += 45ms;
    }
    return all;
  }
  std::vector<client_policy::greet> greetings() {
    std::vector<client_policy::greet> all;
    for (const auto& a : actions())
      if (const auto* g = std::get_if<client_policy::greet>(&a)) all.push_back(*g);
    return all;
  }
  std::vector<client_policy::action> actions() {
    converse();
    std::vector<client_policy::action> all;
    while (auto a = policy->next_action()) all.push_back(std::move(*a));
    return all;
  }
  /// Lets the time pass to its next deadline.
  void pass_to_deadline() {
    const auto next = policy->next_deadline();
    ASSERT_TRUE(next.has_value());
    now = std::max(now, *next);
  }

  // ---- what comes of it ----

  /// Both ends work, and hear what the other says.
  void converse() {
    policy->work(now);
    for (std::size_t i = 0; i < up.size(); ++i) {
      if (up[i].session->core.find_bridge(up[i].bridge) == nullptr) continue;
      for (const auto& piece : std::exchange(links[i]->sent, {})) server.handle_input(up[i].bridge, piece, now);
      server.transmit_order(now);
      std::vector<core::slice> said{core::slice::copy_of(core::test::frames_for(server, up[i].bridge, now))};
      up[i].session->core.receive(up[i].bridge, said, now);
    }
    policy->work(now);
  }

  static core::welcome welcome(core::welcome_status status = core::welcome_status::ok) {
    core::welcome w;
    w.status = status;
    w.session[0] = std::byte{0xab};
    w.instance[0] = std::byte{1};
    w.limits = core::announced({});
    return w;
  }
  client_policy::attached bring_up(client_policy::dial_id id, const core::welcome& got = welcome()) {
    EXPECT_EQ(policy->welcomed(id, got, now), error_code());
    links.push_back(std::make_unique<fake_link>());
    up.push_back(policy->attach(id, *links.back(), now));
    server.bridge_up(up.back().bridge, {}, now);
    converse();
    return up.back();
  }
  /// One bridge after the other, as many as it dials.
  void connect_all() {
    for (const auto& d : all_dials()) policy->connected(d.id, now);
    for (auto waiting = greetings(); !waiting.empty(); waiting = greetings())
      for (const auto& g : waiting) bring_up(g.id);
  }
  void lose(const client_policy::attached& gone, error_code why = connection_reset()) {
    gone.session->core.find_bridge(gone.bridge)->close(why);
    policy->detach(gone, now);
  }

  /// The server has found that the bridge makes no progress, and says so on it.
  void hear_suspect(const client_policy::attached& which) {
    std::array<std::byte, 16> bytes;
    core::wire_writer body(std::span<std::byte>(bytes).subspan(core::frame_header_size));
    body.varint(which.bridge);
    core::put_frame_header(std::span<std::byte>(bytes).first<core::frame_header_size>(),
                           core::frame_type::bridge_suspect, body.size());
    const std::size_t size = core::frame_header_size + body.size();
    std::vector<core::slice> pieces{core::slice::copy_of(std::span<std::byte>(bytes).first(size))};
    which.session->core.receive(which.bridge, pieces, now);
  }
  std::uint64_t lost_on_path() const {
    tunnel_snapshot s;
    policy->describe(s, now);
    return s.paths.at(0).reconnects;
  }

  core::timestamp now{1h};
  std::vector<std::string> traced;
  std::vector<std::unique_ptr<fake_link>> links;  // behind the policy, which closes them
  std::optional<client_policy> policy;
  core::engine server{core::role::server, {}};
  std::vector<client_policy::attached> up;
  std::map<std::uint64_t, error_code> failed;  // openings by ticket

 private:
  void wake() override {}
  void on_opened(std::uint64_t, session&, core::stream_id, const core::target&, bool) override {}
  void on_not_opened(std::uint64_t ticket, error_code why) override { failed[ticket] = why; }
};

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

TEST_F(ClientPolicy, ASessionOutlivesItsLastBridgeByTheResumeTimeout) {
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
  EXPECT_EQ(failed.at(ticket), connection_reset());
}

// What the server has forgotten cannot be resumed.
TEST_F(ClientPolicy, ASessionOutlivesItsLastBridgeForAsLongAsTheServerSays) {
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

TEST_F(ClientPolicy, EveryGreetingHasAnExtensionThatNobodyKnows) {
  make(2);
  for (const auto& d : all_dials()) policy->connected(d.id, now);
  const auto creating = greetings();
  ASSERT_EQ(creating.size(), 1U);
  EXPECT_EQ(creating[0].hello.extensions.entries().size(), 2U);
  bring_up(creating[0].id);
  const auto joining = greetings();
  ASSERT_EQ(joining.size(), 1U);
  ASSERT_EQ(joining[0].hello.extensions.entries().size(), 1U);
  EXPECT_EQ(joining[0].hello.extensions.entries()[0].type % 31, 27U);
}

TEST_F(ClientPolicy, ARestartedServerEndsTheSessionOnlyIfNoBridgeLives) {
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

TEST_F(ClientPolicy, ASuspectGetsAReplacementAndTheOldestGoesWhenItHasRecovered) {
  make(1);
  connect_all();
  now += 1s;
  hear_suspect(up[0]);
  auto d = dials();
  ASSERT_EQ(d.size(), 1U);
  policy->connected(d[0].id, now);
  bring_up(greetings().at(0).id);
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

// Nothing tells that the server has stopped to suspect it; and nothing has to be asked for meanwhile.
TEST_F(ClientPolicy, LooksAtASuspectAgainWhenItsTimeIsOver) {
  make(1);
  connect_all();
  now += 1s;
  hear_suspect(up[0]);
  const core::timestamp over = now + 10s;
  auto d = dials();
  ASSERT_EQ(d.size(), 1U);
  policy->connected(d[0].id, now);
  bring_up(greetings().at(0).id);
  int turns = 0;
  for (; now < over; ++turns) {
    pass_to_deadline();
    converse();
  }
  EXPECT_EQ(now, over);
  EXPECT_LT(turns, 15);
  EXPECT_EQ(links[0]->closed, 1);
}

TEST_F(ClientPolicy, OpeningsGiveUpWhenThereIsNoSessionForTooLong) {
  make(1);
  dials();
  const auto ticket = policy->next_ticket();
  policy->open(ticket, {"example.org", 80}, {}, now);
  now += 60s;
  policy->work(now);
  EXPECT_EQ(failed.at(ticket), timed_out());
}

TEST_F(ClientPolicy, StopSaysGoodbyeAndDialsNoMore) {
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

TEST_F(ClientPolicy, ADialThatEndsAfterStopChangesNothing) {
  make(2);
  const auto d = all_dials();
  policy->stop({}, now);
  policy->connected(d[0].id, now);
  policy->dial_failed(d[1].id, connection_reset(), now);
  EXPECT_TRUE(actions().empty());
  EXPECT_EQ(policy->welcomed(d[0].id, welcome(), now), operation_aborted());
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

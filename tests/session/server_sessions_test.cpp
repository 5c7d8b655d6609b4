// What a server answers to a HELLO, and how long it keeps a session.
#include "mtcp/session/server_sessions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "mtcp/core/wire/frame.hpp"
#include "session/fake_link.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;
using status = core::welcome_status;
using open_to = server_sessions::open_to;

class ServerSessions : public testing::Test, public server_sessions::host, public waker {
 protected:
  ServerSessions() { limits.sessions_per_owner = 2; }

  core::hello create() {
    core::hello h;
    h.bridge = 1;
    h.limits = core::announced({});
    return h;
  }
  core::hello join(const server_sessions::answer& created, core::bridge_id bridge) {
    core::hello h = create();
    h.session = created.message.session;
    h.secret = created.message.secret;
    h.instance = created.message.instance;
    h.bridge = bridge;
    return h;
  }
  server_sessions::answer greet(const core::hello& said, const owner_id& owner = {}, open_to whom = open_to::all) {
    return tested().greet(said, owner, "anne", whom, now);
  }
  server_sessions& tested() {
    if (!sessions) sessions.emplace(limits, core::instance_id{std::byte{7}}, *this);
    return *sessions;
  }
  void attach(const server_sessions::answer& to, core::bridge_id bridge) {
    links.push_back(std::make_unique<fake_link>());
    to.joined->attach(bridge, *links.back(), {}, now);
  }
  template <class... Fields>
  static void say(server_session& to, core::bridge_id on, core::timestamp now, core::frame_type type,
                  Fields... fields) {
    std::array<std::byte, 64> bytes;
    const std::size_t size = core::put_frame(bytes, type, fields...);
    std::vector<core::slice> pieces{core::slice::copy_of(std::span<std::byte>(bytes).first(size))};
    to.core().receive(on, pieces, now);
  }

  core::timestamp now{1h};
  server_settings limits;
  std::vector<std::unique_ptr<fake_link>> links;
  std::optional<server_sessions> sessions;
  std::size_t begun = 0, ended = 0, entered = 0;
  bool used_up = false;

 private:
  void wake() override {}
  void on_begin(const server_sessions::session_ref& s) override {
    s->wake_by(*this);
    ++begun;
  }
  void on_stream(server_session&, core::stream_id) override {}
  void on_end(server_sessions::session_ref) override { ++ended; }
  std::optional<core::limit_reason> enter(const core::session_id&, const owner_id&, std::size_t most) override {
    if (used_up) return core::limit_reason::quota;
    if (entered >= most) return core::limit_reason::sessions;
    ++entered;
    return std::nullopt;
  }
  void leave(const core::session_id&) override { --entered; }
  void random_fill(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(++random_);
  }

  unsigned random_ = 0;
};

TEST_F(ServerSessions, AHelloWithoutASessionCreatesOne) {
  const auto got = greet(create());
  EXPECT_EQ(got.message.status, status::ok);
  EXPECT_NE(got.message.session, core::session_id{});
  EXPECT_NE(got.message.secret, core::join_secret{});
  EXPECT_EQ(got.message.instance, core::instance_id{std::byte{7}});
  EXPECT_EQ(begun, 1U);
}

TEST_F(ServerSessions, LearnTheRoleOfABridge) {
  core::hello said = create();
  said.options.role = core::path_role::backup;
  const auto plain = greet(said);
  EXPECT_EQ(plain.use.role, core::path_role::backup) << "of a client that knows no more";
  EXPECT_FALSE(plain.use.roles_agreed);
  said.extensions.add(core::extension::role, 2);
  const auto got = greet(said);
  EXPECT_EQ(got.use.role, core::path_role::overflow);
  EXPECT_TRUE(got.use.roles_agreed);
  EXPECT_EQ(core::role_of(got.message.extensions), core::path_role::overflow);
}

TEST_F(ServerSessions, ABridgeJoinsWithTheSecretAndTheKeyOfTheSession) {
  const auto created = greet(create());
  const auto joined = greet(join(created, 2));
  EXPECT_EQ(joined.message.status, status::ok);
  EXPECT_EQ(joined.joined, created.joined);
  EXPECT_EQ(joined.message.secret, core::join_secret{}) << "told once";
  core::hello wrong = join(created, 3);
  wrong.secret[31] ^= std::byte{1};
  EXPECT_EQ(greet(wrong).message.status, status::unknown_session);
  EXPECT_EQ(greet(join(created, 3), owner_id{std::byte{1}}).message.status, status::unknown_session);
}

TEST_F(ServerSessions, RefusalsSayNothingElse) {
  const auto created = greet(create());
  core::hello other_server = join(created, 2);
  other_server.instance[0] ^= std::byte{1};
  core::hello other_version = join(created, 2);
  other_version.version = 99;
  core::hello other_secret = join(created, 2);
  other_secret.secret[0] ^= std::byte{1};
  for (const core::hello& said : {other_server, other_version, other_secret, join(created, 1)}) {
    const auto got = greet(said);
    EXPECT_NE(got.message.status, status::ok);
    EXPECT_EQ(got.message.session, core::session_id{});
    EXPECT_EQ(got.message.secret, core::join_secret{});
    EXPECT_EQ(got.message.limits.tunnel_credit + got.message.limits.early_limit + got.message.limits.max_streams, 0U);
    EXPECT_TRUE(got.message.counts.empty() && got.message.extensions.entries().empty());
    EXPECT_FALSE(got.joined);
  }
}

TEST_F(ServerSessions, BridgeIdsAreUsedOnce) {
  const auto created = greet(create());
  EXPECT_EQ(greet(join(created, 1)).message.status, status::refused);
  EXPECT_EQ(greet(join(created, 2)).message.status, status::ok);
  EXPECT_EQ(greet(join(created, 2)).message.status, status::refused);
}

// The client has said how the bridge ended before it asks for it.
TEST_F(ServerSessions, ABridgeWhoseEndWasToldDoesNotComeUp) {
  const auto created = greet(create());
  attach(created, 1);
  say(*created.joined, 1, now, core::frame_type::bridge_closed, 7U, 0U);
  EXPECT_EQ(greet(join(created, 7)).message.status, status::refused);
  EXPECT_EQ(greet(join(created, 8)).message.status, status::ok);
}

TEST_F(ServerSessions, BridgesOfASessionAreLimited) {
  limits.bridges_per_session = 2;
  const auto created = greet(create());
  attach(created, 1);
  attach(greet(join(created, 2)), 2);
  EXPECT_EQ(greet(join(created, 3)).message.status, status::limit);
}

// Only who offers to hear it is told why.
TEST_F(ServerSessions, RefusalsForALimitSayWhich) {
  const auto reason = [this](core::hello said, bool room = true) {
    EXPECT_TRUE(tested().greet(said, {}, "anne", open_to::all, now, room).message.extensions.entries().empty());
    said.extensions.add(static_cast<std::uint64_t>(core::extension::reason), {});
    const auto got = tested().greet(said, {}, "anne", open_to::all, now, room);
    EXPECT_EQ(got.message.status, status::limit);
    EXPECT_FALSE(got.joined);
    return core::reason_of(got.message.extensions);
  };
  limits.bridges_per_session = 1;
  limits.sessions_per_owner = 1;
  const auto created = greet(create());
  attach(created, 1);
  EXPECT_EQ(reason(create()), core::limit_reason::sessions);
  EXPECT_EQ(reason(join(created, 2)), core::limit_reason::bridges);
  EXPECT_EQ(reason(join(created, 2), false), core::limit_reason::bridges) << "of all sessions";
  EXPECT_EQ(reason(create(), false), core::limit_reason::bridges);
  used_up = true;
  EXPECT_EQ(reason(create()), core::limit_reason::quota);
}

TEST_F(ServerSessions, WhoMayHaveNoMoreBridgesLearnsNothingOfASession) {
  const auto created = greet(create());
  core::hello wrong = join(created, 2);
  wrong.secret[0] ^= std::byte{1};
  EXPECT_EQ(tested().greet(wrong, {}, "anne", open_to::all, now, false).message.status, status::unknown_session);
}

TEST_F(ServerSessions, SessionsOfAnOwnerAreLimited) {
  greet(create());
  greet(create());
  EXPECT_EQ(greet(create()).message.status, status::limit);
  EXPECT_EQ(tested().all().size(), 2U);
}

TEST_F(ServerSessions, ADrainingServerTakesJoinsAndAClosedOneNothing) {
  const auto created = greet(create());
  EXPECT_EQ(greet(create(), {}, open_to::joins).message.status, status::refused);
  EXPECT_EQ(greet(join(created, 2), {}, open_to::joins).message.status, status::ok);
  EXPECT_EQ(greet(join(created, 3), {}, open_to::none).message.status, status::refused);
}

TEST_F(ServerSessions, ASessionEndsTheResumeTimeoutAfterItsLastBridge) {
  const auto created = greet(create());
  attach(created, 1);
  now += 10min;
  created.joined->work(now);
  created.joined->detach(1, now);
  created.joined->work(now);
  EXPECT_EQ(created.joined->next_deadline(), now + 60s);
  now += 60s;
  created.joined->work(now);
  EXPECT_EQ(ended, 1U);
  EXPECT_EQ(greet(join(created, 2)).message.status, status::unknown_session);
}

TEST_F(ServerSessions, ExtensionsThatAreKnownAreAccepted) {
  core::hello said = create();
  said.extensions.add(core::unassigned_extension(3), std::array{std::byte{1}, std::byte{2}});
  said.extensions.add(core::extension::resume_timeout, 90'000);
  const auto created = greet(said);
  EXPECT_EQ(created.message.status, status::ok);
  EXPECT_EQ(created.message.extensions.entries().size(), 1U);
  EXPECT_EQ(created.message.extensions.number(core::extension::resume_timeout), 60'000U);
  core::hello joining = join(created, 2);
  joining.extensions = said.extensions;
  EXPECT_TRUE(greet(joining).message.extensions.entries().empty()) << "it is about the session";
  EXPECT_TRUE(greet(create()).message.extensions.entries().empty()) << "nothing was offered";
}

TEST_F(ServerSessions, AClientThatGivesUpSoonerIsNotWaitedFor) {
  core::hello said = create();
  said.extensions.add(core::extension::resume_timeout, 2000);
  const auto created = greet(said);
  EXPECT_EQ(created.message.extensions.number(core::extension::resume_timeout), 2000U);
  attach(created, 1);
  created.joined->detach(1, now);
  EXPECT_EQ(created.joined->next_deadline(), now + 2s);
  now += 2s;
  created.joined->work(now);
  EXPECT_EQ(ended, 1U);
}

TEST_F(ServerSessions, OneThatNeverCameUpIsForgottenAtOnce) {
  const auto created = greet(create());
  created.joined->bridge_failed(1, now);
  EXPECT_EQ(ended, 1U);
  EXPECT_TRUE(tested().all().empty());
}

// Both in one turn of the event loop: the goodbye has been read, and the connection that brought it has ended, before
// the session works.
TEST_F(ServerSessions, AGoodbyeRightBeforeTheEndOfTheLastBridgeEndsTheSession) {
  const auto created = greet(create());
  attach(created, 1);
  say(*created.joined, 1, now, core::frame_type::goaway, 0U);
  created.joined->detach(1, now);
  created.joined->work(now);
  EXPECT_EQ(ended, 1U);
}

TEST_F(ServerSessions, AnOwnerWhoseKeyIsGoneLosesItsSessions) {
  const auto created = greet(create());
  tested().leave_if([](const owner_id&) { return true; }, now);
  EXPECT_EQ(ended, 1U);
}

TEST_F(ServerSessions, AcceptsTheBudgetOfABridge) {
  const auto created = greet(create());
  attach(created, 1);
  core::hello said = join(created, 2);
  core::add_budget(said.extensions, {0, 13'000});
  const auto joined = greet(said);
  EXPECT_EQ(joined.use.budget, (core::bridge_budget{0, 13'000}));
  EXPECT_EQ(core::budget_of(joined.message.extensions), joined.use.budget);
  EXPECT_EQ(greet(join(created, 3)).message.extensions, core::extension_list());
}

TEST_F(ServerSessions, AgreesOnReverseStreamsWithWhoOffersThem) {
  EXPECT_FALSE(greet(create()).message.extensions.number(core::extension::reverse));
  core::hello said = create();
  said.extensions.add(core::extension::reverse, 100);
  const auto created = greet(said);
  EXPECT_EQ(created.message.extensions.number(core::extension::reverse), 100U);
  attach(created, 1);
  std::array<std::byte, 64> bytes;
  const std::size_t size = core::put_open_frame(bytes, core::frame_type::listen, 1, 1, 80, "");
  std::vector<core::slice> pieces{core::slice::copy_of(std::span<std::byte>(bytes).first(size))};
  created.joined->core().receive(1, pieces, now);
  created.joined->work(now);
  EXPECT_EQ(created.joined->core().engine().kind_of(1), core::stream_kind::listener);
  EXPECT_EQ(ended, 0U);
}

// Else a client whose dials fail behind HELLO now and then would be turned away after some hours.
TEST_F(ServerSessions, AnIdThatDidNotComeUpLeavesNoGap) {
  const auto created = greet(create());
  attach(created, 1);
  for (core::bridge_id id = 2; id < 10'000; id += 2) {
    ASSERT_EQ(greet(join(created, id)).message.status, status::ok) << id;
    attach(created, id);
    created.joined->detach(id, now);
    say(*created.joined, 1, now, core::frame_type::bridge_closed, id, 0U);
    say(*created.joined, 1, now, core::frame_type::bridge_closed, id + 1, 0U);
    links[0]->unsent = 0;
    created.joined->work(now);
    say(*created.joined, 1, now, core::frame_type::ack, 1U, 1U, links[0]->written, 0U);
  }
}

TEST_F(ServerSessions, AnIdThatWasAbandonedIsUsedUp) {
  const auto created = greet(create());
  attach(created, 1);
  const auto joined = greet(join(created, 2));
  joined.joined->bridge_failed(2, now);
  EXPECT_EQ(greet(join(created, 2)).message.status, status::refused);
  EXPECT_EQ(created.joined->core().engine().bridge_id_ranges(), 1U);
}

}  // namespace
}  // namespace mtcp::test

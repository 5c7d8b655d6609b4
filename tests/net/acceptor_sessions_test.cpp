// Who may create and join which session at a server, and when a session ends.
#include <gtest/gtest.h>

#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;
using AcceptorSessions = raw_client_lab;

TEST_F(AcceptorSessions, CreatesAndJoins) {
  start_server();
  raw_client first(dial()), second(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->status, core::welcome_status::ok);
  EXPECT_NE(created->session, core::session_id{});
  const auto joined = run_for(second.greet(key_, join(*created, 2)));
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->status, core::welcome_status::ok);
  EXPECT_EQ(joined->secret, core::join_secret{}) << "told once is enough";
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 2; }));
}

TEST_F(AcceptorSessions, ASessionIsJoinedByItsOwnerOnly) {
  const key other = key::generate();
  server_options_.keys.add(other);
  start_server();
  raw_client owner(dial());
  const auto created = run_for(owner.greet(key_, create()));
  ASSERT_TRUE(created);
  raw_client thief(dial());  // another user, who has even learned the secret
  EXPECT_EQ(run_for(thief.greet(other, join(*created, 2)))->status, core::welcome_status::unknown_session);
  raw_client guesser(dial());
  core::hello guess = join(*created, 2);
  guess.secret.back() ^= std::byte{1};
  EXPECT_EQ(run_for(guesser.greet(key_, guess))->status, core::welcome_status::unknown_session);
  raw_client lost(dial());
  core::hello unknown = join(*created, 2);
  unknown.session.front() ^= std::byte{1};
  EXPECT_EQ(run_for(lost.greet(key_, unknown))->status, core::welcome_status::unknown_session);
  raw_client astray(dial());
  core::hello foreign = join(*created, 2);
  foreign.instance.front() ^= std::byte{1};
  EXPECT_EQ(run_for(astray.greet(key_, foreign))->status, core::welcome_status::foreign_instance);
  EXPECT_EQ(server_->snapshot().tunnels.at(0).bridges.size(), 1u);
}

TEST_F(AcceptorSessions, IdsOfBridgesAreUsedOnce) {
  start_server();
  raw_client first(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  raw_client again(dial());
  EXPECT_EQ(run_for(again.greet(key_, join(*created, 1)))->status, core::welcome_status::refused);
  {
    raw_client second(dial());
    EXPECT_EQ(run_for(second.greet(key_, join(*created, 2)))->status, core::welcome_status::ok);
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 1; }));
  raw_client late(dial());
  EXPECT_EQ(run_for(late.greet(key_, join(*created, 2)))->status, core::welcome_status::refused);
}

TEST_F(AcceptorSessions, SessionsAndBridgesAreLimited) {
  const key other = key::generate();
  server_options_.keys.add(other);
  server_options_.sessions_per_key = 2;
  server_options_.bridges_per_session = 2;
  start_server();
  raw_client a(dial()), b(dial()), c(dial()), d(dial());
  const auto first = run_for(a.greet(key_, create()));
  EXPECT_EQ(first->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(b.greet(key_, create()))->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(c.greet(key_, create()))->status, core::welcome_status::limit);
  EXPECT_EQ(run_for(d.greet(other, create()))->status, core::welcome_status::ok);
  raw_client e(dial()), f(dial());
  EXPECT_EQ(run_for(e.greet(key_, join(*first, 2)))->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(f.greet(key_, join(*first, 3)))->status, core::welcome_status::limit);
}

TEST_F(AcceptorSessions, ASessionEndsWhenNoBridgeComesBack) {
  server_options_.resume_timeout = milliseconds(200);
  start_server();
  core::welcome created;
  {
    raw_client only(dial());
    created = *run_for(only.greet(key_, create()));
    ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
  raw_client late(dial());
  EXPECT_EQ(run_for(late.greet(key_, join(created, 2)))->status, core::welcome_status::unknown_session);
}

TEST_F(AcceptorSessions, AnotherVersionIsToldSo) {
  start_server();
  raw_client modern(dial());
  core::hello hello = create();
  hello.version = 99;
  const auto answer = run_for(modern.greet(key_, hello));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, core::welcome_status::version);
  EXPECT_TRUE(server_->snapshot().tunnels.empty());
}

TEST_F(AcceptorSessions, FramesThatBreakTheProtocolEndTheSession) {
  start_server();
  raw_client rude(dial());
  ASSERT_TRUE(run_for(rude.greet(key_, create())));
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  const std::vector<std::byte> nonsense(64, std::byte{0x07});
  EXPECT_EQ(rude.channel.write(nonsense), error_code());
  EXPECT_TRUE(reaches([&] {
    const auto now = server_->snapshot();
    return now.tunnels.empty() || now.tunnels[0].bridges.empty();
  }));
}

TEST_F(AcceptorSessions, NewKeysCountForNewBridges) {
  start_server();
  const key other = key::generate();
  key_ring ring;
  ring.add(other);
  server_->set_keys(ring);
  raw_client old(dial()), fresh(dial());
  EXPECT_FALSE(run_for(old.greet(key_, create())));
  EXPECT_TRUE(run_for(fresh.greet(other, create())));
}

TEST_F(AcceptorSessions, TunnelsOfKeysThatAreGoneEnd) {
  const key other = key::generate();
  key_ring both;
  both.add(key_);
  both.add(other);
  start_server();
  server_->set_keys(both);
  raw_client revoked(dial()), kept(dial());
  ASSERT_TRUE(run_for(revoked.greet(key_, create())));
  ASSERT_TRUE(run_for(kept.greet(other, create())));
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 2; }));
  key_ring one;
  one.add(other);
  server_->set_keys(one);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  EXPECT_EQ(server_->snapshot().tunnels.at(0).user, to_string(other.id()));
}

}  // namespace
}  // namespace mtcp::test

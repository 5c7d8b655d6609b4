// Paths that come and go while a client runs.
#include <gtest/gtest.h>

#include "session/client_policy_fixture.hpp"

namespace mtcp::test {
namespace {

path_settings called(const std::string& name, unsigned bridges = 2) { return {name, bridges, false, {}}; }

class ClientPaths : public client_policy_fixture {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const path_snapshot& p : snapshot().paths) out.push_back(p.name);
    return out;
  }
  void detach_closed() {
    std::vector<client_policy::attached> closed;
    for (const auto& b : up)
      if (const bridge* is = b.session->core.find_bridge(b.bridge); is != nullptr && is->closed()) closed.push_back(b);
    for (const auto& b : closed) policy->detach(b, now);
  }
};

using words = std::vector<std::string>;

TEST_F(ClientPaths, MayAllComeLater) {
  make_without_paths();
  EXPECT_TRUE(all_dials().empty());
  const auto ticket = open();
  EXPECT_TRUE(snapshot().paths.empty());
  pass_to(now + 5s);
  EXPECT_EQ(failed.at(ticket), errc::tunnel_down) << "as for any tunnel without a bridge";
  EXPECT_EQ(policy->add_path(called("wlan0")), 0U);
  connect_all();
  EXPECT_EQ(policy->bridge_count(), 2U);
  EXPECT_EQ(names(), words{"wlan0"});
}

TEST_F(ClientPaths, AreNeededFromTheStartIfNoneMayCome) {
  EXPECT_THROW(client_policy({}, *this, *this), std::invalid_argument);
}

TEST_F(ClientPaths, TakeTheirBridgesAlong) {
  make(2, 2);
  connect_all();
  now += 5s;
  policy->retire_path(0, now);
  EXPECT_EQ(links[0]->closed + links[1]->closed + links[2]->closed + links[3]->closed, 2);
  EXPECT_EQ(names(), (words{"path 0", "path 1"})) << "its connections are not gone yet";
  EXPECT_EQ(snapshot().paths[0].bridges_wanted, 0U);
  detach_closed();
  EXPECT_TRUE(all_dials().empty()) << "no others are dialled";
  EXPECT_EQ(policy->bridge_count(), 2U);
  EXPECT_EQ(names(), words{"path 1"});
  for (const bridge_snapshot& b : snapshot().bridges) {
    EXPECT_EQ(b.path, 0U) << "its place among those that are there";
    EXPECT_EQ(b.path_name, "path 1");
  }
  policy->retire_path(0, now);  // once is enough
  EXPECT_TRUE(actions().empty());
}

// What was sent on them and has not arrived is sent again on the others.
TEST_F(ClientPaths, LoseNoByte) {
  make(1, 2);
  connect_all();
  open();
  converse();
  core::engine& engine = policy->current()->core.engine();
  const auto streams = engine.stream_ids();
  ASSERT_EQ(streams.size(), 1U);
  const std::vector<std::byte> said(8'000);
  engine.write(streams[0], said, now);
  policy->work(now);
  const std::size_t on_first = links[0]->sent.size(), on_second = links[1]->sent.size();
  ASSERT_GT(on_first + on_second, 0U);
  const std::size_t goes = on_first > 0 ? up[0].session->core.find_bridge(up[0].bridge)->path()
                                        : up[1].session->core.find_bridge(up[1].bridge)->path();
  links[on_first > 0 ? 0 : 1]->sent.clear();  // they are lost with it
  policy->retire_path(goes, now);
  detach_closed();
  EXPECT_LT(server.stats().payload_received, said.size());
  for (int turn = 0; turn < 20 && server.stats().payload_received < said.size(); ++turn) {
    now += 50ms;
    converse();
  }
  EXPECT_EQ(server.stats().payload_received, said.size());
}

TEST_F(ClientPaths, TakeTheirDialsAlong) {
  make(1, 2);
  const auto begun = all_dials();
  ASSERT_EQ(begun.size(), 2U);
  policy->connected(begun[0].id, now);
  greetings();
  policy->retire_path(0, now);
  const auto wanted = actions();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(std::get<client_policy::abandon>(wanted[0]).id, begun[0].id);
  EXPECT_EQ(names(), (words{"path 0", "path 1"}));
  policy->dial_failed(begun[0].id, operation_aborted(), now);
  EXPECT_EQ(names(), words{"path 1"});
  policy->connected(begun[1].id, now);
  const auto g = greetings();
  ASSERT_EQ(g.size(), 1U) << "it no longer waits for the first one to create the session";
  EXPECT_EQ(g[0].id, begun[1].id);
}

TEST_F(ClientPaths, AreDialledAnewWhenTheirNetworkIsBack) {
  make(1, 2);
  auto begun = all_dials();
  ASSERT_EQ(begun.size(), 2U);
  policy->connected(begun[1].id, now);
  for (const auto& g : greetings()) bring_up(g.id);
  for (int i = 0; i < 8; ++i) {  // until the pauses are long
    policy->dial_failed(begun[0].id, timed_out(), now);
    for (begun = all_dials(); begun.empty(); begun = all_dials()) pass_to_deadline();
  }
  policy->dial_failed(begun[0].id, timed_out(), now);
  ASSERT_TRUE(all_dials().empty()) << "it pauses";
  policy->dial_anew(1, now);
  EXPECT_TRUE(actions().empty()) << "that path is well";
  policy->dial_anew(0, now);
  const auto again = dials();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].path, 0U);
  // And what waits for an answer does not keep the next one waiting.
  policy->dial_anew(0, now);
  const auto wanted = actions();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(std::get<client_policy::abandon>(wanted[0]).id, again[0].id);
  policy->dial_failed(again[0].id, operation_aborted(), now);
  now += 45ms;
  EXPECT_EQ(dials().size(), 1U);
}

// Whoever dials may not have begun when it was told to give that up.
TEST_F(ClientPaths, AbandonADialThatConnectsAllTheSame) {
  make(1, 1);
  const auto begun = all_dials();
  policy->retire_path(0, now);
  actions();
  policy->connected(begun.at(0).id, now);
  const auto wanted = actions();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<client_policy::abandon>(wanted[0])) << "and greets nobody";
}

TEST_F(ClientPaths, AreGoneForAGreetingThatIsAnswered) {
  make(1, 1);
  const auto begun = all_dials();
  policy->connected(begun.at(0).id, now);
  greetings();
  policy->retire_path(0, now);
  EXPECT_EQ(policy->welcomed(begun[0].id, welcome(), now), errc::path_gone);
  EXPECT_FALSE(policy->current());
}

TEST_F(ClientPaths, ThatAreTheLastOnesLeaveASessionThatWaits) {
  make(1, 1);
  connect_all();
  now += 5s;
  policy->retire_path(0, now);
  detach_closed();
  EXPECT_TRUE(policy->current());
  pass_to(now + 30s);
  EXPECT_TRUE(policy->current());
  EXPECT_EQ(policy->add_path(called("wlan0", 1)), 1U);
  const auto d = all_dials();
  ASSERT_EQ(d.size(), 1U);
  policy->connected(d[0].id, now);
  const auto g = greetings();
  ASSERT_EQ(g.size(), 1U);
  EXPECT_EQ(g[0].hello.session, welcome().session) << "which goes on";
}

TEST_F(ClientPaths, ThatComeBackCountOnAndLearnAnew) {
  make(1, 2);
  connect_all();
  now += 5s;
  lose(up[0]);
  connect_all();
  const auto before = snapshot().paths[0];
  ASSERT_EQ(before.reconnects, 1U);
  policy->retire_path(0, now);
  detach_closed();
  now += 1h;
  EXPECT_EQ(policy->add_path(called("path 0", 1)), 0U);
  const auto after = snapshot().paths[0];
  EXPECT_EQ(after.number, before.number);
  EXPECT_EQ(after.reconnects, 1U) << "to let bridges go is not to lose them";
  EXPECT_EQ(after.last_error, "") << "that was another time";
  EXPECT_EQ(dials().size(), 1U);
  EXPECT_NE(std::ranges::find(traced, "path path 0 is gone"), traced.end());
  EXPECT_EQ(std::ranges::count(traced, "path path 0 has come"), 1);
}

// One that flaps before its connections are closed.
TEST_F(ClientPaths, MayComeBackAtOnce) {
  make(2, 1);
  connect_all();
  now += 5s;
  policy->retire_path(0, now);
  EXPECT_EQ(policy->add_path(called("path 0")), 0U);
  detach_closed();
  connect_all();
  EXPECT_EQ(policy->bridge_count(), 2U);
}

TEST_F(ClientPaths, GiveTheirNumbersAwayWhenThereAreMany) {
  make(1, 1);
  for (std::size_t i = 1; i < client_policy::max_paths; ++i)
    EXPECT_EQ(policy->add_path(called("ppp" + std::to_string(i))), i);
  EXPECT_FALSE(policy->add_path(called("one more"))) << "all are there";
  for (const auto& a : actions())
    if (const auto* d = std::get_if<client_policy::dial>(&a)) policy->dial_failed(d->id, timed_out(), now);
  policy->retire_path(7, now);
  now += 1s;
  policy->retire_path(5, now);
  EXPECT_EQ(policy->add_path(called("one more")), 7U) << "it has been gone for longer";
  EXPECT_EQ(policy->add_path(called("ppp5")), 5U);
  EXPECT_EQ(snapshot().paths.size(), client_policy::max_paths);
  EXPECT_EQ(snapshot().paths[7].name, "one more");
}

// ---- changed by the user ----

TEST_F(ClientPaths, AreNotDialledWithoutARole) {
  client_settings s;
  s.paths = {called("fibre", 1), called("spare", 1)};
  s.paths[1].use.role = core::path_role::never;
  policy.emplace(std::move(s), *this, *this);
  policy->start(now);
  connect_all();
  EXPECT_EQ(policy->bridge_count(), 1U);
  EXPECT_EQ(names(), (words{"fibre", "spare"})) << "it is listed";
  EXPECT_EQ(snapshot().paths[1].bridges_wanted, 0U);
  pass_to(now + 5s);
  for (const auto& d : dials()) EXPECT_EQ(d.path, 0U);
  EXPECT_TRUE(policy->change_path("spare", core::path_role::active, 0, now));
  EXPECT_EQ(snapshot().paths[1].bridges_wanted, 1U);
  EXPECT_EQ(std::ranges::count(dials(), 1U, &client_policy::dial::path), 1);
}

TEST_F(ClientPaths, LetGoOfTheirBridgesWithTheirRole) {
  make(1, 2);
  connect_all();
  now += 5s;
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::never, 0, now));
  EXPECT_EQ(policy->bridge_count(), 2U);
  EXPECT_EQ(links[0]->closed + links[1]->closed, 0) << "what is under way is to arrive";
  pass_to(now + 2100ms);
  EXPECT_EQ(links[0]->closed + links[1]->closed, 1);
  detach_closed();
  EXPECT_EQ(policy->bridge_count(), 1U);
  for (const auto& d : dials()) EXPECT_EQ(d.path, 1U);
  EXPECT_EQ(snapshot().paths[0].reconnects, 0U) << "to let bridges go is not to lose them";
  EXPECT_FALSE(policy->change_path("path 7", core::path_role::active, 0, now));
}

TEST_F(ClientPaths, MayHaveTheirRoleBackBeforeTheirBridgesAreGone) {
  make(1, 1);
  connect_all();
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::never, 0, now));
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::overflow, 0, now));
  pass_to(now + 5s);
  EXPECT_EQ(links[0]->closed, 0);
  EXPECT_TRUE(policy->current()->core.bridges().at(0)->in_use());
  EXPECT_EQ(snapshot().paths[0].use.role, core::path_role::overflow);
}

TEST_F(ClientPaths, LoseTheirDialsWithTheirRole) {
  make(1, 2);
  const auto begun = all_dials();
  ASSERT_EQ(begun.size(), 2U);
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::never, 0, now));
  const auto wanted = actions();
  ASSERT_EQ(wanted.size(), 1U);
  EXPECT_EQ(std::get<client_policy::abandon>(wanted[0]).id, begun[0].id);
  policy->dial_failed(begun[0].id, operation_aborted(), now);
  pass_to(now + 60s);
  for (const auto& d : dials()) EXPECT_EQ(d.path, 1U);
}

TEST_F(ClientPaths, KeepWhatTheUserHasMadeOfThemWhenTheyComeBack) {
  make(1, 1);
  EXPECT_EQ(policy->add_path(called("wlan0")), 1U);
  EXPECT_TRUE(policy->change_path("wlan0", core::path_role::backup, 1'000'000, now));
  policy->retire_path(1, now);
  EXPECT_FALSE(policy->change_path("wlan0", core::path_role::active, 0, now)) << "it is gone";
  EXPECT_EQ(policy->add_path(called("wlan0")), 1U);
  const path_snapshot is = snapshot().paths.at(1);
  EXPECT_EQ(is.use.role, core::path_role::backup);
  EXPECT_EQ(is.use.rate_limit, 1'000'000U);
}

TEST_F(ClientPaths, TellTheServerOfTheirRole) {
  make(1, 1);
  core::welcome knows = welcome();
  knows.extensions.add(core::extension::role, 0);
  for (const auto& d : all_dials()) policy->connected(d.id, now);
  const auto g = greetings();
  ASSERT_EQ(g.size(), 1U);
  EXPECT_EQ(g[0].hello.extensions.number(core::extension::role), 0U);
  bring_up(g[0].id, knows);
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::overflow, 0, now));
  converse();
  EXPECT_EQ(server.look_at_load().overflow, 1U) << "by PATH";
}

TEST_F(ClientPaths, AreBackupsToAServerThatKnowsNoOtherRoles) {
  make(1, 1);
  connect_all();
  EXPECT_TRUE(policy->change_path("path 0", core::path_role::overflow, 0, now));
  converse();
  const core::active_load seen = server.look_at_load();
  EXPECT_EQ(seen.overflow, 0U);
  EXPECT_EQ(seen.backups, 1U);
  EXPECT_EQ(policy->current()->core.engine().look_at_load().overflow, 1U) << "what this end sends is another matter";
}

}  // namespace
}  // namespace mtcp::test

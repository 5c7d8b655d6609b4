// Events as lines of text, and who hears of which.
#include "mtcp/session/trace.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "session/fake_end.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

std::string words_of(const core::traced::event& what) { return trace::to_string(trace::engine_event{{}, what}); }

TEST(Trace, SaysWhy) {
  namespace traced = core::traced;
  EXPECT_EQ(words_of(traced::suspected{3, core::suspicion::overtaken, 340ms}),
            "bridge 3 suspect after 340 ms: what was sent later on others is acknowledged");
  EXPECT_EQ(words_of(traced::suspected{3, core::suspicion::peer, 0ms}), "bridge 3 suspect: the peer says so");
  EXPECT_EQ(words_of(traced::recovered{3, core::recovery::pong}), "bridge 3 recovered: a PING is answered");
  EXPECT_EQ(words_of(traced::resent{3, 0, core::resend::lost, 12, 180'000}),
            "12 frames of bridge 3 sent again, 180000 bytes of streams: it is lost");
  EXPECT_EQ(words_of(traced::resent{3, 4, core::resend::late, 1, 900}),
            "1 frame of bridge 3 sent again on bridge 4, 900 bytes of streams: they are late");
  EXPECT_EQ(words_of(traced::paced{3, 1'000'000, 262'144}),
            "bridge 3 has a rate of 1000000 bytes/s, and a cap of 262144 bytes");
  EXPECT_EQ(trace::to_string(trace::bridge_outgoing{3, "on a:1", "it has faded"}),
            "bridge 3 gives way on a:1: it has faded");
}

TEST(Trace, SaysWhatPathsAreFor) {
  using core::path_role;
  EXPECT_EQ(trace::to_string(trace::role_used{"", path_role::overflow, true}),
            "the active paths are full: overflow paths help");
  EXPECT_EQ(trace::to_string(trace::role_used{"0a1b2c3d", path_role::backup, true}),
            "session 0a1b2c3d: the active paths do badly: backup paths help");
  EXPECT_EQ(trace::to_string(trace::role_used{"", path_role::backup, false}), "backup paths rest again");
  EXPECT_EQ(trace::to_string(trace::path_changed{"lte", path_role::overflow, 6'250'000}),
            "path lte changed: role overflow, at most 6250000 bytes/s each way");
}

TEST(Trace, AServerSaysOfWhichSession) {
  const core::traced::event what = core::traced::recovered{3, core::recovery::ack};
  EXPECT_EQ(trace::to_string(trace::engine_event{"0a1b2c3d", what}),
            "session 0a1b2c3d: bridge 3 recovered: a frame is acknowledged");
}

TEST(Trace, ALogHasWhatIsNotableAndAllWhileSomebodyLooksClosely) {
  std::vector<event_weight> log;
  bool closely = false;
  const trace::observer told = trace::lines_for([&](event_weight weight, const std::string&) { log.push_back(weight); },
                                                [&] { return closely; });
  told(trace::dialling{"a:1"});
  EXPECT_TRUE(log.empty());
  told(trace::no_bridge_left{});
  EXPECT_EQ(log.size(), 1U);
  closely = true;
  told(trace::dialling{"a:1"});
  EXPECT_EQ(log, (std::vector{event_weight::routine, event_weight::routine}));
  EXPECT_FALSE(trace::lines_for([](event_weight, const std::string&) {}, {}).looks_closely());
}

TEST(Trace, AWarningIsWhatSomebodyMissesOrCanMend) {
  EXPECT_EQ(trace::weight_of(trace::session_over{"a", "", "the server has been restarted"}), event_weight::warning);
  EXPECT_EQ(trace::weight_of(trace::session_over{"a", "anne", "the client has left"}), event_weight::routine);
  EXPECT_EQ(trace::weight_of(trace::path_mtu{"a:1", true}), event_weight::warning);
  EXPECT_EQ(trace::weight_of(trace::path_mtu{"a:1", false}), event_weight::routine);
  EXPECT_EQ(trace::weight_of(trace::listener_change{{"", 80}, {}, "the port is in use"}), event_weight::warning);
  EXPECT_EQ(trace::weight_of(trace::listener_change{{"", 80}, {"192.0.2.1", 80}, ""}), event_weight::news);
  EXPECT_EQ(trace::weight_of(trace::no_bridge_left{}), event_weight::routine);
}

/// A client's session whose frames get lost with its bridges.
class SessionTrace : public testing::Test {
 protected:
  SessionTrace() {
    end.core.trace_to({[this](const trace::event& e) { heard.push_back(e); }, [this] { return closely; }});
  }
  void lose_a_bridge_with_a_frame() {
    const core::bridge_id id = ++last;
    end.attach(id, {}, now);
    end.engine().open({"example.org", 80}, {}, now);
    end.work(now);
    end.detach(id, now);
  }

  core::timestamp now{1h};
  fake_end end{core::role::client, {}, now};
  core::bridge_id last = 0;
  bool closely = true;
  std::vector<trace::event> heard;
};

TEST_F(SessionTrace, TellsWhatItsEngineDoes) {
  lose_a_bridge_with_a_frame();
  ASSERT_EQ(heard.size(), 1U);
  const core::traced::event& what = std::get<trace::engine_event>(heard[0]).what;
  EXPECT_EQ(std::get<core::traced::resent>(what).why, core::resend::lost);
}

TEST_F(SessionTrace, TellsItOnlyWhileSomebodyLooksClosely) {
  closely = false;
  lose_a_bridge_with_a_frame();
  EXPECT_TRUE(heard.empty());
  closely = true;
  lose_a_bridge_with_a_frame();
  EXPECT_EQ(heard.size(), 1U);
}

}  // namespace
}  // namespace mtcp::test

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

TEST(Trace, AServerSaysOfWhichSession) {
  const core::traced::event what = core::traced::recovered{3, core::recovery::ack};
  EXPECT_EQ(trace::to_string(trace::engine_event{"0a1b2c3d", what}),
            "session 0a1b2c3d: bridge 3 recovered: a frame is acknowledged");
}

TEST(Trace, ALogHasWhatIsNotableAndAllWhileSomebodyLooksClosely) {
  std::vector<std::string> log;
  bool closely = false;
  const trace::observer told =
      trace::lines_for([&](const std::string& line) { log.push_back(line); }, [&] { return closely; });
  told(trace::dialling{"a:1"});
  EXPECT_TRUE(log.empty());
  told(trace::no_bridge_left{});
  EXPECT_EQ(log.size(), 1U);
  closely = true;
  told(trace::dialling{"a:1"});
  EXPECT_EQ(log.size(), 2U);
  EXPECT_FALSE(trace::lines_for([](const std::string&) {}, {}).looks_closely());
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

// Streams that are being opened, between an engine whose frames arrive in an unlucky order and the application.
#include "mtcp/session/openings.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "core/engine_pair.hpp"
#include "mtcp/refusal.hpp"
#include "mtcp/session/outcome.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

/// A client's session: two bridges on which the test carries bytes by hand to a server's engine.
class Openings : public testing::Test, session::owner, openings::listener {
 protected:
  Openings() {
    client.engine().set_peer_limits(core::announced({}), now);
    server.set_peer_limits(core::announced({}), now);
    for (const core::bridge_id b : {1, 2}) {
      client.engine().bridge_up(b, {}, now);
      server.bridge_up(b, {}, now);
    }
  }

  void open(std::size_t early) {
    waiting.add(waiting.next_ticket(), {"example.org", 80}, std::vector<std::byte>(early), now + 1min);
    waiting.submit(client, now);
  }

  std::vector<std::byte> poll(core::engine& from, core::bridge_id bridge) {
    from.transmit_order(now);
    return core::test::frames_for(from, bridge, now);
  }
  void to_server() {
    for (const core::bridge_id b : {1, 2}) server.handle_input(b, core::slice::copy_of(poll(client.engine(), b)), now);
  }
  void to_client(core::bridge_id bridge, const std::vector<std::byte>& bytes) {
    client.engine().handle_input(bridge, core::slice::copy_of(bytes), now);
    client.work(now);
  }

  /// The answer travels on bridge 1, and on bridge 2 that the server wants no bytes.
  void stop_overtakes_answer() {
    to_server();
    server.answer(1, {"192.0.2.1", 5}, now);
    const auto answer = poll(server, 1);
    server.stop_receive(1, core::reset_code::reset, now);
    const auto stop = poll(server, 2);
    ASSERT_FALSE(answer.empty() || stop.empty());
    to_client(2, stop);
    EXPECT_FALSE(opened.has_value());
    to_client(1, answer);
  }

  core::timestamp now{1h};
  session client{core::role::client, {}, *this, now};
  core::engine server{core::role::server, {}};
  openings waiting{*this};
  std::optional<core::stream_id> opened;
  bool opened_stopped = false;
  std::optional<error_code> failed;

 private:
  void wake() override {}
  void on_event(const core::event& what, core::timestamp) override { waiting.on_event(client, what, now); }
  void on_opened(std::uint64_t, session&, core::stream_id id, const core::target&, bool stopped) override {
    opened = id;
    opened_stopped = stopped;
  }
  void on_not_opened(std::uint64_t, error_code why) override { failed = why; }
};

TEST_F(Openings, AStopThatOvertakesTheAnswerIsNotLost) {
  open(0);
  stop_overtakes_answer();
  EXPECT_EQ(opened, 1U);
  EXPECT_TRUE(opened_stopped);
}

// More early bytes than the engine takes at once: nobody will ever want the rest.
TEST_F(Openings, AStopEndsTheWaitForEarlyBytes) {
  open(2 << 20);
  stop_overtakes_answer();
  EXPECT_EQ(opened, 1U);
  EXPECT_TRUE(opened_stopped);
}

TEST_F(Openings, ARefusalIsToldOnceAndForgotten) {
  open(0);
  to_server();
  server.refuse(1, core::refusal::policy, now);
  to_client(1, poll(server, 1));
  EXPECT_EQ(failed, error_code(core::refusal::policy));
  failed.reset();
  waiting.fail_all(connection_reset());
  EXPECT_FALSE(failed.has_value());
}

TEST_F(Openings, WhoeverWaitsTooLongForASessionGivesUp) {
  waiting.add(waiting.next_ticket(), {"example.org", 80}, {}, now + 1s);
  EXPECT_EQ(waiting.next_expiry(), now + 1s);
  waiting.expire(now + 999ms);
  EXPECT_FALSE(failed.has_value());
  waiting.expire(now + 1s);
  EXPECT_EQ(failed, timed_out());
  EXPECT_FALSE(waiting.next_expiry().has_value());
}

}  // namespace
}  // namespace mtcp::test

// Streams that are being opened, between an engine whose frames arrive in an unlucky order and the application.
#include "mtcp/net/tunnel_openings.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/engine_pair.hpp"

namespace mtcp::test {
namespace {

using namespace std::chrono_literals;

/// A client's session without sockets: two bridges on which the test carries bytes by hand to a server's engine.
class openings_test : public testing::Test, session::listener {
 protected:
  openings_test() {
    client.engine().set_peer_limits(core::announced({}));
    server.set_peer_limits(core::announced({}));
    for (const core::bridge_id b : {1, 2}) {
      client.engine().bridge_up(b, {}, client.now());
      server.bridge_up(b, {}, client.now());
    }
  }

  void open(std::size_t early) {
    detail::open_request request{{"example.org", 80}, std::vector<std::byte>(early)};
    const auto done = [this](error_code error, stream s) {
      opened = error;
      peer.emplace(std::move(s));
    };
    waiting.add(waiting.next_ticket(), std::move(request), {done, io.get_executor()}, {});
    waiting.submit(client);
  }

  std::vector<std::byte> poll(core::engine& from, core::bridge_id bridge) {
    from.transmit_order(client.now());
    return core::test::frames_for(from, bridge, client.now());
  }
  void to_server() {
    for (const core::bridge_id b : {1, 2})
      server.handle_input(b, core::slice::copy_of(poll(client.engine(), b)), client.now());
  }
  void to_client(core::bridge_id bridge, const std::vector<std::byte>& bytes) {
    client.engine().handle_input(bridge, core::slice::copy_of(bytes), client.now());
    client.changed();
    io.restart();
    io.poll();
  }

  /// The answer travels on bridge 1, and on bridge 2 that the server wants no bytes.
  void stop_overtakes_answer() {
    to_server();
    server.answer(1, {"192.0.2.1", 5});
    const auto answer = poll(server, 1);
    server.stop_receive(1, core::reset_code::reset);
    const auto stop = poll(server, 2);
    ASSERT_FALSE(answer.empty() || stop.empty());
    to_client(2, stop);
    EXPECT_FALSE(peer.has_value());
    to_client(1, answer);
    ASSERT_TRUE(peer.has_value());
    EXPECT_EQ(opened, error_code());
  }

  void expect_writes_fail() {
    std::optional<error_code> written;
    const std::string text = "hello";
    peer->async_write_some(asio::buffer(text), [&](error_code error, std::size_t) { written = error; });
    io.restart();
    io.poll();
    EXPECT_EQ(written, error_code(asio::error::connection_reset));
  }

  asio::io_context io;
  session client{io.get_executor(), core::role::client, {}, *this};
  core::engine server{core::role::server, {}};
  detail::openings waiting;
  std::optional<error_code> opened;
  std::optional<stream> peer;

 private:
  void on_event(const core::event& what) override { waiting.on_event(client, what); }
};

TEST_F(openings_test, a_stop_that_overtakes_the_answer_is_not_lost) {
  open(0);
  stop_overtakes_answer();
  expect_writes_fail();
}

// More early bytes than the engine takes at once: nobody will ever want the rest.
TEST_F(openings_test, a_stop_ends_the_wait_for_early_bytes) {
  open(2 << 20);
  stop_overtakes_answer();
  expect_writes_fail();
}

}  // namespace
}  // namespace mtcp::test

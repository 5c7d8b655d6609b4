// Peers by hand, with the right key and bad manners, at a real client and a real server.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/net/tls/handshake.hpp"
#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

core::welcome welcome(core::welcome_status status) {
  core::welcome w;
  w.status = status;
  w.instance.fill(std::byte{1});
  w.session.fill(std::byte{2});
  w.limits = core::announced({});
  return w;
}

template <class... Fields>
std::vector<std::byte> frame(core::frame_type type, Fields... fields) {
  std::vector<std::byte> out(64);
  out.resize(core::put_frame(out, type, fields...));
  return out;
}

class Hostile : public raw_client_lab {
 protected:
  ~Hostile() override {
    error_code ignored;
    listener_.close(ignored);
    if (tunnel_) tunnel_->stop();
    EXPECT_TRUE(reaches([&] { return !receiving_; }));
  }

  /// A server by hand. Each bridge hears `answer` and then `more`, and is closed, or kept in kept_. What it said is in
  /// hellos_.
  void receive_clients(core::welcome answer, std::vector<std::byte> more = {}, bool keep = false) {
    receiving_ = true;
    spawn(io_.get_executor(), receive_all_clients(std::move(answer), std::move(more), keep));
  }
  tunnel_options to_listener(unsigned bridges) const { return options_for(listener_.local_endpoint(), bridges); }

  tcp::acceptor listener_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::vector<core::hello> hellos_;
  std::vector<std::unique_ptr<secure_channel>> kept_;

 private:
  task<> receive_all_clients(core::welcome answer, std::vector<std::byte> more, bool keep) {
    key_ring ring;
    ring.add(key_);
    const tls_context context = tls_context::server(ring);
    for (;;) {
      auto [error, socket] = co_await listener_.async_accept(use_result);
      if (error) break;
      auto channel = std::make_unique<secure_channel>(std::move(socket));
      error = co_await channel->accept(context);
      if (error) continue;
      auto hello = co_await receive_hello(*channel);
      if (!hello) continue;
      hellos_.push_back(hello->message);
      error = co_await send_welcome(*channel, answer);
      if (!error && !more.empty()) channel->write(more);
      if (keep) {
        kept_.push_back(std::move(channel));
      } else {
        channel->close();
      }
    }
    receiving_ = false;
  }

  bool receiving_ = false;
};

// ---- at the client ----

class Unwelcome : public Hostile, public testing::WithParamInterface<core::welcome_status> {};

// Whatever the reason: a server that is asked again at once a thousand times a second is no better off, nor are we.
TEST_P(Unwelcome, IsAskedAgainAfterAPause) {
  receive_clients(welcome(GetParam()));
  const auto start = clock::now();
  run_tunnel(to_listener(1));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 5; }));
  EXPECT_GE(clock::now() - start, milliseconds(50 + 100 + 200 + 400));
}

INSTANTIATE_TEST_SUITE_P(Status, Unwelcome,
                         testing::Values(core::welcome_status::unknown_session, core::welcome_status::foreign_instance,
                                         core::welcome_status::refused));

// The server that says goodbye and closes in one breath has been heard: streams must not wait for it for a minute.
TEST_F(Hostile, AServerThatLeftIsNotAskedForItsSession) {
  receive_clients(welcome(core::welcome_status::ok), frame(core::frame_type::goaway, 0U));
  run_tunnel(to_listener(1));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 2; }));
  EXPECT_EQ(hellos_[1].session, core::session_id{}) << "the second dial creates a session of its own";
}

// A number that the client will give to a bridge of its own one day is taken by the server before.
TEST_F(Hostile, ABridgeThatTheServerHasLostBeforeItCameUpIsDropped) {
  receive_clients(welcome(core::welcome_status::ok), frame(core::frame_type::bridge_closed, 2U, 0U), true);
  run_tunnel(to_listener(2));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 3; })) << "the second bridge must be replaced";
  EXPECT_EQ(hellos_[2].bridge, 3U);
  std::vector<core::slice> ignored;
  while (!run_for(kept_[1]->read(ignored))) continue;  // and is not left open
}

// ---- at the server ----

// A goodbye and the end of the last bridge may arrive in one read.
TEST_F(Hostile, AClientThatSaidGoodbyeIsForgottenAtOnce) {
  start_server();
  for (int i = 0; i < 20; ++i) {
    raw_client v(dial());
    ASSERT_TRUE(run_for(v.greet(key_, create())));
    ASSERT_TRUE(reaches([&] { return !server_->snapshot().tunnels.empty(); }));
    ASSERT_TRUE(reaches([&] { return !server_->snapshot().tunnels[0].bridges.empty(); }));
    ASSERT_EQ(v.channel.write(frame(core::frame_type::goaway, 0U)), error_code());
    v.channel.close();
    ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); })) << "session " << i;
  }
}

// The greeting itself may be what ends the session.
TEST_F(Hostile, AGreetingThatLiesAboutCountsEndsTheSession) {
  start_server();
  raw_client first(dial()), second(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  core::hello lie = join(*created, 2);
  lie.counts = {{1, std::uint64_t{1} << 40}};
  EXPECT_TRUE(run_for(second.greet(key_, lie)));
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
  std::vector<core::slice> ignored;
  while (!run_for(second.channel.read(ignored))) continue;  // it is not left open for nobody
}

}  // namespace
}  // namespace mtcp::test

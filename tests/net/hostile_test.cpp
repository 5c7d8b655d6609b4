// Peers by hand, with the right key and bad manners, at a real client and a real server.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "mtcp/core/wire/frame.hpp"
#include "mtcp/net/tls/handshake.hpp"
#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

core::hello create() {
  core::hello hello;
  hello.bridge = 1;
  return hello;
}

core::hello join(const core::welcome& to, core::bridge_id id) {
  core::hello hello;
  hello.session = to.session;
  hello.secret = to.secret;
  hello.instance = to.instance;
  hello.bridge = id;
  return hello;
}

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

class hostile_test : public tunnel_lab {
 protected:
  ~hostile_test() override {
    error_code ignored;
    listener_.close(ignored);
    if (tunnel_) tunnel_->stop();
    EXPECT_TRUE(reaches([&] { return !receiving_; }));
  }

  /// A client's bridge by hand.
  struct visitor {
    explicit visitor(tcp::socket socket) : channel(std::move(socket)) {}
    secure_channel channel;
    tls_context tls = tls_context::client();
  };
  task<core::welcome> visit(visitor& v, core::hello hello) {
    v.channel.socket().connect(server_endpoint());
    error_code error = co_await v.channel.connect(v.tls, key_);
    if (!error) error = co_await send_hello(v.channel, hello);
    auto got = co_await receive_welcome(v.channel);
    if (error || !got) throw std::runtime_error("not welcome");
    co_return std::move(got->message);
  }
  visitor arrive() { return visitor(tcp::socket(io_.get_executor())); }

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

class unwelcome : public hostile_test, public testing::WithParamInterface<core::welcome_status> {};

// Whatever the reason: a server that is asked again at once a thousand times a second is no better off, nor are we.
TEST_P(unwelcome, is_asked_again_after_a_pause) {
  receive_clients(welcome(GetParam()));
  const auto start = clock::now();
  run_tunnel(to_listener(1));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 5; }));
  EXPECT_GE(clock::now() - start, milliseconds(50 + 100 + 200 + 400));
}

INSTANTIATE_TEST_SUITE_P(status, unwelcome,
                         testing::Values(core::welcome_status::unknown_session, core::welcome_status::foreign_instance,
                                         core::welcome_status::refused));

// The server that says goodbye and closes in one breath has been heard: streams must not wait for it for a minute.
TEST_F(hostile_test, a_server_that_left_is_not_asked_for_its_session) {
  receive_clients(welcome(core::welcome_status::ok), frame(core::frame_type::goaway, 0U));
  run_tunnel(to_listener(1));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 2; }));
  EXPECT_EQ(hellos_[1].session, core::session_id{}) << "the second dial creates a session of its own";
}

// A number that the client will give to a bridge of its own one day is taken by the server before.
TEST_F(hostile_test, a_bridge_that_the_server_has_lost_before_it_came_up_is_dropped) {
  receive_clients(welcome(core::welcome_status::ok), frame(core::frame_type::bridge_closed, 2U, 0U), true);
  run_tunnel(to_listener(2));
  ASSERT_TRUE(reaches([&] { return hellos_.size() >= 3; })) << "the second bridge must be replaced";
  EXPECT_EQ(hellos_[2].bridge, 3U);
  std::vector<core::slice> ignored;
  while (!run_for(kept_[1]->read(ignored))) continue;  // and is not left open
}

// ---- at the server ----

// A goodbye and the end of the last bridge may arrive in one read.
TEST_F(hostile_test, a_client_that_said_goodbye_is_forgotten_at_once) {
  start_server();
  for (int i = 0; i < 20; ++i) {
    visitor v = arrive();
    run_for(visit(v, create()));
    ASSERT_TRUE(reaches([&] { return !server_->snapshot().tunnels.empty(); }));
    ASSERT_TRUE(reaches([&] { return !server_->snapshot().tunnels[0].bridges.empty(); }));
    ASSERT_EQ(v.channel.write(frame(core::frame_type::goaway, 0U)), error_code());
    v.channel.close();
    ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); })) << "session " << i;
  }
}

// The greeting itself may be what ends the session.
TEST_F(hostile_test, a_greeting_that_lies_about_counts_ends_the_session) {
  start_server();
  visitor first = arrive(), second = arrive();
  const core::welcome created = run_for(visit(first, create()));
  core::hello lie = join(created, 2);
  lie.counts = {{1, std::uint64_t{1} << 40}};
  run_for(visit(second, lie));
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
  std::vector<core::slice> ignored;
  while (!run_for(second.channel.read(ignored))) continue;  // it is not left open for nobody
}

}  // namespace
}  // namespace mtcp::test

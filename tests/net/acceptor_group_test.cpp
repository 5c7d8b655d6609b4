// Acceptors that serve as one, in threads of their own.
#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "mtcp/acceptor_group.hpp"
#include "mtcp/error.hpp"
#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

task<> send_content(incoming request) {
  const std::uint64_t size = request.target().port * mebibyte;
  stream peer = request.answer({});
  co_await send_all(peer, size);
  peer.close();
}

task<> serve(acceptor& from) {
  while (true) {
    auto [error, request] = co_await from.async_accept(use_result);
    if (error) co_return;
    spawn(from.get_executor(), send_content(std::move(request)));
  }
}

/// A member that does not listen, in a thread of its own.
class member {
 public:
  explicit member(const acceptor_options& options) : acceptor_(io_, options) {
    spawn(io_.get_executor(), acceptor_.run());
    spawn(io_.get_executor(), serve(acceptor_));
    thread_ = std::jthread([this] { io_.run(); });
  }
  ~member() {
    asio::post(io_, [this] { acceptor_.stop(); });
  }
  acceptor_snapshot snapshot() {
    std::promise<acceptor_snapshot> answer;
    asio::post(io_, [&] { answer.set_value(acceptor_.snapshot()); });
    return answer.get_future().get();
  }

 private:
  asio::io_context io_{1};
  acceptor acceptor_;
  std::jthread thread_;  // joined first
};

class AcceptorGroup : public tunnel_lab {
 protected:
  void start(unsigned bridges) {
    server_options_.group = std::make_shared<acceptor_group>();
    start_server();
    acceptor_options silent = server_options_;
    silent.listen.clear();
    other_.emplace(silent);
    relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
    start_tunnel(bridges);  // lives here
    first_ = std::move(tunnel_);
    start_tunnel(bridges, relay_->local_endpoint());  // and this one there
  }
  ~AcceptorGroup() override {
    if (first_) first_->stop();
    if (tunnel_) tunnel_->stop();
    reaches([&] { return !other_ || other_->snapshot().tunnels.empty(); });
    if (relay_) relay_->close();
  }

  std::optional<member> other_;
  std::unique_ptr<cuttable_relay> relay_;
  std::unique_ptr<tunnel> first_;
};

TEST_F(AcceptorGroup, TunnelsLiveWhereThereAreFewest) {
  start(4);
  ASSERT_EQ(server_->snapshot().tunnels.size(), 1U);
  EXPECT_TRUE(reaches([&] {
    const acceptor_snapshot there = other_->snapshot();
    return there.tunnels.size() == 1 && there.tunnels[0].bridges.size() == 4;
  }));
  EXPECT_EQ(server_->snapshot().tunnels.size(), 1U);
  EXPECT_EQ(server_->snapshot().tunnels[0].bridges.size(), 4U);
  EXPECT_NE(other_->snapshot().tunnels[0].session, server_->snapshot().tunnels[0].session);
}

TEST_F(AcceptorGroup, AStreamArrivesWholeFromTheOtherThread) {
  start(4);
  stream peer = run_for(open("source", 24));
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, 24 * mebibyte);
  EXPECT_TRUE(got.intact);
}

TEST_F(AcceptorGroup, LostBridgesReturnToTheirThread) {
  start(3);
  stream peer = run_for(open("source", 32));
  relay_->cut_all();
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.size, 32 * mebibyte);
  EXPECT_TRUE(got.intact);
  EXPECT_TRUE(reaches([&] { return other_->snapshot().tunnels.at(0).bridges.size() == 3; }));
}

TEST_F(AcceptorGroup, AMemberThatHasGoneGetsNoTunnel) {
  start(2);
  other_.reset();
  EXPECT_TRUE(reaches([&] { return tunnel_->snapshot().bridges.empty(); }));
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 2; })) << "its client comes here";
}

TEST_F(AcceptorGroup, AKeyHasSoManySessionsAtAllMembers) {
  server_options_.sessions_per_key = 2;
  start(1);
  first_->stop();
  tunnel third(io_, options_for(server_endpoint(), 1));
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
  spawn(io_.get_executor(), third.run());
  EXPECT_TRUE(reaches([&] { return third.snapshot().now == tunnel_snapshot::state::up; }));
  tunnel fourth(io_, options_for(server_endpoint(), 1));
  spawn(io_.get_executor(), fourth.run());
  const std::string refused = make_error_code(errc::limit_reached).message();
  EXPECT_TRUE(reaches([&] { return fourth.snapshot().paths.at(0).last_error == refused; }));
  third.stop();
  fourth.stop();
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
}

}  // namespace
}  // namespace mtcp::test

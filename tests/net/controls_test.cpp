// What a user may do to a running tunnel from outside: close a stream, put a bridge on stand-by.
#include <gtest/gtest.h>

#include <string>

#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

using state = bridge_snapshot::state;

class Controls : public tunnel_lab {
 protected:
  void start(unsigned bridges) {
    start_server();
    start_tunnel(bridges);
  }
  /// The limit gives every bridge a share, so that all of them are needed.
  void start_limited(unsigned bridges) {
    start_server();
    tunnel_options options = options_for(server_endpoint(), bridges);
    options.paths.front().use.rate_limit = bridges * std::uint64_t{20'000'000};
    start_tunnel(options);
  }
  bridge_snapshot bridge(core::bridge_id id) const {
    for (const bridge_snapshot& b : tunnel_->snapshot().bridges)
      if (b.id == id) return b;
    return {};
  }
  /// What each bridge carries of a download of `size` MiB.
  std::vector<std::uint64_t> carried_by_download(std::uint16_t size) {
    const auto before = tunnel_->snapshot().bridges;
    stream peer = run_for(open("source", size));
    const received got = run_for(receive_all(peer));
    EXPECT_EQ(got.size, size * mebibyte);
    EXPECT_TRUE(got.intact);
    std::vector<std::uint64_t> out;
    for (const bridge_snapshot& b : before) out.push_back(bridge(b.id).bytes_down - b.bytes_down);
    return out;
  }
  std::string session() const { return server_->snapshot().tunnels.at(0).session; }
};

task<> read_one(stream& from, std::optional<error_code>& why) {
  char byte = 0;
  const auto into = asio::buffer(&byte, 1);
  const auto [error, size] = co_await from.async_read_some(into, use_result);
  why = error;
}

TEST_F(Controls, AStreamIsClosedAtBothEndsFromTheClient) {
  start(2);
  stream doomed = run_for(open("hold")), other = run_for(open("echo"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  std::optional<error_code> here, there;
  spawn(io_.get_executor(), read_one(doomed, here));
  spawn(io_.get_executor(), read_one(held_.front(), there));
  EXPECT_TRUE(tunnel_->close_stream(doomed.id()));
  ASSERT_TRUE(reaches([&] { return here && there; }));
  EXPECT_EQ(*here, asio::error::operation_aborted);
  EXPECT_EQ(*there, asio::error::connection_reset);
  EXPECT_FALSE(tunnel_->close_stream(doomed.id())) << "it is closed already";
  EXPECT_FALSE(tunnel_->close_stream(4711));
  EXPECT_EQ(run_for(send_text(other, "x")), error_code());
  EXPECT_EQ(run_for(receive_text(other, 1)), "x");
}

TEST_F(Controls, AStreamIsClosedAtBothEndsFromTheServer) {
  start(2);
  stream doomed = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  std::optional<error_code> here;
  spawn(io_.get_executor(), read_one(doomed, here));
  EXPECT_FALSE(server_->close_stream("00000000", doomed.id())) << "that is another session";
  EXPECT_TRUE(server_->close_stream(session(), doomed.id()));
  ASSERT_TRUE(reaches([&] { return here.has_value(); }));
  EXPECT_EQ(*here, asio::error::connection_reset);
  EXPECT_FALSE(server_->close_stream(session(), doomed.id()));
}

task<> try_open(tunnel& through, core::target to, std::optional<error_code>& why) {
  auto [error, opened] = co_await through.async_open(std::move(to), {}, use_result);
  why = error;
}

TEST_F(Controls, AStreamThatIsNotOpenYetIsRefusedByClosingItAtTheServer) {
  start(2);
  std::optional<error_code> why;
  spawn(io_.get_executor(), try_open(*tunnel_, {"silent", 1}, why));
  ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  EXPECT_TRUE(server_->close_stream(session(), unanswered_.front().id()));
  ASSERT_TRUE(reaches([&] { return why.has_value(); }));
  EXPECT_TRUE(*why);
  unanswered_.front().answer({});  // the server's application does not know, and must not be hurt
}

TEST_F(Controls, ADisabledBridgeCarriesNothingWhileOthersDo) {
  start_limited(3);
  ASSERT_TRUE(tunnel_->set_bridge_enabled(1, false));
  EXPECT_EQ(bridge(1).now, state::disabled);
  const auto without = carried_by_download(16);
  ASSERT_EQ(without.size(), 3U);
  EXPECT_LT(without[0], mebibyte) << "what was sent before the server had heard of it";
  EXPECT_EQ(tunnel_->snapshot().bridges.size(), 3U) << "it keeps its place";
  EXPECT_LT(carried_by_download(16)[0], 64U << 10) << "acknowledgements";
  ASSERT_TRUE(tunnel_->set_bridge_enabled(1, true));
  EXPECT_EQ(bridge(1).now, state::up);
  EXPECT_GT(carried_by_download(16)[0], mebibyte);
  EXPECT_FALSE(tunnel_->set_bridge_enabled(99, false));
}

TEST_F(Controls, BridgesThatAreAllDisabledCarryAllTheSame) {
  start_limited(2);
  for (const core::bridge_id id : {1, 2}) ASSERT_TRUE(tunnel_->set_bridge_enabled(id, false));
  const auto carried = carried_by_download(8);
  EXPECT_GE(carried[0] + carried[1], 8 * mebibyte);
}

TEST_F(Controls, NothingCanBeChangedBeforeThereIsASession) {
  start_server();
  run_tunnel(options_for(server_endpoint(), 1));
  EXPECT_FALSE(tunnel_->close_stream(1));
  EXPECT_FALSE(tunnel_->set_bridge_enabled(1, false));
}

}  // namespace
}  // namespace mtcp::test

// What a tunnel does when its bridges are cut, its server goes away, or its own program does.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t mebibyte = 1 << 20;

class Bridges : public tunnel_lab {
 protected:
  void start(unsigned bridges) {
    start_server();
    relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
    start_tunnel(bridges, relay_->local_endpoint());
  }
  std::size_t bridges_up() const { return tunnel_->snapshot().bridges.size(); }
  std::uint64_t bytes_down() const { return tunnel_->snapshot().bytes_down; }
  ~Bridges() override {
    if (relay_) relay_->close();
  }

  std::unique_ptr<cuttable_relay> relay_;
};

task<> keep(task<received> what, std::optional<received>& out) { out = co_await std::move(what); }
task<> keep(task<error_code> what, std::optional<error_code>& out) { out = co_await std::move(what); }

TEST_F(Bridges, ADownloadSurvivesTheLossOfABridge) {
  start(4);
  stream peer = run_for(open("source", 64));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  ASSERT_TRUE(reaches([&] { return bytes_down() > 8 * mebibyte; }));
  relay_->cut_one();
  ASSERT_TRUE(reaches([&] { return bytes_down() > 24 * mebibyte; }));
  relay_->cut_one();
  ASSERT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_EQ(got->end, asio::error::eof);
  EXPECT_EQ(got->size, 64 * mebibyte);
  EXPECT_TRUE(got->intact);
  EXPECT_TRUE(reaches([&] { return bridges_up() == 4; })) << "lost bridges must be replaced";
}

TEST_F(Bridges, AnUploadSurvivesTheLossOfAllBridges) {
  start(3);
  stream peer = run_for(open("sink"));
  std::optional<error_code> sent;
  spawn(io_.get_executor(), keep(send_all(peer, 64 * mebibyte), sent));
  ASSERT_TRUE(reaches([&] { return tunnel_->snapshot().bytes_up > 16 * mebibyte; }));
  relay_->refuse(true);
  relay_->cut_all();
  ASSERT_TRUE(reaches([&] { return tunnel_->snapshot().now == tunnel_snapshot::state::down; }));
  relay_->refuse(false);
  ASSERT_TRUE(reaches([&] { return sent.has_value(); }));
  EXPECT_EQ(*sent, error_code());
  EXPECT_EQ(run_for(receive_text(peer, 100)), std::to_string(64 * mebibyte) + " intact");
}

TEST_F(Bridges, ADownloadDoesNotNoticeThatTheyAreRenewed) {
  start_server();
  tunnel_options options = options_for(server_endpoint(), 3);
  options.paths.front().use.rate_limit = 40'000'000;
  options.renew_after = milliseconds(300);
  start_tunnel(options);
  stream peer = run_for(open("source", 64));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  const auto is_fresh = [](const bridge_snapshot& b) { return b.id > 3; };
  std::size_t least = 3;
  ASSERT_TRUE(reaches([&] {
    const auto bridges = tunnel_->snapshot().bridges;
    least = std::min(least, bridges.size());
    return std::ranges::all_of(bridges, is_fresh);
  }));
  EXPECT_EQ(least, 3U) << "a successor comes first";
  EXPECT_GE(tunnel_->snapshot().paths.at(0).replaced, 3U);
  EXPECT_EQ(tunnel_->snapshot().paths.at(0).reconnects, 0u) << "to let a bridge go is not to lose it";
  EXPECT_EQ(tunnel_->snapshot().paths.at(0).last_error, "");
  ASSERT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_EQ(got->size, 64 * mebibyte);
  EXPECT_TRUE(got->intact);
}

// Nobody is told that the bridge is gone: both ends have to find out. The rate limit keeps all three busy.
TEST_F(Bridges, ADownloadHardlyNoticesASilentBridge) {
  start_server();
  relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
  tunnel_options options = options_for(relay_->local_endpoint(), 3);
  options.paths.front().use.rate_limit = 60'000'000;
  start_tunnel(options);
  stream peer = run_for(open("source", 64));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  ASSERT_TRUE(reaches([&] { return bytes_down() > 8 * mebibyte; }));
  relay_->silence_one();
  std::uint64_t seen = 0;
  auto seen_at = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration longest{0};
  ASSERT_TRUE(reaches([&] {
    if (bytes_down() == seen) return got.has_value();
    const auto now = std::chrono::steady_clock::now();
    longest = std::max(longest, now - seen_at);
    seen = bytes_down();
    seen_at = now;
    return false;
  }));
  EXPECT_EQ(got->end, asio::error::eof);
  EXPECT_EQ(got->size, 64 * mebibyte);
  EXPECT_TRUE(got->intact);
  // The simulator knows how long exactly; here other programs take their share of the machine.
  EXPECT_LT(longest, milliseconds(5000)) << "it would be given up after 10 s";
  // More than one where a busy machine makes others look silent, too; and later where that one had nothing to carry.
  EXPECT_TRUE(reaches([&] { return relay_->accepted() >= 4; })) << "it is replaced";
}

// A network that holds its breath: new bridges are dialled meanwhile, and the old ones go when they are not needed.
TEST_F(Bridges, APauseOfTheWholeNetworkLeavesAsManyBridgesAsBefore) {
  start_server();
  relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
  tunnel_options options = options_for(relay_->local_endpoint(), 3);
  options.suspicion = milliseconds(200);
  start_tunnel(options);
  stream peer = run_for(open("source", 64));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  ASSERT_TRUE(reaches([&] { return bytes_down() > 8 * mebibyte; }));
  relay_->silence_all();
  ASSERT_TRUE(reaches([&] { return relay_->accepted() >= 6; })) << "replacements are dialled at once";
  relay_->resume_all();
  ASSERT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_EQ(got->size, 64 * mebibyte);
  EXPECT_TRUE(got->intact);
  EXPECT_TRUE(reaches([&] { return bridges_up() == 3; }));
}

// Replacements fall silent, too: the dead ones, which nobody has told of, must not be in the way of more. How soon they
// come the simulator tells, whose clock is nobody else's.
TEST_F(Bridges, ANetworkThatSwallowsBridgesAgainAndAgainIsSurvived) {
  start(3);
  stream peer = run_for(open("source", 64));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  for (std::uint64_t mark = 8; mark <= 16; mark += 8) {
    ASSERT_TRUE(reaches([&] { return bytes_down() > mark * mebibyte; }));
    relay_->silence_all();
  }
  ASSERT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_TRUE(got->intact);
}

TEST_F(Bridges, TrafficBothWaysSurvivesCutAfterCut) {
  start(3);
  stream peer = run_for(open("both", 48));
  std::optional<received> got;
  std::optional<error_code> sent;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  spawn(io_.get_executor(), keep(send_all(peer, 48 * mebibyte), sent));
  for (std::uint64_t mark = 4; mark < 48 && !got; mark += 4) {
    ASSERT_TRUE(reaches([&] { return got || bytes_down() > mark * mebibyte; }));
    if (mark % 12 == 0) {
      relay_->cut_all();
    } else {
      relay_->cut_one();
    }
  }
  ASSERT_TRUE(reaches([&] { return got && sent; }));
  EXPECT_EQ(got->size, 48 * mebibyte);
  EXPECT_TRUE(got->intact);
  EXPECT_EQ(*sent, error_code());
}

TEST_F(Bridges, CountsWhatWasLost) {
  start(2);
  relay_->cut_one();
  ASSERT_TRUE(reaches([&] { return relay_->accepted() == 3 && bridges_up() == 2; }));
  const tunnel_snapshot now = tunnel_->snapshot();
  EXPECT_EQ(now.paths.at(0).reconnects, 1u);
  EXPECT_FALSE(now.paths.at(0).last_error.empty());
  EXPECT_EQ(now.bridges.back().id, 3u) << "ids are never used again";
}

// Else nobody could tell them apart, nor could Prometheus.
TEST_F(Bridges, PathsHaveNamesOfTheirOwn) {
  tunnel_options options{.key = key::generate()};
  path_options path{.host = "2001:db8::1"};
  options.paths = {path, path};
  path.bind = "192.0.2.1";
  options.paths.push_back(path);
  options.paths.push_back({.host = "a", .interface = "eth0"});
  options.paths.push_back({.host = "a", .name = "[2001:db8::1]:8443"});
  std::vector<std::string> names;
  for (const path_snapshot& p : tunnel(io_, options).snapshot().paths) names.push_back(p.name);
  const std::string first = "[2001:db8::1]:8443";
  EXPECT_EQ(names, (std::vector<std::string>{first, first + " (2)", first + " from 192.0.2.1", "a:8443 through eth0",
                                             first + " (3)"}));
}

TEST_F(Bridges, StreamsEndWhenNoBridgeComesBack) {
  start_server();
  relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
  tunnel_options options = options_for(relay_->local_endpoint(), 2);
  options.resume_timeout = milliseconds(300);
  options.max_backoff = milliseconds(100);
  start_tunnel(options);
  stream peer = run_for(open("hold"));
  relay_->refuse(true);
  relay_->cut_all();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::connection_reset);
  error_code error;
  tunnel_->async_open({"echo", 0}, {}, [&](error_code e, stream) { error = e; });
  EXPECT_TRUE(reaches([&] { return error == asio::error::timed_out; }));
  relay_->refuse(false);
  stream again = run_for(open("echo"));
  EXPECT_EQ(run_for(send_all(again, mebibyte)), error_code());
  EXPECT_EQ(run_for(receive_all(again)).size, mebibyte);
}

TEST_F(Bridges, ARestartedServerResetsStreamsAndServesNewOnes) {
  start(3);
  const std::uint16_t port = server_endpoint().port();
  stream peer = run_for(open("hold"));
  const std::string before = tunnel_->snapshot().session;
  relay_->refuse(true);
  relay_->cut_all();
  ASSERT_TRUE(reaches([&] { return bridges_up() == 0; }));
  stop_server();
  held_.clear();
  start_server(port);
  relay_->refuse(false);
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::connection_reset);
  ASSERT_TRUE(reaches([&] { return bridges_up() == 3; }));
  EXPECT_NE(tunnel_->snapshot().session, before);
  stream again = run_for(open("source", 4));
  EXPECT_EQ(run_for(receive_all(again)).size, 4 * mebibyte);
}

// Two paths lead to different servers by mistake: the first keeps working, the second says what is wrong.
TEST_F(Bridges, AForeignServerOnOnePathDisablesThatPath) {
  start_server();
  acceptor_options other = server_options_;
  acceptor foreign(io_, other);
  spawn(io_.get_executor(), foreign.run());
  relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
  tunnel_options options = options_for(relay_->local_endpoint(), 2);
  options.paths.push_back(options.paths.front());
  cuttable_relay second(io_, server_endpoint());
  options.paths[1].port = second.local_endpoint().port();
  start_tunnel(options);
  stream peer = run_for(open("echo"));
  second.lead_to(foreign.local_endpoints().front());
  second.cut_all();
  const std::string expected = make_error_code(errc::foreign_instance).message();
  ASSERT_TRUE(reaches([&] { return tunnel_->snapshot().paths[1].last_error == expected; }));
  EXPECT_EQ(run_for(send_all(peer, mebibyte)), error_code());
  EXPECT_EQ(run_for(receive_all(peer)).size, mebibyte);
  EXPECT_EQ(tunnel_->snapshot().paths[0].bridges_up, 2u);
  tunnel_->stop();
  foreign.stop();
  EXPECT_TRUE(reaches([&] { return bridges_up() == 0; }));
}

TEST_F(Bridges, AServerThatComesLateIsFound) {
  start_server();
  relay_ = std::make_unique<cuttable_relay>(io_, server_endpoint());
  relay_->refuse(true);
  tunnel_options options = options_for(relay_->local_endpoint(), 2);
  options.connect_wait = std::chrono::minutes(1);
  run_tunnel(options);
  std::optional<received> got;
  const auto use = [](Bridges& lab, std::optional<received>& out) -> task<> {
    stream peer = co_await lab.open("source", 1);  // waits for the first bridge
    out = co_await receive_all(peer);
  };
  spawn(io_.get_executor(), use(*this, got));
  ASSERT_TRUE(reaches([&] { return relay_->accepted() >= 6; }));
  relay_->refuse(false);
  ASSERT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_EQ(got->size, mebibyte);
}

TEST_F(Bridges, NobodyListens) {
  tcp::acceptor closed(io_.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const tcp::endpoint nowhere = closed.local_endpoint();
  closed.close();
  tunnel_options options = options_for(nowhere, 2);
  options.resume_timeout = milliseconds(200);
  run_tunnel(options);
  error_code error;
  tunnel_->async_open({"echo", 0}, {}, [&](error_code e, stream) { error = e; });
  EXPECT_TRUE(reaches([&] { return error == asio::error::timed_out; }));
  EXPECT_EQ(tunnel_->snapshot().now, tunnel_snapshot::state::connecting);
  EXPECT_EQ(tunnel_->snapshot().paths.at(0).last_error,
            make_error_code(boost::system::errc::connection_refused).message());
}

TEST_F(Bridges, TheLookupOfAServersNameFails) {
  tunnel_options options = options_for({asio::ip::address_v4::loopback(), default_port}, 1);
  options.paths.at(0).host = "server.invalid";
  options.connect_timeout = milliseconds(500);
  run_tunnel(options);
  const auto text = [this] { return tunnel_->snapshot().paths.at(0).last_error; };
  EXPECT_TRUE(reaches([&] { return text().starts_with("the lookup of the server's name failed: "); })) << text();
}

// ---- ends ----

TEST_F(Bridges, StoppingTheClientResetsTheServersStreams) {
  start(3);
  stream peer = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  tunnel_->stop();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::operation_aborted);
  EXPECT_EQ(run_for(receive_all(held_[0])).end, asio::error::connection_reset);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); })) << "a clean exit leaves no session behind";
  EXPECT_EQ(run_for(tunnel_->wait_up()), asio::error::operation_aborted);
}

TEST_F(Bridges, StoppingTheServerResetsTheClientsStreams) {
  start(3);
  stream peer = run_for(open("hold"));
  stop_server();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::connection_reset);
}

TEST_F(Bridges, ADrainingServerLetsStreamsFinish) {
  start(2);
  stream peer = run_for(open("echo"));
  server_->drain();
  ASSERT_EQ(run_for(send_all(peer, mebibyte)), error_code());
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, mebibyte);
}

TEST_F(Bridges, StreamsOutliveTheirTunnel) {
  start(2);
  stream peer = run_for(open("hold"));
  std::optional<received> got;
  spawn(io_.get_executor(), keep(receive_all(peer), got));
  tunnel_.reset();
  EXPECT_TRUE(reaches([&] { return got.has_value(); }));
  EXPECT_EQ(got->end, asio::error::operation_aborted);
  EXPECT_EQ(run_for(send_text(peer, "x")), asio::error::operation_aborted);
  EXPECT_TRUE(reaches([&] { return running_ == 1; })) << "run() must end without its tunnel";
}

TEST_F(Bridges, WaitingOpensEndWithTheTunnel) {
  start(1);
  error_code error = asio::error::would_block;
  tunnel_->async_open({"silent", 0}, {}, [&](error_code e, stream) { error = e; });
  ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  tunnel_->stop();
  EXPECT_TRUE(reaches([&] { return error == asio::error::operation_aborted; }));
}

// The event loop goes first, with everything under way.
TEST(Tunnel, AnAbandonedLoopLeavesNothingBehind) {
  const key k = key::generate();
  acceptor_options server_options;
  server_options.keys.add(k);
  server_options.listen = {tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::optional<stream> survivor;
  {
    asio::io_context io;
    acceptor server(io, server_options);
    spawn(io.get_executor(), server.run());
    tunnel_options options{.key = k};
    options.paths.push_back({.host = "127.0.0.1", .port = server.local_endpoints().front().port()});
    tunnel client(io, options);
    spawn(io.get_executor(), client.run());
    const auto accept_one = [](acceptor& from, std::optional<stream>& out) -> task<> {
      auto [error, request] = co_await from.async_accept(use_result);
      out = request.answer({});
    };
    const auto read_for_ever = [](tunnel& through) -> task<> {
      core::target to{"x", 1};
      auto [error, peer] = co_await through.async_open(std::move(to), {}, use_result);
      co_await receive_all(peer);
    };
    spawn(io.get_executor(), accept_one(server, survivor));
    spawn(io.get_executor(), read_for_ever(client));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!survivor && std::chrono::steady_clock::now() < end) io.run_one_for(milliseconds(100));
    ASSERT_TRUE(survivor);
    survivor.reset();
  }
}

}  // namespace
}  // namespace mtcp::test

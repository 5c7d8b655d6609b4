// mtcp::stream as a socket: over a real tunnel, on loopback.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstring>
#include <string>

#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

class Stream : public tunnel_lab {
 protected:
  void SetUp() override {
    start_server();
    start_tunnel(4);
  }
};

task<std::string> echo_once(stream& peer, std::string text) {
  const std::size_t size = text.size();
  co_await send_text(peer, std::move(text));
  co_return co_await receive_text(peer, size);
}

TEST_F(Stream, Echoes) {
  stream peer = run_for(open("echo"));
  EXPECT_EQ(run_for(echo_once(peer, "hello")), "hello");
  EXPECT_EQ(run_for(echo_once(peer, std::string(100'000, 'x'))), std::string(100'000, 'x'));
}

TEST_F(Stream, KnowsItsAddresses) {
  stream peer = run_for(open("echo", 7));
  EXPECT_EQ(peer.target(), (core::target{"echo", 7}));
  EXPECT_EQ(peer.bound(), (core::target{"192.0.2.1", 4711}));
}

TEST_F(Stream, Carries64MibDown) {
  stream peer = run_for(open("source", 64));
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, 64 * mebibyte);
  EXPECT_TRUE(got.intact);
}

TEST_F(Stream, Carries64MibUp) {
  stream peer = run_for(open("sink"));
  EXPECT_EQ(run_for(send_all(peer, 64 * mebibyte)), error_code());
  EXPECT_EQ(run_for(receive_text(peer, 100)), std::to_string(64 * mebibyte) + " intact");
}

// While they are in the cache. Small writes of one turn of the event loop leave together, at its end.
TEST_F(Stream, LargeWritesLeaveAtOnce) {
  stream peer = run_for(open("sink"));
  const auto sent = [this] { return tunnel_->snapshot().totals.payload_sent; };
  const std::uint64_t before = sent();
  const std::string small(1000, 'x'), large(100'000, 'x');
  peer.async_write_some(asio::buffer(small), asio::detached);
  EXPECT_EQ(sent(), before);
  peer.async_write_some(asio::buffer(large), asio::detached);
  EXPECT_GT(sent(), before + 50'000);
}

TEST_F(Stream, Carries64MibBothWaysAtOnce) {
  stream peer = run_for(open("both", 64));
  error_code sent = asio::error::would_block;
  const auto send = [](stream& to, error_code& out) -> task<> { out = co_await send_all(to, 64 * mebibyte); };
  spawn(io_.get_executor(), send(peer, sent));
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.size, 64 * mebibyte);
  EXPECT_TRUE(got.intact);
  EXPECT_TRUE(reaches([&] { return !sent; }));
}

// The limit is the path's; each bridge tells the server of its share. Without it, one bridge could carry all that
// loopback asks for.
TEST_F(Stream, UsesEveryBridgeOfAPathUpToItsRateLimit) {
  tunnel_options options = options_for(server_endpoint(), 4);
  options.paths.front().use.rate_limit = 40'000'000;
  start_tunnel(options);
  const auto begin = std::chrono::steady_clock::now();
  stream peer = run_for(open("source", 16));
  EXPECT_EQ(run_for(receive_all(peer)).size, 16 * mebibyte);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took.count(), 0.9 * 16.0 * mebibyte / 40e6);
  EXPECT_LT(took.count(), 3 * 16.0 * mebibyte / 40e6);
  const tunnel_snapshot now = tunnel_->snapshot();
  // A quarter each. On a busy machine one looks silent for a moment, and others do its share.
  EXPECT_GE(std::ranges::count_if(now.bridges, [](const bridge_snapshot& b) { return b.bytes_down > mebibyte; }), 4);
}

TEST_F(Stream, ManyStreamsAtOnce) {
  constexpr int streams = 200;
  int good = 0, over = 0;
  const auto one = [](Stream& lab, int number, int& right, int& all) -> task<> {
    stream peer = co_await lab.open("echo");
    const std::string text = std::string(1000, 'a') + std::to_string(number);
    right += co_await echo_once(peer, text) == text;
    ++all;
  };
  for (int i = 0; i < streams; ++i) spawn(io_.get_executor(), one(*this, i, good, over));
  EXPECT_TRUE(reaches([&] { return over == streams; }));
  EXPECT_EQ(good, streams);
  EXPECT_TRUE(reaches([&] { return tunnel_->snapshot().totals.streams_active == 0; }));
}

TEST_F(Stream, EarlyBytesRideAlong) {
  for (const std::size_t size : {1u, 5'000u, 16'384u, 1'000'000u}) {
    std::vector<std::byte> early(size);
    fill(early, 0);
    const auto test = [](tunnel& t, std::vector<std::byte>& bytes) -> task<std::string> {
      core::target to{"sink", 0};
      auto [error, peer] = co_await t.async_open(std::move(to), bytes, use_result);
      if (error) co_return error.message();
      peer.shutdown_send();
      co_return co_await receive_text(peer, 100);
    };
    EXPECT_EQ(run_for(test(*tunnel_, early)), std::to_string(size) + " intact");
  }
}

// ---- ends ----

TEST_F(Stream, SendingEndsBeforeReceiving) {
  stream peer = run_for(open("echo"));
  const auto test = [](stream& s) -> task<received> {
    co_await send_all(s, mebibyte);
    co_return co_await receive_all(s);
  };
  const received got = run_for(test(peer));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, mebibyte);
  EXPECT_TRUE(got.intact);
}

TEST_F(Stream, ReceivingEndsBeforeSending) {
  stream peer = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  held_[0].shutdown_send();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::eof);
  EXPECT_EQ(run_for(send_all(peer, mebibyte)), error_code());
  const received got = run_for(receive_all(held_[0]));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, mebibyte);
}

TEST_F(Stream, AResetArrivesAsAReset) {
  stream peer = run_for(open("reset"));
  EXPECT_EQ(run_for(send_text(peer, "x")), error_code());
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::connection_reset);
  const auto write_until_it_fails = [](stream& s) -> task<error_code> {
    error_code error;
    while (!error) error = co_await send_text(s, std::string(10'000, 'y'));
    co_return error;
  };
  EXPECT_EQ(run_for(write_until_it_fails(peer)), asio::error::connection_reset);
}

// The server was told that they have arrived.
TEST_F(Stream, WhatHasArrivedCanBeReadAfterTheEndOfTheTunnel) {
  stream whole = run_for(open("source", 1)), part = run_for(open("source", 8));
  const std::uint64_t both = 2 << 20;  // what fits into their first windows
  ASSERT_TRUE(reaches([&] { return tunnel_->snapshot().bytes_down >= both; }));
  stop_server();
  ASSERT_TRUE(reaches([&] { return tunnel_->snapshot().now != tunnel_snapshot::state::up; }));
  const received all = run_for(receive_all(whole));
  EXPECT_EQ(all.end, asio::error::eof);
  EXPECT_EQ(all.size, 1U << 20);
  EXPECT_TRUE(all.intact);
  const received some = run_for(receive_all(part));
  EXPECT_EQ(some.end, asio::error::connection_reset);
  EXPECT_GE(some.size, 1U << 20);
  EXPECT_TRUE(some.intact);
}

// The application at the server is done with the stream; a second's worth of its bytes is still on the way.
TEST_F(Stream, WhatWasWrittenArrivesWhileTheServerStops) {
  tunnel_options options = options_for(server_endpoint(), 1);
  options.paths.front().use.rate_limit = mebibyte;
  start_tunnel(options);
  stream peer = run_for(open("source", 1));
  ASSERT_TRUE(reaches([&] {
    return std::ranges::all_of(server_->snapshot().tunnels, [](const auto& t) { return t.streams.empty(); });
  }));
  server_->stop(std::chrono::seconds(10));
  const received got = run_for(receive_all(peer));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, mebibyte);
  EXPECT_TRUE(got.intact);
}

TEST_F(Stream, OurResetReachesTheServer) {
  stream peer = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  peer.reset();
  EXPECT_FALSE(peer.is_open());
  EXPECT_EQ(run_for(receive_all(held_[0])).end, asio::error::connection_reset);
}

TEST_F(Stream, AForgottenStreamIsReset) {
  run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  EXPECT_EQ(run_for(receive_all(held_[0])).end, asio::error::connection_reset);
}

TEST_F(Stream, AClosedStreamDeliversAndEnds) {
  {
    stream peer = run_for(open("hold"));
    ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
    ASSERT_EQ(run_for(send_text(peer, "last words")), error_code());
    peer.close();
  }
  EXPECT_EQ(run_for(receive_text(held_[0], 100)), "last words");
  EXPECT_EQ(run_for(receive_all(held_[0])).end, asio::error::eof);
}

TEST_F(Stream, OneDirectionCanBeResetAlone) {
  stream peer = run_for(open("reset-send"));
  EXPECT_EQ(run_for(send_text(peer, "x")), error_code());
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::connection_reset);
  EXPECT_EQ(run_for(send_all(peer, mebibyte)), error_code());

  stream other = run_for(open("stop-receive"));
  EXPECT_EQ(run_for(send_text(other, "x")), error_code());
  const received got = run_for(receive_all(other));
  EXPECT_EQ(got.end, asio::error::eof);
  EXPECT_EQ(got.size, mebibyte);
  EXPECT_EQ(run_for(send_text(other, "y")), asio::error::connection_reset);
}

TEST_F(Stream, LocalEndsAreToldApart) {
  stream peer = run_for(open("hold"));
  peer.shutdown_send();
  EXPECT_EQ(run_for(send_text(peer, "x")), asio::error::broken_pipe);
  peer.stop_receive();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::operation_aborted);
  peer.close();
  EXPECT_EQ(run_for(receive_all(peer)).end, asio::error::not_connected);
  EXPECT_EQ(run_for(send_text(peer, "x")), asio::error::not_connected);
}

// ---- operations ----

struct outcome {
  bool over = false;
  error_code error;
  std::size_t size = 0;
  auto store() {
    return [this](error_code e, std::size_t n) {
      over = true;
      error = e;
      size = n;
    };
  }
};

TEST_F(Stream, EmptyOperationsCompleteAtOnce) {
  stream peer = run_for(open("hold"));
  outcome read, write;
  peer.async_read_some(asio::mutable_buffer(), read.store());
  peer.async_write_some(asio::const_buffer(), write.store());
  EXPECT_FALSE(read.over) << "handlers must not run inside the initiating call";
  ASSERT_TRUE(reaches([&] { return read.over && write.over; }));
  EXPECT_EQ(read.error, error_code());
  EXPECT_EQ(write.error, error_code());
}

TEST_F(Stream, ASecondReadIsAnError) {
  stream peer = run_for(open("hold"));
  char byte;
  outcome first, second;
  peer.async_read_some(asio::buffer(&byte, 1), first.store());
  peer.async_read_some(asio::buffer(&byte, 1), second.store());
  ASSERT_TRUE(reaches([&] { return second.over; }));
  EXPECT_EQ(second.error, asio::error::already_started);
  EXPECT_FALSE(first.over);
  peer.close();
  ASSERT_TRUE(reaches([&] { return first.over; }));
  EXPECT_EQ(first.error, asio::error::operation_aborted);
}

TEST_F(Stream, OneOperationCanBeCancelled) {
  stream peer = run_for(open("echo"));
  char byte;
  outcome read;
  asio::cancellation_signal signal;
  peer.async_read_some(asio::buffer(&byte, 1), asio::bind_cancellation_slot(signal.slot(), read.store()));
  signal.emit(asio::cancellation_type::total);
  ASSERT_TRUE(reaches([&] { return read.over; }));
  EXPECT_EQ(read.error, asio::error::operation_aborted);
  signal.emit(asio::cancellation_type::total);  // nothing is left to cancel
  EXPECT_EQ(run_for(echo_once(peer, "still alive")), "still alive");
}

TEST_F(Stream, ABlockedWriteCanBeCancelled) {
  stream peer = run_for(open("hold"));
  const std::vector<std::byte> block(mebibyte);
  const auto write_until_blocked = [&] {
    outcome write;
    peer.async_write_some(asio::buffer(block), write.store());
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    while (!write.over && std::chrono::steady_clock::now() < end) io_.run_one_for(std::chrono::milliseconds(50));
    if (write.over) return false;
    peer.cancel();
    EXPECT_TRUE(reaches([&] { return write.over; }));
    EXPECT_EQ(write.error, asio::error::operation_aborted);
    return true;
  };
  bool blocked = false;
  for (int i = 0; i < 1000 && !blocked; ++i) blocked = write_until_blocked();
  EXPECT_TRUE(blocked) << "a peer that does not read must stop the writer";
}

TEST_F(Stream, ServesBufferSequences) {
  stream peer = run_for(open("echo"));
  const auto test = [](stream& s) -> task<std::string> {
    const std::array<asio::const_buffer, 3> parts{asio::buffer("ab", 2), asio::const_buffer(), asio::buffer("cde", 3)};
    co_await asio::async_write(s, parts, use_result);
    std::string one(1, ' '), two(4, ' ');
    const std::array<asio::mutable_buffer, 2> into{asio::buffer(one), asio::buffer(two)};
    co_await asio::async_read(s, into, use_result);
    co_return one + '|' + two;
  };
  EXPECT_EQ(run_for(test(peer)), "a|bcde");
}

TEST_F(Stream, CarriesHttpByBeast) {
  namespace http = boost::beast::http;
  stream near = run_for(open("hold"));
  ASSERT_TRUE(reaches([&] { return held_.size() == 1; }));
  const auto serve = [](stream& s) -> task<> {
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    co_await http::async_read(s, buffer, request, use_result);
    http::response<http::string_body> response(http::status::ok, 11);
    response.body() = std::string(300'000, 'b') + std::string(request.target());
    response.prepare_payload();
    co_await http::async_write(s, response, use_result);
  };
  const auto get = [](stream& s) -> task<std::string> {
    http::request<http::empty_body> request(http::verb::get, "/index", 11);
    co_await http::async_write(s, request, use_result);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(s, buffer, response, use_result);
    co_return response.body();
  };
  spawn(io_.get_executor(), serve(held_[0]));
  EXPECT_EQ(run_for(get(near)), std::string(300'000, 'b') + "/index");
}

// ---- refusals ----

TEST_F(Stream, RefusalsKeepTheirCodes) {
  const auto refused = [](tunnel& t, std::uint16_t code) -> task<error_code> {
    core::target to{"refuse", code};
    auto [error, peer] = co_await t.async_open(std::move(to), {}, use_result);
    co_return error;
  };
  for (const auto code :
       {core::refusal::general, core::refusal::policy, core::refusal::network_unreachable,
        core::refusal::host_unreachable, core::refusal::connection_refused, core::refusal::address_type}) {
    const error_code error = run_for(refused(*tunnel_, static_cast<std::uint16_t>(code)));
    EXPECT_EQ(error, code);
    EXPECT_EQ(refusal_of(error), code);
  }
}

TEST_F(Stream, ARequestThatNobodyAnswersIsRefused) {
  error_code error = asio::error::would_block;
  tunnel_->async_open({"silent", 0}, {}, [&](error_code e, stream) { error = e; });
  ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  unanswered_.clear();
  EXPECT_TRUE(reaches([&] { return error == core::refusal::general; }));
}

TEST_F(Stream, OpeningCanBeCancelled) {
  error_code error = asio::error::would_block;
  asio::cancellation_signal signal;
  tunnel_->async_open({"silent", 0}, {},
                      asio::bind_cancellation_slot(signal.slot(), [&](error_code e, stream) { error = e; }));
  ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_TRUE(reaches([&] { return error == asio::error::operation_aborted; }));
  signal.emit(asio::cancellation_type::terminal);
  stream late = unanswered_[0].answer({});
  EXPECT_EQ(run_for(receive_all(late)).end, asio::error::connection_reset);
}

}  // namespace
}  // namespace mtcp::test

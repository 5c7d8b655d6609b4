// The server's end of `mtcp-client test`, with limits that a test can reach.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "net/tunnel_lab.hpp"
#include "server/test_stream.hpp"

namespace mtcp::server {
namespace {

using program::test_service;

class TestStream : public test::tunnel_lab {
 protected:
  TestStream() {
    start_server();
    start_tunnel(2);
  }
  ~TestStream() override {
    EXPECT_TRUE(reaches([&] { return serving_ == 0; })) << "a test stream has not ended";
  }

  /// A stream that is served so.
  stream serve(test_service what, const test_limits& limits = {}) {
    spawn(io_.get_executor(), open_into(opened_));
    EXPECT_TRUE(reaches([&] { return !unanswered_.empty(); }));
    spawn(io_.get_executor(), counted(std::move(unanswered_.back()), what, limits));
    unanswered_.clear();
    EXPECT_TRUE(reaches([&] { return opened_.is_open(); }));
    return std::move(opened_);
  }
  int serving_ = 0;

 private:
  task<> open_into(stream& out) { out = co_await open("silent"); }
  task<> counted(incoming request, test_service what, test_limits limits) {
    ++serving_;
    co_await serve_test(std::move(request), what, limits);
    --serving_;
  }
  stream opened_;
};

task<std::uint64_t> read_count(stream& from) {
  std::array<unsigned char, program::count_size> text{};
  const auto into = asio::buffer(text);
  const auto [error, size] = co_await asio::async_read(from, into, use_result);
  std::uint64_t count = error ? UINT64_MAX : 0;
  if (!error)
    for (const unsigned char byte : text) count = count << 8 | byte;
  co_return count;
}

TEST_F(TestStream, EchoSendsBackWhatItReadsAndTheEnd) {
  stream s = serve(test_service::echo);
  EXPECT_EQ(run_for(test::send_text(s, "there and back")), error_code());
  EXPECT_EQ(run_for(test::receive_text(s, 14)), "there and back");
  s.shutdown_send();
  EXPECT_EQ(run_for(test::receive_all(s)).end, asio::error::eof);
}

TEST_F(TestStream, SourceSendsUntilItIsStopped) {
  stream s = serve(test_service::source);
  EXPECT_EQ(run_for(test::receive_text(s, 20 << 20)).size(), std::size_t{20} << 20);
  s.reset();
  EXPECT_TRUE(reaches([&] { return serving_ == 0; }));
}

TEST_F(TestStream, SinkTellsHowMuchItHasRead) {
  stream s = serve(test_service::sink);
  EXPECT_EQ(run_for(test::send_all(s, 1'000'000)), error_code());
  std::uint64_t last = 0;
  while (last < 1'000'000) {
    const std::uint64_t next = run_for(read_count(s));
    ASSERT_GE(next, last);
    ASSERT_LE(next, 1'000'000U);
    last = next;
  }
  EXPECT_EQ(run_for(test::receive_all(s)).end, asio::error::eof);
}

TEST_F(TestStream, EndsWhenItsTimeIsOver) {
  for (const auto what : {test_service::echo, test_service::sink}) {
    stream s = serve(what, {.time = std::chrono::milliseconds(20)});
    EXPECT_EQ(run_for(test::receive_all(s)).end, asio::error::connection_reset);
  }
  stream flowing = serve(test_service::source, {.time = std::chrono::milliseconds(20)});
  EXPECT_EQ(run_for(test::receive_all(flowing)).end, asio::error::connection_reset);
}

TEST_F(TestStream, EndsWhenItHasCarriedItsBytes) {
  const test_limits little{.bytes = 1 << 20};
  stream down = serve(test_service::source, little);
  const auto got = run_for(test::receive_all(down));
  EXPECT_EQ(got.end, asio::error::connection_reset);
  EXPECT_LT(got.size, std::size_t{2} << 20);
  stream up = serve(test_service::sink, little);
  EXPECT_NE(run_for(test::send_all(up, 512 << 20)), error_code());
}

}  // namespace
}  // namespace mtcp::server

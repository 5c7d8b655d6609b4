// One stream is a TCP connection to those at its ends, and none of its neighbours' business.
#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "integration/deployment.hpp"
#include "support/content.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

std::vector<std::byte> content(std::size_t size) {
  std::vector<std::byte> bytes(size);
  fill_content(bytes, 0);
  return bytes;
}

TEST(Stream, ClientMayEndFirst) {
  deployment halves;
  const peer digest(habit::digest);
  auto s = halves.stream_to("127.0.0.1", digest.port());
  s.send(content(5'000'000));
  s.shutdown_send();
  std::string answer;
  EXPECT_EQ(s.drain(answer), tail::end);
  EXPECT_EQ(answer, content_sha256(5'000'000));
}

TEST(Stream, DestinationMayEndFirst) {
  deployment halves;
  const peer farewell(habit::farewell, 3'000'000);
  auto s = halves.stream_to("127.0.0.1", farewell.port());
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(text.size(), 3'000'000u);
  s.send(content(2'000'000));
  s.shutdown_send();
  ASSERT_TRUE(farewell.wait([](auto& v) { return v.size() == 1 && v[0].over; }, 10s));
  EXPECT_FALSE(farewell.visits()[0].reset);
  EXPECT_EQ(farewell.visits()[0].sha256, content_sha256(2'000'000));
}

TEST(Stream, ResetOfTheDestinationArrivesAsReset) {
  deployment halves;
  const peer rude(habit::reset_after, 1000);
  auto s = halves.stream_to("127.0.0.1", rude.port());
  s.send(content(1000));
  std::string text;
  EXPECT_EQ(s.drain(text), tail::reset);
}

TEST(Stream, ResetOfTheClientArrivesAsReset) {
  deployment halves;
  const peer listener(habit::listen);
  auto s = halves.stream_to("127.0.0.1", listener.port());
  s.send("hello");
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 1 && v[0].received == 5; }, 10s));
  s.reset();
  ASSERT_TRUE(listener.wait([](auto& v) { return v[0].over; }, 10s));
  EXPECT_TRUE(listener.visits()[0].reset);
}

TEST(Stream, BytesBehindTheRequestRideAlong) {
  deployment halves;
  const peer echo(habit::echo);
  socket s("127.0.0.1", halves.socks_port());
  std::string request("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01", 11);
  request += static_cast<char>(echo.port() >> 8);
  request += static_cast<char>(echo.port() & 0xff);
  s.send(request + "early");
  const std::string reply = s.receive(2 + 10 + 5);
  ASSERT_EQ(reply.size(), 17u);
  EXPECT_EQ(reply.substr(12), "early");
}

TEST(Stream, TwoHundredAtOnceStayIntact) {
  deployment halves;
  const origin web;
  constexpr int streams = 200;
  std::string list;
  for (int i = 0; i < streams; ++i) {
    const auto number = std::to_string(i);
    list += "url=" + web.url("/bytes/" + std::to_string(100'000 + i)) + "\n";
    list += "output=" + (halves.files() / number).string() + "\n";
  }
  const std::string config = halves.files().write("list", list);
  const std::string proxy = "127.0.0.1:" + std::to_string(halves.socks_port());
  const auto r = run({"curl", "-sS", "--fail", "-Z", "--parallel-max", "200", "--parallel-immediate",
                      "--socks5-hostname", proxy, "-K", config});
  ASSERT_EQ(r.end.exit_code, 0) << r.standard_error;
  for (int i = 0; i < streams; ++i)
    EXPECT_EQ(file_sha256(halves.files() / std::to_string(i)), content_sha256(static_cast<unsigned>(100'000 + i)));
}

// Each half may hold what its budgets allow (128 MiB received, 64 MiB sent) and its own needs.
constexpr std::size_t memory_limit = 256u << 20;

void expect_bounded_memory(const process& p, const char* who) {
  std::printf("%s: at most %zu MB resident\n", who, p.peak_memory() / 1'000'000);
  const bool sanitized = machine_speed < 1;  // shadow memory counts too
  EXPECT_LT(p.peak_memory(), memory_limit * (sanitized ? 4 : 1)) << who;
}

TEST(StuckReader, StopsOnlyItself) {
  deployment halves;
  const origin web;
  const peer stuck(habit::stuck);
  constexpr std::size_t count = 12;
  std::vector<socket> unread;  // the peers send for ever, nobody reads; and the peers read nothing
  for (std::size_t i = 0; i < count; ++i) unread.push_back(halves.stream_to("127.0.0.1", stuck.port()));
  std::uint64_t swallowed = 0;
  for (auto& s : unread) swallowed += s.send_until_full();
  std::printf("%zu stuck streams took %.1f MB before they stood still\n", count, static_cast<double>(swallowed) / 1e6);
  const auto r = transfer::download(halves, web.url(""), 30'000'000).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  const auto up = transfer::upload(halves, web.url(""), 30'000'000).finish();
  EXPECT_TRUE(up.intact) << up.trouble;
  expect_bounded_memory(halves.client(), "client");
  expect_bounded_memory(halves.server(), "server");
}

}  // namespace
}  // namespace mtcp::lab

// The laboratory itself: a test that leans on a network which does not do what it says would prove nothing.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "support/network.hpp"
#include "support/origin.hpp"
#include "support/pacer.hpp"
#include "support/peer.hpp"
#include "support/process.hpp"
#include "support/socket.hpp"
#include "support/temp_dir.hpp"

namespace mtcp::lab {
namespace {

using namespace std::chrono_literals;

asio::ip::tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

double seconds_since(lab_clock::time_point start) {
  return std::chrono::duration<double>(lab_clock::now() - start).count();
}

TEST(Content, IsTheSameWhereverItIsCut) {
  std::vector<std::byte> whole(1000), part(200);
  fill_content(whole, 0);
  fill_content(part, 800);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 800));
}

TEST(Content, HashesAsSha256) {
  sha256 hash;
  hash.update(std::as_bytes(std::span("abc", 3)));
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2, B.1
}

TEST(Pacer, KeepsTheRateAndForgivesShortDelays) {
  pacer line(1e6);
  pacer::time_point now{1h};
  line.departure(1, now);
  EXPECT_EQ(line.departure(999'999, now), now + 1s - pacer::credit);
  EXPECT_EQ(line.departure(1000, now + 10s), now + 10s);
  EXPECT_EQ(line.batch(1 << 20), 4000u);
}

TEST(Origin, ServesAndTakesContent) {
  const origin web;
  const temp_dir dir;
  const auto got = run({"curl", "-sS", "-o", (dir / "got").string(), web.url("/bytes/1000003")});
  ASSERT_EQ(got.end.exit_code, 0) << got.standard_error;
  EXPECT_EQ(file_sha256(dir / "got"), content_sha256(1000003));

  write_content(dir / "put", 3000001);
  const auto put = run({"curl", "-sS", "-T", (dir / "put").string(), web.url("/upload")});
  EXPECT_EQ(put.standard_output, content_sha256(3000001) + " 3000001\n");

  const auto missing = run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", web.url("/bytes/x")});
  EXPECT_EQ(missing.standard_output, "404");
}

TEST(Peer, EchoesToTheEnd) {
  const peer echo(habit::echo);
  socket s("127.0.0.1", echo.port());
  s.send("hello");
  s.shutdown_send();
  std::string text;
  EXPECT_EQ(s.drain(text), tail::end);
  EXPECT_EQ(text, "hello");
}

TEST(Peer, TellsResetFromEnd) {
  const peer listener(habit::listen);
  socket one("127.0.0.1", listener.port());
  one.send("x");
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 1 && v[0].received == 1; }, 5s));
  one.reset();
  ASSERT_TRUE(listener.wait([](auto& v) { return v[0].over; }, 5s));
  EXPECT_TRUE(listener.visits()[0].reset);
  { socket two("127.0.0.1", listener.port()); }
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 2 && v[1].over; }, 5s));
  EXPECT_FALSE(listener.visits()[1].reset);
}

TEST(Peer, ResetsAfterItsAmount) {
  const peer p(habit::reset_after, 3);
  socket s("127.0.0.1", p.port());
  s.send("abc");
  std::string text;
  EXPECT_EQ(s.drain(text), tail::reset);
}

/// Seconds that `size` bytes need to cross.
double crossing_time(const network& net, std::uint64_t size) {
  socket s("127.0.0.1", net.port());
  const auto start = lab_clock::now();
  std::string text;
  s.drain(text);
  EXPECT_EQ(text.size(), size);
  return seconds_since(start);
}

TEST(Network, HoldsEveryConnectionToItsRate) {
  constexpr std::uint64_t size = 4'000'000;
  const peer source(habit::farewell, size);
  const network net(local(source.port()), {.rate_down = 8e6});
  double first = 0, second = 0;
  std::thread other([&] { first = crossing_time(net, size); });
  second = crossing_time(net, size);
  other.join();
  for (const double time : {first, second}) {
    EXPECT_GT(time, 0.45);
    EXPECT_LT(time, 0.65);
  }
  EXPECT_EQ(net.crossings()[0].down, size);
}

TEST(Network, DelaysBothWays) {
  const peer echo(habit::echo);
  const network net(local(echo.port()), {.delay = 50ms});
  socket s("127.0.0.1", net.port());
  const auto start = lab_clock::now();
  s.send("ping");
  EXPECT_EQ(s.receive(4), "ping");
  EXPECT_GE(seconds_since(start), 0.1);
  EXPECT_LT(seconds_since(start), 0.2);
}

TEST(Network, CarriesEndAndResetAcross) {
  const peer listener(habit::listen);
  const network net(local(listener.port()), {});
  socket ends("127.0.0.1", net.port());
  ends.send("ab");
  ends.shutdown_send();
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 1 && v[0].over; }, 5s));
  EXPECT_FALSE(listener.visits()[0].reset);
  EXPECT_EQ(listener.visits()[0].received, 2u);

  socket resets("127.0.0.1", net.port());
  resets.send("ab");
  ASSERT_TRUE(listener.wait([](auto& v) { return v.size() == 2 && v[1].received == 2; }, 5s));
  resets.reset();
  ASSERT_TRUE(listener.wait([](auto& v) { return v[1].over; }, 5s));
  EXPECT_TRUE(listener.visits()[1].reset);
}

TEST(Network, LosesConnectionsAsTold) {
  const peer source(habit::stuck);
  network net(local(source.port()), {.rate_down = 5e6});
  for (const loss how : {loss::reset, loss::fin}) {
    socket s("127.0.0.1", net.port());
    const std::string first = s.receive(1000);
    net.lose_after(net.crossings().size() - 1, 100'000, how);
    std::string rest;
    EXPECT_EQ(s.drain(rest), how == loss::reset ? tail::reset : tail::end);
    EXPECT_TRUE(net.crossings().back().lost);
  }
}

TEST(Network, FallsSilentAndStallsWithoutLoss) {
  const peer echo(habit::echo);
  network net(local(echo.port()), {});
  socket s("127.0.0.1", net.port());
  s.send("a");
  EXPECT_EQ(s.receive(1), "a");
  net.stall(0, true);
  s.send("b");
  EXPECT_FALSE(echo.wait([](auto& v) { return v[0].received > 1; }, 200ms));
  net.stall(0, false);
  EXPECT_EQ(s.receive(1), "b");
  net.lose(0, loss::silence);
  s.send("c");
  EXPECT_FALSE(echo.wait([](auto& v) { return v[0].received > 2; }, 200ms));
}

TEST(Network, ClosesAndOpensItsDoor) {
  const peer echo(habit::echo);
  network net(local(echo.port()), {});
  net.close_door();
  EXPECT_THROW(socket("127.0.0.1", net.port()), std::system_error);
  net.open_door();
  socket s("127.0.0.1", net.port());
  s.send("a");
  EXPECT_EQ(s.receive(1), "a");
}

TEST(Process, IsReadAndMeasured) {
  process p({"sh", "-c", "echo out; echo one >&2; echo port 4711 >&2; while :; do :; done"});
  EXPECT_EQ(p.expect("port (\\d+)").at(1), "4711");
  EXPECT_THROW(p.expect("one", 0s, 1), std::runtime_error);
  EXPECT_GT(p.peak_memory(), 100'000u);
  EXPECT_LT(p.peak_memory(), 50'000'000u);
  const ending end = p.terminate();
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_FALSE(end.timed_out);
  EXPECT_EQ(p.standard_output(), "out\n");
}

TEST(Process, EndsWithItsCodeAndNotLaterThanAllowed) {
  EXPECT_EQ(run({"sh", "-c", "exit 78"}).end.exit_code, 78);
  EXPECT_EQ(run({"/does/not/exist"}).end.exit_code, 127);
  EXPECT_TRUE(run({"sleep", "60"}, 50ms).end.timed_out);
}

}  // namespace
}  // namespace mtcp::lab

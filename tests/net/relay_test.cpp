// Two relays with a tunnel between them, as in the programs: application - relay - tunnel - relay - destination. And
// the same of one relay to a destination past the tunnel, and of a splice, which have to look no different.
#include "mtcp/relay.hpp"

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mtcp/acceptor.hpp"
#include "mtcp/net/platform/platform.hpp"
#include "mtcp/net/relay/relay_socket.hpp"
#include "mtcp/net/relay/splice.hpp"
#include "mtcp/net/socket_stream.hpp"
#include "mtcp/tunnel.hpp"
#include "net/run.hpp"

namespace mtcp {
namespace {

using test::run;

const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);

std::string content(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

/// What a socket gave until its end, and how it ended.
struct ending {
  error_code how;
  std::string bytes;
};

task<ending> read_to_end(tcp::socket& from) {
  ending out;
  std::string part(256 * 1024, '\0');
  const auto into = asio::buffer(part);
  while (!out.how) {
    const auto [error, size] = co_await from.async_read_some(into, use_result);
    out.bytes.append(part, 0, size);
    out.how = error;
  }
  co_return out;
}

task<std::string> read_exactly(tcp::socket& from, std::size_t size) {
  std::string out(size, '\0');
  const auto into = asio::buffer(out);
  const auto [error, got] = co_await asio::async_read(from, into, use_result);
  out.resize(got);
  co_return out;
}

task<error_code> write_all(tcp::socket& to, std::string bytes) {
  const auto from = asio::buffer(bytes);
  const auto [error, size] = co_await asio::async_write(to, from, use_result);
  co_return error;
}

task<> write_and_finish(tcp::socket& to, std::string bytes) {
  auto writing = write_all(to, std::move(bytes));
  EXPECT_FALSE(co_await std::move(writing));
  to.shutdown(tcp::socket::shutdown_send);
}

enum class way { tunnel, direct, splice };

class Relay : public testing::TestWithParam<way> {
 protected:
  explicit Relay(std::vector<std::byte> ahead = {})
      : said(std::move(ahead)), secret(key::generate()), server(io, server_options()), client(io, client_options()) {
    if (!is_tunnel()) {
      relays = 1;
      spawn(io.get_executor(), is_direct() ? connect_directly() : join());
    } else {
      spawn(io.get_executor(), server.run());
      spawn(io.get_executor(), serve());
      spawn(io.get_executor(), client.run());
      spawn(io.get_executor(), connect());
    }
    application.connect(front.local_endpoint());
    while (!connected) io.run_one();
    destination = back.accept();
    application.non_blocking(true);
    destination.non_blocking(true);
  }

  /// Nobody but its relay ends a direct stream.
  void TearDown() override {
    if (is_tunnel() || relays == 0) return;
    if (application.is_open()) reset(application);
    expect_over();
  }

  static bool is_tunnel() { return GetParam() == way::tunnel; }
  static bool is_direct() { return GetParam() == way::direct; }
  static bool is_splice() { return GetParam() == way::splice; }
  void run_until(const std::function<bool()>& condition) {
    while (!condition()) ASSERT_NE(io.run_one_for(std::chrono::seconds(10)), 0U);
  }
  /// Both relays have returned.
  void expect_over() {
    run_until([this] { return relays == 0; });
  }
  void stop_client() { client.stop(); }
  void reset(tcp::socket& socket) {
    socket.set_option(asio::socket_base::linger(true, 0));
    socket.close();
  }

  asio::io_context io;
  tcp::socket application{io}, destination{io};
  int handle_to_application = -1;                                              // of its relay
  std::function<void()> close_sockets;                                         // of a splice
  std::shared_ptr<stream_traffic> count = std::make_shared<stream_traffic>();  // of a direct one

 private:
  acceptor_options server_options() {
    acceptor_options options;
    options.keys.add(secret);
    options.listen = {any_port};
    return options;
  }
  tunnel_options client_options() {
    path_options path;
    path.host = "127.0.0.1";
    path.port = server.local_endpoints().front().port();
    path.bridges = 3;
    return {.key = secret, .paths = {path}};
  }
  task<> serve() {
    auto [error, request] = co_await server.async_accept(use_result);
    tcp::socket to(io);
    to.connect(back.local_endpoint());
    to.non_blocking(true);
    stream remote = request.answer({});
    connected = true;
    co_await relay(std::move(remote), std::move(to), patience);
    --relays;
  }
  tcp::socket accept() {
    tcp::socket local = front.accept();
    platform::prepare(local);
    handle_to_application = local.native_handle();
    return local;
  }
  task<> connect_directly() {
    tcp::socket local = accept();
    tcp::socket to(io);
    to.connect(back.local_endpoint());
    platform::prepare(to);
    connected = true;
    stream remote = stream_of(std::move(to), {"destination.test", 1}, count);
    co_await relay(std::move(remote), std::move(local), patience);
    --relays;
  }
  task<> join() {
    tcp::socket local = accept();
    tcp::socket to(io);
    to.connect(back.local_endpoint());
    platform::prepare(to);
    close_sockets = [&] {
      local.close();
      to.close();
    };
    connected = true;
    co_await splice(local, to, std::move(said), patience);
    --relays;
  }
  task<> connect() {
    tcp::socket local = accept();
    core::target to{"destination.test", 1};
    const std::span<const std::byte> nothing;
    auto [error, remote] = co_await client.async_open(std::move(to), nothing, use_result);
    EXPECT_FALSE(error) << error.message();
    co_await relay(std::move(remote), std::move(local), patience);
    --relays;
  }

  static constexpr std::chrono::milliseconds patience{500};

  std::vector<std::byte> said;  // ahead, in a splice
  tcp::acceptor front{io, any_port}, back{io, any_port};
  key secret;
  acceptor server;
  tunnel client;
  bool connected = false;
  int relays = 2;
};

// The kernel's memory for its socket is in no budget of ours.
TEST_P(Relay, LeavesLittleInTheKernelForWhoDoesNotRead) {
  int size = 0;
  if (::ioctl(handle_to_application, SIOCOUTQNSD, &size) != 0) GTEST_SKIP() << "the system does not tell";
  const auto unsent = [&] {
    EXPECT_EQ(::ioctl(handle_to_application, SIOCOUTQNSD, &size), 0);
    return static_cast<std::size_t>(size);
  };
  std::optional<error_code> writing;
  spawn(io.get_executor(), test::store(write_all(destination, content(16'000'000)), writing));
  run_until([&] { return unsent() >= platform::usual_unsent_limit / 2; });
  io.run_for(std::chrono::milliseconds(200));
  EXPECT_LE(unsent(), platform::usual_unsent_limit + detail::relay_batch);
  reset(application);
  expect_over();
}

TEST_P(Relay, CarriesBytesBothWaysAtOnce) {
  const std::string up = content(20'000'000), down = content(15'000'000);
  std::optional<ending> at_destination;
  auto reading = read_to_end(destination);
  spawn(io.get_executor(), write_and_finish(application, up));
  spawn(io.get_executor(), write_and_finish(destination, down));
  spawn(io.get_executor(), test::store(std::move(reading), at_destination));
  const ending at_application = run(io, read_to_end(application));
  expect_over();
  run_until([&] { return at_destination.has_value(); });
  EXPECT_EQ(at_application.how, asio::error::eof);
  EXPECT_TRUE(at_application.bytes == down);
  EXPECT_EQ(at_destination->how, asio::error::eof);
  EXPECT_TRUE(at_destination->bytes == up);
  if (!is_direct()) return;
  EXPECT_EQ(count->up, up.size());
  EXPECT_EQ(count->down, down.size());
  EXPECT_FALSE(count->reset) << "it has ended";
}

TEST_P(Relay, CarriesSingleBytesAtOnce) {
  for (int i = 0; i < 100; ++i) {
    run(io, write_all(application, "a"));
    EXPECT_EQ(run(io, read_exactly(destination, 1)), "a");
    run(io, write_all(destination, "b"));
    EXPECT_EQ(run(io, read_exactly(application, 1)), "b");
  }
}

TEST_P(Relay, HalfClosesUpwards) {
  run(io, write_all(application, "question"));
  application.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(run(io, read_to_end(destination)).bytes, "question");
  run(io, write_all(destination, "answer"));
  EXPECT_EQ(run(io, read_exactly(application, 6)), "answer");
  destination.close();
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::eof);
  expect_over();
}

TEST_P(Relay, HalfClosesDownwards) {
  run(io, write_all(destination, "greeting"));
  destination.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(run(io, read_to_end(application)).bytes, "greeting");
  run(io, write_all(application, "thanks"));
  application.close();
  const ending last = run(io, read_to_end(destination));
  EXPECT_EQ(last.how, asio::error::eof);
  EXPECT_EQ(last.bytes, "thanks");
  expect_over();
}

TEST_P(Relay, CarriesAResetOfTheApplicationBehindItsBytes) {
  run(io, write_all(application, "before"));
  EXPECT_EQ(run(io, read_exactly(destination, 6)), "before");
  reset(application);
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::connection_reset);
  expect_over();
}

TEST_P(Relay, CarriesAResetOfTheDestinationBehindItsBytes) {
  run(io, write_all(destination, "before"));
  EXPECT_EQ(run(io, read_exactly(application, 6)), "before");
  reset(destination);
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::connection_reset);
  expect_over();
}

TEST_P(Relay, CarriesAResetBehindAHalfClose) {
  application.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::eof);
  run(io, write_all(destination, "part"));
  reset(destination);
  const ending last = run(io, read_to_end(application));
  EXPECT_EQ(last.how, asio::error::connection_reset);
  expect_over();
}

TEST_P(Relay, DeliversWhatWasSentBeforeAResetToASlowReader) {
  // More than the application's socket holds; without a tunnel there is no room for the rest.
  const std::string bytes = content(is_tunnel() ? 1'000'000 : 200'000);
  run(io, write_all(destination, bytes));
  run_until([this] { return platform::unsent_bytes(destination) == 0U; });
  reset(destination);
  const ending last = run(io, read_to_end(application));
  EXPECT_EQ(last.how, asio::error::connection_reset);
  EXPECT_TRUE(last.bytes == bytes) << last.bytes.size();
}

// A reader that takes nothing must not keep a connection that its peer has given up.
TEST_P(Relay, DoesNotWaitForEverForAReaderOfBytesBeforeAReset) {
  if (is_splice()) GTEST_SKIP() << "it meets the reset once the reader has gone on";
  run(io, write_all(application, "x"));
  EXPECT_EQ(run(io, read_exactly(destination, 1)), "x");
  const std::string block = content(64 * 1024);
  error_code full;  // until nothing on the way takes any more
  for (int quiet = 0; quiet < 50;) {
    const std::size_t taken = application.write_some(asio::buffer(block), full);
    quiet = taken == 0 ? quiet + 1 : 0;
    io.run_for(std::chrono::milliseconds(2));
  }
  reset(application);
  expect_over();
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::connection_reset);
}

TEST_P(Relay, TellsASenderThatNobodyReads) {
  destination.close();
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::eof);  // as TCP: a close is an end of file at first
  const auto send_for_ever = [](tcp::socket& to) -> task<error_code> {
    for (;;)
      if (const error_code error = co_await write_all(to, std::string(64 * 1024, 'x'))) co_return error;
  };
  const error_code error = run(io, send_for_ever(application));
  EXPECT_TRUE(error == asio::error::connection_reset || error == asio::error::broken_pipe) << error.message();
  expect_over();
}

TEST_P(Relay, DoesNotMistakeAnAbandonedDownloadForAnError) {
  // The application asks, sends the end of its question and is gone; the destination goes on answering.
  run(io, write_all(application, "question"));
  application.close();
  EXPECT_EQ(run(io, read_to_end(destination)).bytes, "question");
  const std::string answer = content(8'000'000);
  const error_code error = run(io, write_all(destination, answer));
  const ending last = run(io, read_to_end(destination));
  EXPECT_TRUE(error || last.how) << "the destination is told";
  expect_over();
}

TEST_P(Relay, EndsWithTheTunnel) {
  if (!is_tunnel()) GTEST_SKIP() << "there is none";
  run(io, write_all(application, "x"));
  EXPECT_EQ(run(io, read_exactly(destination, 1)), "x");
  stop_client();
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::connection_reset);
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::connection_reset);
  expect_over();
}

/// Of a tunnel's stream tunnel::close_stream() does the same.
class DirectRelay : public Relay {};

TEST_P(DirectRelay, IsResetByWhoCounts) {
  run(io, write_all(application, "x"));
  EXPECT_EQ(run(io, read_exactly(destination, 1)), "x");
  count->reset();
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::connection_reset);
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::connection_reset);
  expect_over();
}

// Then nothing is under way that a reset could meet.
TEST_P(DirectRelay, IsResetByWhoCountsBehindTheEndOfTheDestination) {
  destination.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::eof);
  count->reset();
  expect_over();
}

// ---- what two sockets have of their own ----

class Splice : public Relay {};

// As a server does that has read enough: its peer learns what it said, and that it has ended, before the reset.
TEST_P(Splice, CarriesTheEndOfWhoClosesWithBytesUnread) {
  run(io, write_all(application, content(100'000)));
  EXPECT_EQ(run(io, read_exactly(destination, 10)).size(), 10U);
  run(io, write_all(destination, "enough"));
  destination.shutdown(tcp::socket::shutdown_send);
  destination.close();
  const ending got = run(io, read_to_end(application));
  EXPECT_EQ(got.bytes, "enough");
  EXPECT_EQ(got.how, asio::error::eof);
  expect_over();
}

// A peer that has closed cannot be told from one that listens on.
TEST_P(Splice, IsOverWhenNothingFollowsTheEndOfTheDestination) {
  destination.shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(run(io, read_to_end(application)).how, asio::error::eof);
  expect_over();
  EXPECT_EQ(run(io, read_to_end(destination)).how, asio::error::eof) << "not a reset";
}

TEST_P(Splice, IsOverWhenItsSocketsAreClosed) {
  run(io, write_all(application, "x"));
  EXPECT_EQ(run(io, read_exactly(destination, 1)), "x");
  close_sockets();
  expect_over();
}

class Said : public Relay {
 public:
  Said() : Relay(std::vector<std::byte>(6'000'000, std::byte{'s'})) {}
};

// A site may answer, and close, before it has read all that was said to it.
TEST_P(Said, DoesNotKeepTheAnswerFromComing) {
  run(io, write_all(destination, "too long"));
  EXPECT_EQ(run(io, read_exactly(application, 8)), "too long");
  run(io, write_all(application, "t"));
  EXPECT_EQ(run(io, read_exactly(destination, 6'000'001)), std::string(6'000'000, 's') + 't');
}

constexpr auto name_of = [](const auto& which) {
  return which.param == way::tunnel ? "Tunnel" : which.param == way::direct ? "Direct" : "Splice";
};
INSTANTIATE_TEST_SUITE_P(By, Relay, testing::Values(way::tunnel, way::direct, way::splice), name_of);
INSTANTIATE_TEST_SUITE_P(By, DirectRelay, testing::Values(way::direct), name_of);
INSTANTIATE_TEST_SUITE_P(By, Splice, testing::Values(way::splice), name_of);
INSTANTIATE_TEST_SUITE_P(By, Said, testing::Values(way::splice), name_of);

}  // namespace
}  // namespace mtcp

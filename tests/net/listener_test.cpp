#include "mtcp/net/listener.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "mtcp/net/asio/deadline.hpp"
#include "net/run.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
const tcp::endpoint any_port(asio::ip::address_v4::loopback(), 0);

task<> echo(tcp::socket socket) {
  std::array<char, 1> byte;
  const auto buffer = asio::buffer(byte);
  for (;;) {
    const auto [error, size] = co_await socket.async_read_some(buffer, use_result);
    if (error) co_return;
    if (byte[0] == '!') throw std::runtime_error("a service that fails");
    co_await asio::async_write(socket, buffer, use_result);
  }
}

class Listener : public testing::Test {
 protected:
  void start(std::size_t most = 100) {
    const auto report = [this](const std::exception_ptr&) { ++failures; };
    under_test.emplace(io.get_executor(), any_port, most, echo, report);
    spawn(io.get_executor(), run_to_end());
  }
  task<> run_to_end() {
    co_await under_test->run();
    ended = true;
  }
  tcp::socket& connect() {
    auto& s = *clients.emplace_back(std::make_unique<tcp::socket>(io));
    s.connect(under_test->local_endpoint());
    return s;
  }
  /// The service answers within `limit`.
  bool answers(tcp::socket& s, std::chrono::milliseconds limit = 5s) {
    const auto ask = [](tcp::socket& to) -> task<bool> {
      char byte = 'x';
      const auto buffer = asio::buffer(&byte, 1);
      const auto [written, n] = co_await asio::async_write(to, buffer, use_result);
      const auto [error, size] = co_await asio::async_read(to, buffer, use_result);
      co_return !written && !error;
    };
    std::optional<bool> answer;
    auto asking = ask(s);
    spawn(io.get_executor(), test::store(std::move(asking), answer));
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!answer && io.run_one_until(end) != 0) {
    }
    return answer.value_or(false);
  }
  void run_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (!condition() && io.run_one_until(end) != 0) {
    }
    EXPECT_TRUE(condition());
  }

  asio::io_context io;
  std::optional<listener> under_test;
  std::vector<std::unique_ptr<tcp::socket>> clients;
  int failures = 0;
  bool ended = false;
};

TEST_F(Listener, ServesAndEndsWithItsLastConnection) {
  start();
  EXPECT_TRUE(answers(connect()));
  EXPECT_TRUE(answers(connect()));
  under_test->stop();
  io.poll();
  EXPECT_FALSE(ended);
  for (auto& c : clients) c->close();
  run_until([this] { return ended; });
}

TEST_F(Listener, EndsAtOnceWithoutConnections) {
  start();
  io.poll();
  under_test->stop();
  run_until([this] { return ended; });
}

TEST_F(Listener, LetsConnectionsWaitBeyondItsLimit) {
  start(2);
  tcp::socket& first = connect();
  EXPECT_TRUE(answers(first));
  EXPECT_TRUE(answers(connect()));
  tcp::socket& third = connect();
  EXPECT_FALSE(answers(third, 50ms));
  EXPECT_EQ(under_test->connections(), 2U);
  first.close();
  run_until([&] { return third.available() == 1; });
}

TEST_F(Listener, OutlivesAFailingService) {
  start();
  tcp::socket& bad = connect();
  asio::write(bad, asio::buffer("!", 1));
  run_until([this] { return failures == 1; });
  EXPECT_TRUE(answers(connect()));
}

TEST_F(Listener, NamesTheEndpointThatItCannotHave) {
  start();
  const tcp::endpoint taken = under_test->local_endpoint();
  try {
    listener second(io.get_executor(), taken, 1, echo, {});
    FAIL() << "two listeners on one port";
  } catch (const boost::system::system_error& e) {
    EXPECT_EQ(e.code(), asio::error::address_in_use);
    EXPECT_NE(std::string(e.what()).find(std::to_string(taken.port())), std::string::npos) << e.what();
  }
}

TEST_F(Listener, DoesNotSpinWithoutDescriptors) {
  start();
  EXPECT_TRUE(answers(connect()));
  tcp::socket& waiting = *clients.emplace_back(std::make_unique<tcp::socket>(io, tcp::protocol::v4()));
  // The sanitizer needs descriptors when it meets a class for the first time, so it must meet these earlier.
  EXPECT_TRUE(error_code(asio::error::no_descriptors) == boost::system::errc::too_many_files_open);
  EXPECT_FALSE(error_code(asio::error::no_descriptors) == boost::system::errc::protocol_error);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int lowest_free = dup(0);
  close(lowest_free);
  const rlimit none{static_cast<rlim_t>(lowest_free), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  waiting.connect(under_test->local_endpoint());

  const std::clock_t cpu = std::clock();
  const auto end = std::chrono::steady_clock::now() + 500ms;
  std::size_t handlers = 0;
  while (io.run_one_until(end) != 0) ++handlers;
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_LT(handlers, 100U);
  EXPECT_LT(static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC, 0.25);
  EXPECT_TRUE(answers(connect())) << "and it goes on when there are some again";
}

TEST(ListeningSocket, AcceptsNothingOnceItIsClosed) {
  asio::io_context io;
  listening_socket door(io.get_executor(), {any_port});
  std::optional<std::optional<tcp::socket>> accepted;
  spawn(io.get_executor(), test::store(door.accept(), accepted));
  io.poll();
  EXPECT_TRUE(door.is_open());
  EXPECT_FALSE(accepted);
  door.close();
  io.poll();
  EXPECT_FALSE(door.is_open());
  ASSERT_TRUE(accepted);
  EXPECT_FALSE(*accepted);
}

TEST(Deadline, ClosesTheSocket) {
  asio::io_context io;
  tcp::acceptor door(io, any_port);
  tcp::socket a(io);
  a.connect(door.local_endpoint());
  tcp::socket b = door.accept();
  const auto read = [](tcp::socket& from) -> task<error_code> {
    const deadline limit(from, 20ms);
    char byte;
    const auto buffer = asio::buffer(&byte, 1);
    const auto [error, size] = co_await from.async_read_some(buffer, use_result);
    co_return error;
  };
  EXPECT_EQ(test::run(io, read(a)), asio::error::operation_aborted);
  EXPECT_FALSE(a.is_open());
}

TEST(Deadline, DoesNothingOnceItIsGone) {
  asio::io_context io;
  tcp::socket s(io, tcp::protocol::v4());
  { const deadline limit(s, 0ms); }
  io.run();
  EXPECT_TRUE(s.is_open());
}

}  // namespace
}  // namespace mtcp

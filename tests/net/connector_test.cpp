// Dials of bridges whose server's name has to be looked up.
#include "mtcp/net/connector.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <optional>

#include "net/name_server.hpp"
#include "net/run.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using type = test::name_server::type;
using kind = test::name_server::answer::kind;

class Connector : public testing::Test {
 protected:
  void silence(const std::string& name) {
    for (const type t : {type::a, type::aaaa}) names.set(name, t, {kind::silence, {}, 60});
  }
  task<error_code> dial(std::chrono::milliseconds timeout) {
    connector by(io.get_executor(), path, timeout, names.address());
    dialling = &by;
    const error_code error = co_await by.connect(context, own);
    dialling = nullptr;
    co_return error;
  }

  asio::io_context io;
  test::name_server names{io.get_executor()};
  tcp::acceptor server{io, {asio::ip::address_v4::loopback(), 0}};
  path_options path{.host = "server.test", .port = server.local_endpoint().port()};
  tls_context context = tls_context::client();
  key own = key::generate();
  connector* dialling = nullptr;
};

TEST_F(Connector, AsksForTheAddressOfAServer) {
  names.set("server.test", type::a, {.addresses = {"127.0.0.1"}});
  names.set("server.test", type::aaaa, {});
  bool reached = false;
  server.async_accept([&](error_code error, const tcp::socket&) {
    reached = !error;
    if (dialling != nullptr) dialling->abort();
  });
  EXPECT_EQ(test::run(io, dial(10s)), asio::error::operation_aborted);
  EXPECT_TRUE(reached);
}

TEST_F(Connector, SaysThatThereIsNoSuchServer) { EXPECT_EQ(test::run(io, dial(10s)), asio::error::host_not_found); }

TEST_F(Connector, DoesNotWaitLongerForNameServersThanForAnythingElse) {
  silence("server.test");
  const auto begin = clock::now();
  EXPECT_EQ(test::run(io, dial(100ms)), asio::error::timed_out);
  EXPECT_LT(clock::now() - begin, 1s);
}

// A client that stops must not wait for name servers that do not answer.
TEST_F(Connector, StopsWaitingForNameServersAtOnce) {
  silence("server.test");
  const auto begin = clock::now();
  timer stop(io, 50ms);
  stop.async_wait([this](error_code) {
    if (dialling != nullptr) dialling->abort();
  });
  EXPECT_EQ(test::run(io, dial(10s)), asio::error::operation_aborted);
  EXPECT_LT(clock::now() - begin, 1s);
}

// To loopback a connection is made at once: its success waits in the queue while the socket is closed.
TEST_F(Connector, MayBeStoppedInTheTurnInWhichItConnects) {
  path.host = "127.0.0.1";
  std::optional<error_code> result;
  spawn(io.get_executor(), test::store(dial(10s), result));
  asio::post(io, [this] { dialling->abort(); });
  while (!result && io.run_one_for(10s) != 0) continue;
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, asio::error::operation_aborted);
}

}  // namespace
}  // namespace mtcp

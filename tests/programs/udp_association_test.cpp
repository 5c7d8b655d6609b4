// The server's half of a UDP association, in the test's own event loop with a tunnel in between.
#include "server/udp_association.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "mtcp/net/association.hpp"
#include "mtcp/net/relay/datagram_socket.hpp"
#include "mtcp/tunnel.hpp"
#include "net/run.hpp"

namespace mtcp::server {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
const auto loopback = asio::ip::address_v4::loopback();

struct Association : testing::Test {
  Association() : server(io, server_options()), client(io, client_options()), names(io.get_executor()) {
    allowed.allow(network::parse("127.0.0.0/8").value());
    spawn(io.get_executor(), server.run());
    spawn(io.get_executor(), client.run());
    spawn(io.get_executor(), serve());
  }

  acceptor_options server_options() const {
    acceptor_options o;
    o.keys.add(secret);
    o.listen = {{loopback, 0}};
    return o;
  }
  tunnel_options client_options() const {
    path_options path;
    path.host = "127.0.0.1";
    path.port = server.local_endpoints().front().port();
    return {.key = secret, .paths = {path}};
  }
  task<> serve() {
    auto [error, request] = co_await server.async_accept(use_result);
    EXPECT_TRUE(core::is_association(request.target()));
    permission permitted = [this](const tcp::endpoint& to) { return allowed.permits(to); };
    co_await serve_association(std::move(request), names, std::move(permitted), options);
    over = true;
  }
  task<std::optional<association>> associate() {
    core::target none;
    auto [error, carrier] = co_await client.async_open(std::move(none), {}, use_result);
    EXPECT_FALSE(error) << error.message();
    co_return std::optional<association>(std::in_place, std::move(carrier));
  }
  task<error_code> wait_for_end(association& a) {
    auto [error, datagram] = co_await a.async_receive(use_result);
    co_return error;
  }

  asio::io_context io;
  key secret = key::generate();
  acceptor server;
  tunnel client;
  resolver names;
  rules allowed;
  association_options options;
  bool over = false;
};

TEST_F(Association, EndsWhenItIsIdle) {
  options.idle = 300ms;
  std::optional<association> a = test::run(io, associate());
  const auto start = clock::now();
  EXPECT_EQ(test::run(io, wait_for_end(*a)), asio::error::eof);
  EXPECT_GE(clock::now() - start, 250ms);
  while (!over) ASSERT_NE(io.run_one_for(10s), 0U);
}

TEST_F(Association, IsKeptByWhatItCarries) {
  options.idle = 500ms;
  std::optional<association> a = test::run(io, associate());
  const auto start = clock::now();
  timer pause(io);
  for (int i = 0; i < 10; ++i) {
    a->send({"127.0.0.1", 9}, {});
    pause.expires_after(100ms);
    test::run(io, [](timer& t) -> task<int> {
      co_await t.async_wait(use_result);
      co_return 0;
    }(pause));
  }
  EXPECT_FALSE(over) << "after " << std::chrono::duration<double>(clock::now() - start).count() << " s";
  a->close();
  while (!over) ASSERT_NE(io.run_one_for(10s), 0U);
}

TEST_F(Association, EndsWithTheTunnel) {
  std::optional<association> a = test::run(io, associate());
  server.stop();
  EXPECT_TRUE(test::run(io, wait_for_end(*a)));
  EXPECT_FALSE(a->send({"127.0.0.1", 9}, {}));
  while (!over) ASSERT_NE(io.run_one_for(10s), 0U);
}

TEST_F(Association, OneReceiveAtATime) {
  std::optional<association> a = test::run(io, associate());
  int first = 0;
  error_code second;
  a->async_receive([&](error_code, core::datagram) { ++first; });
  a->async_receive([&](error_code error, core::datagram) { second = error; });
  while (!second) ASSERT_NE(io.run_one_for(10s), 0U);
  EXPECT_EQ(second, asio::error::already_started);
  EXPECT_EQ(first, 0);
  a->close();
  while (first == 0) ASSERT_NE(io.run_one_for(10s), 0U);
}

}  // namespace
}  // namespace mtcp::server

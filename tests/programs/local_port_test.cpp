// The local port in the test's own event loop: what takes too long, and what cannot be seen from outside.
#include "client/local_port.hpp"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>

#include "mtcp/tunnel.hpp"
#include "net/run.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
constexpr auto limit = 200ms;

class LocalPort : public testing::Test {
 protected:
  LocalPort() : never_up_(io_, options()) {
    application_.connect(front_.local_endpoint());
    tcp::socket served = front_.accept();
    served.non_blocking(true);
    application_.non_blocking(true);
    start_ = clock::now();
    spawn(io_.get_executor(), serve_local(port_, std::move(served)));
  }

  /// How long an application is served that sends `text`, and then `drip` every 50 ms.
  task<clock::duration> outlast(std::string text, std::string drip) {
    const auto whole = asio::buffer(text), next = asio::buffer(drip);
    auto [error, size] = co_await asio::async_write(application_, whole, use_result);
    timer pause(io_);
    while (!error && !drip.empty()) {
      pause.expires_after(50ms);
      co_await pause.async_wait(use_result);
      std::tie(error, std::ignore) = co_await asio::async_write(application_, next, use_result);
    }
    std::string rest(4096, '\0');
    const auto into = asio::buffer(rest);
    std::tie(error, std::ignore) = co_await asio::async_read(application_, into, use_result);
    EXPECT_TRUE(error == asio::error::eof || error == asio::error::connection_reset) << error.message();
    co_return clock::now() - start_;
  }

  void expect_cut(const std::string& text, const std::string& drip = {}) {
    const auto served = test::run(io_, outlast(text, drip));
    EXPECT_GE(served, limit - 1ms);
    EXPECT_LT(served, 5s);
  }

 private:
  static tunnel_options options() {
    path_options nowhere;
    nowhere.host = "127.0.0.1";
    nowhere.port = 1;
    return {.key = key::generate(), .paths = {nowhere}};
  }

  asio::io_context io_;
  tunnel never_up_;
  local_port port_{.through = never_up_, .handshake_limit = limit};
  tcp::acceptor front_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket application_{io_};
  clock::time_point start_;
};

TEST_F(LocalPort, HasNoTimeForSilence) { expect_cut(""); }
TEST_F(LocalPort, HasNoTimeForHalfAGreeting) { expect_cut("\x05"); }
TEST_F(LocalPort, HasNoTimeForAGreetingAlone) { expect_cut(std::string("\x05\x01\x00", 3)); }
TEST_F(LocalPort, HasNoTimeForHalfASocks4Request) { expect_cut(std::string("\x04\x01\x00", 3)); }
TEST_F(LocalPort, HasNoTimeForHalfAHead) { expect_cut("GET http://example.org/ HTTP/1.1\r\n"); }
TEST_F(LocalPort, HasNoTimeForADrippingHead) { expect_cut("GET http://example.org/ HTTP/1.1\r\nX: ", "x"); }
TEST_F(LocalPort, HasNoTimeForADrippingUserId) { expect_cut(std::string("\x04\x01\x00\x50\x01\x02\x03\x04", 8), "u"); }

}  // namespace
}  // namespace mtcp::client

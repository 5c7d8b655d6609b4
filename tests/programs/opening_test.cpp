// Applications on the client's local ports that wait for their stream: which of them have left.
#include "client/opening.hpp"

#include <gtest/gtest.h>

#include <boost/asio/read_until.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>

#include "client/forward_session.hpp"
#include "client/local_port.hpp"
#include "net/tunnel_lab.hpp"

namespace mtcp::client {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

// Each asks for "silent", a destination that does not answer until the test does.
const std::string socks5 = "\x05\x01\x00"s + "\x05\x01\x00\x03\x06silent\x00\x50"s;
const std::string socks4 = "\x04\x01\x00\x50\x00\x00\x00\x01\x00silent\x00"s;
const std::string http_connect = "CONNECT silent:80 HTTP/1.1\r\nHost: silent:80\r\n\r\n";
const std::string http_get = "GET http://silent/ HTTP/1.1\r\nHost: silent\r\n\r\n";

class Opening : public test::tunnel_lab {
 protected:
  ~Opening() override {
    error_code ignored;
    application_.close(ignored);
    tunnel_->stop();
    EXPECT_TRUE(reaches([&] { return over_; }));
  }

  /// An application at the local port that has sent `text`, whose OPEN has arrived at the server.
  void ask(const std::string& text) {
    begin();
    port_.emplace(local_port{.through = *tunnel_, .handshake_limit = 30s});
    spawn(io_.get_executor(), until_over(serve_local(*port_, accepted())));
    say(text);
    ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  }
  void ask_forward() {
    begin();
    spawn(io_.get_executor(), until_over(serve_forward(*tunnel_, nullptr, {"silent", 80}, accepted())));
    ASSERT_TRUE(reaches([&] { return unanswered_.size() == 1; }));
  }

  void say(const std::string& text) { asio::write(application_, asio::buffer(text)); }
  void end() { application_.shutdown(tcp::socket::shutdown_send); }
  void close() { application_.close(); }
  void reset() {
    application_.set_option(asio::socket_base::linger(true, 0));
    application_.close();
  }

  void expect_dropped() {
    EXPECT_TRUE(reaches([&] { return tunnel_->snapshot().totals.streams_active == 0; })) << "no stream is left";
    EXPECT_TRUE(reaches([&] { return over_; })) << "nor anybody who serves it";
  }
  /// The answer comes late, and `early` is what the destination hears; then it says something itself.
  void expect_served(const std::string& early, const std::string& answer = "hello") {
    const auto end = std::chrono::steady_clock::now() + 100ms;
    reaches([&] { return over_ || std::chrono::steady_clock::now() > end; });
    EXPECT_FALSE(over_) << "it has not left";
    stream remote = unanswered_.front().answer({"192.0.2.1", 5});
    EXPECT_EQ(run_for(test::receive_text(remote, early.size())), early);
    EXPECT_EQ(run_for(test::send_text(remote, answer)), error_code());
    EXPECT_EQ(run_for(hear("hello")), error_code());
  }

 private:
  void begin() {
    start_server();
    start_tunnel(1);
    application_.connect(front_.local_endpoint());
  }
  tcp::socket accepted() {
    tcp::socket served = front_.accept();
    served.non_blocking(true);
    return served;
  }
  task<> until_over(task<> served) {
    co_await std::move(served);
    over_ = true;
  }
  task<error_code> hear(std::string word) {
    std::string text;
    const auto [error, size] =
        co_await asio::async_read_until(application_, asio::dynamic_buffer(text), word, use_result);
    co_return error;
  }

  tcp::acceptor front_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  tcp::socket application_{io_};
  std::optional<local_port> port_;
  bool over_ = false;
};

TEST_F(Opening, IsDroppedWhenASocks5ApplicationCloses) {
  ask(socks5);
  close();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenASocks4ApplicationCloses) {
  ask(socks4);
  close();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenAnHttpApplicationCloses) {
  ask(http_connect);
  close();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenAPlainRequestIsReset) {
  ask(http_get);
  reset();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenWhoSaidSomethingAheadIsReset) {
  ask(socks5 + "ahead");
  reset();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenWhoSpeaksMeanwhileIsReset) {
  ask(socks5);
  say("meanwhile");
  reset();
  expect_dropped();
}

TEST_F(Opening, IsDroppedWhenAForwardedConnectionIsReset) {
  ask_forward();
  reset();
  expect_dropped();
}

TEST_F(Opening, GoesOnForWhoSaidSomethingAheadAndEnded) {
  ask(socks5 + "ahead");
  end();
  expect_served("ahead");
}

TEST_F(Opening, GoesOnForWhoSpeaksMeanwhileAndLosesNothing) {
  ask(socks5);
  say("meanwhile");
  end();
  expect_served("meanwhile");
}

TEST_F(Opening, GoesOnForAForwardedConnectionThatOnlyListens) {
  ask_forward();
  end();
  expect_served("");
}

TEST_F(Opening, GoesOnForAPlainRequestThatEnded) {
  ask(http_get);
  end();
  expect_served("GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

}  // namespace
}  // namespace mtcp::client

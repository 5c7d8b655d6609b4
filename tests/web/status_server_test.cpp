#include "status/status_server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "support/socket.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using namespace std::chrono_literals;
using lab::tail;

const std::string fields = "Host: localhost\r\n\r\n";

class StatusServer : public testing::Test {
 protected:
  StatusServer() { how_.listen = {{asio::ip::address_v4::loopback(), 0}}; }
  ~StatusServer() override { stop(); }

  void start() {
    server_.emplace(
        io_.get_executor(), how_, site_options{}, [this] { return tunnels_; },
        [](const std::exception_ptr& escaped) { std::rethrow_exception(escaped); });
    spawn(io_.get_executor(), server_->run());
    thread_ = std::thread([this] { io_.run(); });
  }
  /// Returns when run() has.
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { server_->stop(); });
    thread_.join();
  }
  lab::socket connect() { return {"127.0.0.1", server_->local_endpoints().front().port()}; }
  /// What comes back until the server closes.
  std::string ask(const std::string& words) {
    lab::socket s = connect();
    s.send(words);
    std::string text;
    s.drain(text);
    return text;
  }
  static std::string read_until(lab::socket& from, const std::string& mark) {
    std::string text;
    while (text.find(mark) == std::string::npos) {
      const std::string more = from.receive_some();
      if (more.empty()) break;
      text += more;
    }
    return text;
  }
  lab::socket subscribe() {
    lab::socket s = connect();
    s.send("GET /api/events HTTP/1.1\r\n" + fields);
    return s;
  }
  void give_streams(std::uint64_t count) {
    tunnels_ = test::only(test::tunnel("s", {}));
    for (std::uint64_t id = 1; id <= count; ++id)
      tunnels_.tunnels[0].streams.push_back(test::stream(id, std::string(200, 'x'), 0, 0));
  }

  server_options how_;
  acceptor_snapshot tunnels_ = test::only(test::tunnel("s", {test::bridge(1, 1, 2)}));
  asio::io_context io_;
  std::optional<status_server> server_;
  std::thread thread_;
};

TEST_F(StatusServer, AnswersSeveralRequestsOnOneConnection) {
  start();
  const std::string text = ask("GET /healthz HTTP/1.1\r\n" + fields + "HEAD /healthz HTTP/1.1\r\n" + fields +
                               "GET /healthz HTTP/1.1\r\nConnection: close\r\n" + fields);
  std::size_t answers = 0, bodies = 0;
  for (std::size_t at = 0; (at = text.find("HTTP/1.1 200 OK", at)) != std::string::npos; ++at) ++answers;
  for (std::size_t at = 0; (at = text.find("\r\n\r\nok\n", at)) != std::string::npos; ++at) ++bodies;
  EXPECT_EQ(answers, 3U) << text;
  EXPECT_EQ(bodies, 2U) << text;
}

TEST_F(StatusServer, LetsNoPageEmbedOrReadIt) {
  start();
  const std::string text = ask("GET / HTTP/1.1\r\nConnection: close\r\n" + fields);
  EXPECT_NE(text.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_NE(text.find("X-Content-Type-Options: nosniff"), std::string::npos);
  EXPECT_EQ(text.find("Access-Control"), std::string::npos);
}

TEST_F(StatusServer, ClosesOnJunkAndOnTooMuch) {
  start();
  EXPECT_TRUE(ask("\x16\x03\x01 junk\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nX: " + std::string(33'000, 'x')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(ask("POST / HTTP/1.1\r\nContent-Length: 2000\r\n" + fields).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 421 "));
}

// Cookies are those of all ports of a host (RFC 6265, section 8.5).
TEST_F(StatusServer, BearsTheCookiesOfItsNeighbours) {
  start();
  const std::string cookies = "Cookie: a=" + std::string(30'000, 'x') + "\r\n";
  EXPECT_TRUE(ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n" + cookies + fields).starts_with("HTTP/1.1 200 "));
}

TEST_F(StatusServer, HangsUpOnTheSilentAndTheSlow) {
  how_.first_deadline = 300ms;
  how_.deadline = 200ms;
  start();
  EXPECT_EQ(ask(""), "");
  EXPECT_EQ(ask("GET /healthz HTT"), "");
}

TEST_F(StatusServer, TurnsAwayWhatIsTooMuch) {
  how_.max_clients = 2;
  start();
  lab::socket one = subscribe(), two = subscribe();
  for (lab::socket* s : {&one, &two}) read_until(*s, "}\n\n");
  EXPECT_TRUE(ask("GET /healthz HTTP/1.1\r\n" + fields).starts_with("HTTP/1.1 503 "));
}

TEST_F(StatusServer, KeepsNobodyOutForThoseWhoOnlyHoldConnections) {
  how_.max_clients = 2;
  start();
  lab::socket busy = subscribe(), first = connect();
  read_until(busy, "}\n\n");
  std::vector<lab::socket> idle;
  for (int i = 0; i < 100; ++i) idle.push_back(connect());
  EXPECT_TRUE(ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n" + fields).starts_with("HTTP/1.1 200 "));
  std::string nothing;
  first.drain(nothing);
  EXPECT_EQ(nothing, "") << "the longest idle one has gone";
  EXPECT_FALSE(read_until(busy, "}\n\n").empty()) << "who is served stays";
}

TEST_F(StatusServer, SendsAnEventASecond) {
  start();
  lab::socket s = subscribe();
  const std::string first = read_until(s, "}\n\n");
  EXPECT_NE(first.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(first.find("X-Accel-Buffering: no"), std::string::npos) << "nginx collects answers otherwise";
  const std::string second = read_until(s, "}\n\n"), third = read_until(s, "}\n\n");
  const auto tick = [](const std::string& event) { return std::stoi(event.substr(event.find("\"tick\":") + 7)); };
  EXPECT_EQ(tick(third), tick(second) + 1);
}

TEST_F(StatusServer, HasSeatsForFewSubscribersOnly) {
  how_.max_subscribers = 2;
  start();
  lab::socket one = subscribe(), two = subscribe();
  read_until(one, "}\n\n");
  read_until(two, "}\n\n");
  EXPECT_TRUE(ask("GET /api/events HTTP/1.1\r\n" + fields).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n" + fields).starts_with("HTTP/1.1 200 "));
  one.reset();
  const auto end = std::chrono::steady_clock::now() + 10s;
  std::string answer;
  while (!answer.starts_with("HTTP/1.1 200 ") && std::chrono::steady_clock::now() < end) {
    lab::socket again = subscribe();  // the seat is free when the next event could not be sent
    answer = read_until(again, "\r\n\r\n");
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 "));
}

TEST_F(StatusServer, DropsAReaderWhoDoesNotReadAndServesOthersMeanwhile) {
  how_.deadline = 500ms;
  how_.max_clients = 2;
  give_streams(16'000);  // an answer of 5 MB: more than the buffers of two sockets hold
  start();
  lab::socket stuck = connect(), quick = connect();
  for (int i = 0; i < 8; ++i) stuck.send("GET /api/stats HTTP/1.1\r\n" + fields);
  quick.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n" + fields);
  std::string text;
  EXPECT_EQ(quick.drain(text), tail::end);
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 ")) << text;
  const auto whole_house = [&] {
    lab::socket one = connect(), two = connect();
    one.send("GET /healthz HTTP/1.1\r\n" + fields);
    two.send("GET /healthz HTTP/1.1\r\n" + fields);
    try {
      return read_until(one, "\r\n\r\n").starts_with("HTTP/1.1 200 ") &&
             read_until(two, "\r\n\r\n").starts_with("HTTP/1.1 200 ");
    } catch (const std::exception&) {
      return false;  // an idle one had to give way
    }
  };
  const auto end = std::chrono::steady_clock::now() + 10s;
  bool free = false;
  while (!free && std::chrono::steady_clock::now() < end) free = whole_house();
  EXPECT_TRUE(free) << "the one who does not read still has its place";
}

TEST_F(StatusServer, StopsUnderItsClients) {
  start();
  lab::socket idle = connect(), subscriber = subscribe();
  read_until(subscriber, "}\n\n");
  stop();
  std::string rest;
  EXPECT_NE(idle.drain(rest), tail::timeout);
  EXPECT_NE(subscriber.drain(rest), tail::timeout);
}

}  // namespace
}  // namespace mtcp::status

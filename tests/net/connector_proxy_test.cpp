// Dials through a proxy: what it is asked, what becomes of its answers, and which hop is blamed.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <string>

#include "mtcp/error.hpp"
#include "mtcp/net/dial/connector.hpp"
#include "mtcp/net/dial/proxy_error.hpp"
#include "net/black_hole.hpp"
#include "net/front_proxy.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"
#include "net/tls_listener.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using clock = std::chrono::steady_clock;
using type = test::name_server::type;
using test::front_proxy;
using then = front_proxy::then;
using protocol = proxy_options::protocol;

const std::string granted("\5\0\0\1\0\0\0\0\0\0", 10);
constexpr std::size_t request_size = 3 + 1 + 1 + 11 + 2;  // for "server.test"
const std::string established = "HTTP/1.1 200 Connection established\r\n\r\n";

std::vector<front_proxy::step> socks_steps(const std::string& reply = granted) {
  return {{3, "\5\0"s}, {request_size, reply}};
}
std::vector<front_proxy::step> http_steps(const std::string& answer = established) {
  return {{front_proxy::hear_head, answer}};
}

class ProxiedConnector : public testing::Test {
 protected:
  ProxiedConnector() {
    names.set("proxy.test", type::a, {.addresses = {"127.0.0.1"}});
    names.set("proxy.test", type::aaaa, {});
    serve_with(own);
  }
  void serve_with(const key& one) {
    ring = key_ring();
    ring.add(one);
    server_context.emplace(tls_context::server(ring));
    spawn(io.get_executor(), test::serve_tls(server, *server_context));
  }
  void put_in_front(protocol spoken, std::vector<front_proxy::step> steps, then last) {
    if (front) earlier.push_back(std::move(front));  // its coroutines are in `io` still
    front = std::make_unique<front_proxy>(io, std::move(steps), last, server.local_endpoint());
    path.proxy = proxy_options{.speaks = spoken, .host = "127.0.0.1", .port = front->port()};
  }
  void login(const std::string& user, const std::string& password) {
    path.proxy->user = user;
    path.proxy->password = password;
  }
  error_code connect(connector::time_limits within = {10s}) { return test::run(io, dial(within)); }
  std::string says(connector::time_limits within = {10s}) { return connect(within).message(); }
  task<error_code> dial(connector::time_limits within) {
    address_book book(path, {.servers = names.address()});
    connector by(io.get_executor(), path, book, within);
    dialling = &by;
    const error_code error = co_await by.connect(context, own);
    dialling = nullptr;
    co_return error;
  }

  asio::io_context io;
  test::name_server names{io.get_executor()};
  tcp::acceptor server{io, {asio::ip::address_v4::loopback(), 0}};
  path_options path{.host = "server.test", .port = 8443};
  tls_context context = tls_context::client();
  key own = key::generate();
  key_ring ring;
  std::optional<tls_context> server_context;
  std::unique_ptr<front_proxy> front;
  std::vector<std::unique_ptr<front_proxy>> earlier;
  connector* dialling = nullptr;
};

TEST_F(ProxiedConnector, HasASocksProxyLookTheServerUp) {
  put_in_front(protocol::socks5, socks_steps(), then::relay);
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->heard(), "\5\1\0"s + "\5\1\0\3\13server.test\x20\xfb"s);
  EXPECT_EQ(names.questions("server.test"), 0);
}

TEST_F(ProxiedConnector, HasAnHttpProxyLookTheServerUp) {
  put_in_front(protocol::http, http_steps(), then::relay);
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->heard(), "CONNECT server.test:8443 HTTP/1.1\r\nHost: server.test:8443\r\n\r\n");
  EXPECT_EQ(names.questions("server.test"), 0);
}

TEST_F(ProxiedConnector, LooksTheProxyUp) {
  put_in_front(protocol::http, http_steps(), then::relay);
  path.proxy->host = "proxy.test";
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(names.questions("server.test"), 0);
}

TEST_F(ProxiedConnector, TakesAddressesOfBothFamilies) {
  front = std::make_unique<front_proxy>(io,
                                        std::vector<front_proxy::step>{
                                            {3, "\5\0"s},
                                            {3 + 1 + 16 + 2, granted},
                                        },
                                        then::relay, server.local_endpoint(), "::1");
  path.proxy = proxy_options{.host = "::1", .port = front->port()};
  path.host = "2001:db8::1";
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->heard().substr(3), "\5\1\0\4\x20\1\xd\xb8"s + std::string(11, '\0') + "\1\x20\xfb");
  put_in_front(protocol::socks5, {{3, "\5\0"s}, {3 + 1 + 4 + 2, granted}}, then::relay);
  path.host = "192.0.2.1";
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->heard().substr(3), "\5\1\0\1\xc0\0\2\1\x20\xfb"s);
}

TEST_F(ProxiedConnector, LogsIn) {
  put_in_front(protocol::socks5, {{4, "\5\2"s}, {1 + 1 + 1 + 1 + 2, "\1\0"s}, {request_size, granted}}, then::relay);
  login("u", "pw");
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->heard().substr(4, 6), "\1\1u\2pw");
  put_in_front(protocol::http, http_steps(), then::relay);
  login("u", "pw");
  EXPECT_EQ(connect(), error_code());
  EXPECT_NE(front->heard().find("\r\nProxy-Authorization: Basic dTpwdw==\r\n"), std::string::npos) << front->heard();
}

TEST_F(ProxiedConnector, DialsTheProxyFromThePathsAddress) {
  put_in_front(protocol::socks5, socks_steps(), then::relay);
  path.bind = "127.0.0.9";
  EXPECT_EQ(connect(), error_code());
  EXPECT_EQ(front->caller().address().to_string(), "127.0.0.9");
}

TEST_F(ProxiedConnector, AsksForOnePortOfARange) {
  put_in_front(protocol::http, http_steps(), then::relay);
  path.port = 9000;
  path.last_port = 9001;
  for (int dials = 0; dials < 40; ++dials) ASSERT_EQ(connect(), error_code());
  for (const char* port : {":9000 ", ":9001 "}) EXPECT_NE(front->heard().find(port), std::string::npos) << port;
}

// A proxy that has all its answers ready, and one whose answers come byte by byte.
TEST_F(ProxiedConnector, TakesAnswersHoweverTheyCome) {
  put_in_front(protocol::socks5, {{3, "\5\0"s + granted}, {request_size, {}}}, then::relay);
  EXPECT_EQ(connect(), error_code());
  std::vector<front_proxy::step> slow{{front_proxy::hear_head, {}}};
  for (const char c : "HTTP/1.1 100 Continue\r\n\r\n" + established) slow.push_back({0, std::string(1, c)});
  put_in_front(protocol::http, slow, then::relay);
  EXPECT_EQ(connect(), error_code());
}

TEST_F(ProxiedConnector, SaysThatTheProxyCannotBeReached) {
  put_in_front(protocol::socks5, socks_steps(), then::relay);
  path.proxy->port = tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
  error_code error = connect();
  EXPECT_EQ(error.message(), "the proxy cannot be reached: Connection refused");
  EXPECT_EQ(error.default_error_condition(), boost::system::errc::connection_refused);
  path.proxy->host = "nosuch.test";
  EXPECT_EQ(says(), "the lookup of the proxy's name failed: there is no such name");
  test::black_hole nowhere(io, "127.0.0.2");
  path.proxy->host = "127.0.0.2";
  path.proxy->port = nowhere.port();
  error = connect({.whole = 10s, .answer = 200ms});
  EXPECT_EQ(error.message(), "the proxy cannot be reached: Connection timed out");
  EXPECT_EQ(error.default_error_condition(), boost::system::errc::timed_out);
}

TEST_F(ProxiedConnector, SaysHowASocksProxyRefused) {
  put_in_front(protocol::socks5, {{3, "\5\xff"}}, then::end);
  EXPECT_EQ(says(), "the proxy wants a user and a password");
  put_in_front(protocol::socks5, {{4, "\5\2"s}, {6, "\1\1"}}, then::end);
  login("u", "pw");
  EXPECT_EQ(says(), "the proxy refused the login");
  put_in_front(protocol::socks5, socks_steps("\5\5\0\1\0\0\0\0\0\0"s), then::end);
  EXPECT_EQ(says(), "the proxy refused the server: connection refused (reply 5)");
  put_in_front(protocol::socks5, {{3, "\5\0"s}, {request_size, "\5\2"}}, then::end);
  EXPECT_EQ(says(), "the proxy refused the server: its rules forbid it (reply 2)");
  put_in_front(protocol::socks5, {{3, "HTTP/1.0 400 Bad Request\r\n\r\n"}}, then::end);
  EXPECT_EQ(says(), "what answers is no SOCKS5 proxy");
}

TEST_F(ProxiedConnector, SaysHowAnHttpProxyRefused) {
  put_in_front(protocol::http, http_steps("HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nno\n"), then::end);
  EXPECT_EQ(says(), "the proxy wants a user and a password");
  login("u", "pw");
  EXPECT_EQ(says(), "the proxy refused the login");
  put_in_front(protocol::http, http_steps("HTTP/1.1 502 Bad Gateway\r\n"), then::reset);
  EXPECT_EQ(says(), "the proxy refused the server: HTTP status 502");
  put_in_front(protocol::http, http_steps("\5\xff"), then::end);
  EXPECT_EQ(says(), "what answers is no HTTP proxy");
  put_in_front(protocol::http, http_steps("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')), then::wait);
  EXPECT_EQ(says(), "what answers is no HTTP proxy");
}

TEST_F(ProxiedConnector, SaysThatTheProxyFellSilentOrEnded) {
  put_in_front(protocol::socks5, {{3, "\5"}}, then::wait);
  EXPECT_EQ(says({300ms}), "the proxy does not answer");
  put_in_front(protocol::socks5, {{3, "\5\0"s}, {request_size, {}}}, then::wait);
  const error_code undecided = connect({300ms});
  EXPECT_EQ(undecided.message(), "the proxy has not reached the server in time");
  EXPECT_NE(undecided.default_error_condition(), boost::system::errc::timed_out) << "no block of the network";
  put_in_front(protocol::socks5, {{3, "\5\0"s}, {request_size, "\5\0\0\1"s}}, then::end);
  EXPECT_EQ(says(), "the proxy closed the connection instead of answering");
  put_in_front(protocol::socks5, {{3, "\5\0"s}, {request_size, {}}}, then::reset);
  EXPECT_EQ(says(), "the connection to the proxy failed while it was to reach the server: Connection reset by peer");
  put_in_front(protocol::http, http_steps("HTTP/1.1 20"), then::end);
  EXPECT_EQ(says(), "the proxy closed the connection instead of answering");
}

TEST_F(ProxiedConnector, SaysWhatIsWrongBehindTheProxy) {
  put_in_front(protocol::http, http_steps(), then::wait);
  error_code error = connect({300ms});
  EXPECT_EQ(error.message(), "the server behind the proxy does not answer");
  EXPECT_EQ(error.default_error_condition(), boost::system::errc::timed_out);
  put_in_front(protocol::http, http_steps(), then::end);
  error = connect();
  EXPECT_EQ(error.message().rfind("behind the proxy: the server closed the connection during the TLS handshake", 0), 0U)
      << error.message();
  EXPECT_EQ(error.default_error_condition(), error_code(errc::tls_rejected).default_error_condition());
  put_in_front(protocol::http, http_steps(established + "<html>this is a portal</html>"), then::wait);
  EXPECT_EQ(says().rfind("behind the proxy: ", 0), 0U);
}

// Tor builds a circuit first.
TEST_F(ProxiedConnector, HasPatienceWithAProxyThatHasAnswered) {
  put_in_front(protocol::http, http_steps(), then::wait);
  const auto begin = clock::now();
  EXPECT_EQ(says({.whole = 600ms, .answer = 100ms}), "the server behind the proxy does not answer");
  EXPECT_GE(clock::now() - begin, 600ms);
}

TEST_F(ProxiedConnector, IsAbortedAtOnce) {
  for (const auto& steps : {socks_steps(""), http_steps("")}) {
    put_in_front(steps.size() == 1 ? protocol::http : protocol::socks5, steps, then::wait);
    const auto begin = clock::now();
    timer stop(io, 50ms);
    stop.async_wait([this](error_code) {
      if (dialling != nullptr) dialling->abort();
    });
    EXPECT_EQ(connect(), asio::error::operation_aborted);
    EXPECT_LT(clock::now() - begin, 5s);
  }
}

TEST_F(ProxiedConnector, AsksForNothingThatIsNoHost) {
  put_in_front(protocol::http, http_steps(), then::relay);
  path.host = "a\r\nX: y";
  EXPECT_NE(connect(), error_code());
  EXPECT_EQ(front->heard(), "");
}

task<std::string> talk_and_read(tcp::socket& socket, const proxy_options& by, std::size_t size) {
  const core::target server{"server.test", 8443};
  proxy_progress progress;
  socket.non_blocking(true);
  const error_code error = co_await talk_to_proxy(socket, by, server, progress);
  std::string rest(size, '\0');
  if (error) co_return error.message();
  auto [ended, got] = co_await asio::async_read(socket, asio::buffer(rest), use_result);
  rest.resize(got);
  co_return rest;
}

TEST_F(ProxiedConnector, LeavesWhatFollowsTheAnswerToTheServersReader) {
  const std::string early = "what the server said at once";
  for (const protocol spoken : {protocol::socks5, protocol::http}) {
    put_in_front(spoken, spoken == protocol::http ? http_steps(established + early) : socks_steps(granted + early),
                 then::end);
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), front->port()});
    EXPECT_EQ(test::run(io, talk_and_read(socket, *path.proxy, early.size())), early);
  }
}

}  // namespace
}  // namespace mtcp

// Dials of bridges: the lookup of the server's name, and which of its addresses are tried.
#include "mtcp/net/dial/connector.hpp"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <optional>

#include "mtcp/error.hpp"
#include "net/black_hole.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"
#include "net/tls_listener.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using type = test::name_server::type;
using kind = test::name_server::answer::kind;
using text_list = std::vector<std::string>;

class Connector : public testing::Test {
 protected:
  void silence(const std::string& name) {
    for (const type t : {type::a, type::aaaa}) names.set(name, t, {kind::silence, {}, 60});
  }
  void answer(const text_list& ipv4, const text_list& ipv6 = {}, std::uint32_t ttl = 60) {
    names.set("server.test", type::a, {.addresses = ipv4, .ttl = ttl});
    names.set("server.test", type::aaaa, {.addresses = ipv6, .ttl = ttl});
  }
  void serve_with(const key& one) {
    ring.add(one);
    server_context.emplace(tls_context::server(ring));
    spawn(io.get_executor(), test::serve_tls(server, *server_context));
  }
  error_code connect(connector::time_limits within = {10s}) { return test::run(io, dial(within)); }
  text_list known() const {
    text_list out;
    for (const ip_address& address : book.known.all()) out.push_back(address.to_string());
    return out;
  }
  task<error_code> dial(connector::time_limits within) {
    connector by(io.get_executor(), path, book, within);
    dialling = &by;
    const error_code error = co_await by.connect(context, own);
    dialling = nullptr;
    co_return error;
  }

  asio::io_context io;
  test::name_server names{io.get_executor()};
  tcp::acceptor server{io, {asio::ip::address_v4::loopback(), 0}};
  path_options path{.host = "server.test", .port = server.local_endpoint().port()};
  address_book book{path, {.servers = names.address()}};
  tls_context context = tls_context::client();
  key own = key::generate();
  key_ring ring;
  std::optional<tls_context> server_context;
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
  EXPECT_EQ(test::run(io, dial({10s})), asio::error::operation_aborted);
  EXPECT_TRUE(reached);
}

TEST_F(Connector, SaysThatThereIsNoSuchServer) { EXPECT_EQ(connect(), errc::name_not_found); }

TEST_F(Connector, DoesNotWaitLongerForNameServersThanForAnythingElse) {
  silence("server.test");
  const auto begin = clock::now();
  EXPECT_EQ(connect({100ms}), errc::lookup_failed);
  EXPECT_LT(clock::now() - begin, 3s);
}

// A client that stops must not wait for name servers that do not answer.
TEST_F(Connector, StopsWaitingForNameServersAtOnce) {
  silence("server.test");
  const auto begin = clock::now();
  timer stop(io, 50ms);
  stop.async_wait([this](error_code) {
    if (dialling != nullptr) dialling->abort();
  });
  EXPECT_EQ(test::run(io, dial({10s})), asio::error::operation_aborted);
  EXPECT_LT(clock::now() - begin, 3s);
}

// To loopback a connection is made at once: its success waits in the queue while the socket is closed.
TEST_F(Connector, MayBeStoppedInTheTurnInWhichItConnects) {
  path.host = "127.0.0.1";
  std::optional<error_code> result;
  spawn(io.get_executor(), test::store(dial({10s}), result));
  asio::post(io, [this] { dialling->abort(); });
  while (!result && io.run_one_for(10s) != 0) continue;
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, asio::error::operation_aborted);
}

TEST_F(Connector, KeepsThePacketsOfBothEndsSmall) {
  path.host = "127.0.0.1";
  path.max_segment = 1'000;
  asio::detail::socket_option::integer<IPPROTO_TCP, TCP_MAXSEG> of_the_server;
  server.async_accept([&](error_code error, const tcp::socket& accepted) {
    if (!error) accepted.get_option(of_the_server);
    if (dialling != nullptr) dialling->abort();
  });
  EXPECT_EQ(test::run(io, dial({10s})), asio::error::operation_aborted);
  EXPECT_GT(of_the_server.value(), 900);
  EXPECT_LE(of_the_server.value(), 1'000);
}

// A dual-stack server where IPv6 is configured and leads nowhere.
TEST_F(Connector, TriesTheOtherFamilyBesideOneThatLeadsNowhere) {
  test::black_hole nowhere(io, "::1", path.port);
  answer({"127.0.0.1"}, {"::1"});
  serve_with(own);
  const auto begin = clock::now();
  EXPECT_EQ(connect(), error_code());
  EXPECT_LT(clock::now() - begin, 5s);
  EXPECT_EQ(known(), text_list{"127.0.0.1"});
}

// TCP repeats a SYN after a second, which may prolong a block.
TEST_F(Connector, WaitsForAnAnswerNoLongerThanItIsTold) {
  path.host = "127.0.0.1";
  server.close();
  test::black_hole nowhere(io, "127.0.0.1", path.port);
  const auto begin = clock::now();
  EXPECT_EQ(connect({.whole = 10s, .answer = 300ms}), asio::error::timed_out);
  EXPECT_LT(clock::now() - begin, 5s);
}

TEST_F(Connector, TakesItsTimeOnceItIsAnswered) {
  path.host = "127.0.0.1";  // accepted by the kernel, and not served: TLS gets no answer
  const auto begin = clock::now();
  EXPECT_EQ(connect({.whole = 300ms, .answer = 100ms}), asio::error::timed_out);
  EXPECT_GE(clock::now() - begin, 300ms);
}

TEST_F(Connector, TriesTheAddressFirstThatWorkedLast) {
  tcp::acceptor other(io, {asio::ip::make_address("127.0.0.2"), path.port});
  answer({"127.0.0.2", "127.0.0.1"}, {}, 0);
  bool passed_over = true;
  other.async_accept([&](error_code error, const tcp::socket&) { passed_over = bool(error); });
  book.known.worked(asio::ip::make_address("127.0.0.1"));
  serve_with(own);
  EXPECT_EQ(connect(), error_code());
  EXPECT_TRUE(passed_over);
}

TEST_F(Connector, RemembersNoAddressThatDoesNotHaveTheKey) {
  answer({"127.0.0.1"});
  serve_with(key::generate());
  EXPECT_EQ(connect(), errc::tls_rejected);
  EXPECT_EQ(known(), text_list{});
}

// What was kept may be what a captive portal had said.
TEST_F(Connector, AsksAnewAfterAFailure) {
  answer({"127.0.0.1"});
  server.close();
  EXPECT_EQ(connect(), asio::error::connection_refused);
  EXPECT_EQ(connect(), asio::error::connection_refused);
  EXPECT_EQ(names.questions("server.test"), 4);  // twice one of each type
}

TEST_F(Connector, ReachesAKnownAddressWhenNameServersAreSilent) {
  answer({"127.0.0.1"}, {}, 0);
  serve_with(own);
  EXPECT_EQ(connect(), error_code());
  silence("server.test");
  const auto begin = clock::now();
  EXPECT_EQ(connect(), error_code());
  EXPECT_GE(clock::now() - begin, 900ms) << "the name servers had their second";
  EXPECT_LT(clock::now() - begin, 5s);
}

TEST_F(Connector, ReachesAKnownAddressWhenTheLookupFails) {
  book.known.worked(asio::ip::make_address("127.0.0.1"));
  for (const type t : {type::a, type::aaaa}) names.set("server.test", t, {kind::failure, {}, 60});
  serve_with(own);
  EXPECT_EQ(connect(), error_code());
}

TEST_F(Connector, TriesAKnownAddressAgainWhileNameServersAreSilent) {
  book.known.worked(asio::ip::make_address("127.0.0.1"));
  silence("server.test");
  const tcp::endpoint at = server.local_endpoint();
  server.close();
  timer restart(io, 1500ms);
  restart.async_wait([&](error_code) {
    server = tcp::acceptor(io, at);
    serve_with(own);
  });
  EXPECT_EQ(connect(), error_code());
}

// The question that was lost is asked again after 2 s.
TEST_F(Connector, ReachesTheNewAddressOfAServerThatHasMoved) {
  test::black_hole nowhere(io, "127.0.0.2", path.port);
  book.known.worked(asio::ip::make_address("127.0.0.2"));
  silence("server.test");
  timer back(io, 500ms);
  back.async_wait([this](error_code) { answer({"127.0.0.1"}); });
  serve_with(own);
  const auto begin = clock::now();
  EXPECT_EQ(connect(), error_code());
  EXPECT_LT(clock::now() - begin, 6s);
  EXPECT_EQ(known(), (text_list{"127.0.0.1", "127.0.0.2"}));
}

TEST_F(Connector, SaysThatTheLookupFailedAndNotTheDial) {
  test::black_hole nowhere(io, "127.0.0.2", path.port);
  book.known.worked(asio::ip::make_address("127.0.0.2"));
  silence("server.test");
  EXPECT_EQ(connect({1500ms}), errc::lookup_failed);
  path.host = "127.0.0.2";
  EXPECT_EQ(connect({100ms}), asio::error::timed_out);
}

}  // namespace
}  // namespace mtcp

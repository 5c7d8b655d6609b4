// Who may join what at a server, and what strangers get.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "mtcp/error.hpp"
#include "mtcp/net/tls/handshake.hpp"
#include "mtcp/net/tls/tls_driver.hpp"
#include "net/tunnel_lab.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;

class acceptor_test : public tunnel_lab {
 protected:
  tcp::socket dial() {
    tcp::socket socket(io_.get_executor());
    socket.connect(server_endpoint());
    socket.set_option(tcp::protocol::no_delay(true));
    return socket;
  }
};

/// Everything that a server sends until it closes.
task<std::string> all_of(tcp::socket& from) {
  std::string text;
  auto [error, size] = co_await asio::async_read(from, asio::dynamic_buffer(text), use_result);
  EXPECT_TRUE(error) << "it must close after " << size;
  co_return text;
}

/// A bridge by hand: TLS, a HELLO, and what comes back.
struct visitor {
  explicit visitor(tcp::socket socket) : channel(std::move(socket)) {}
  secure_channel channel;
  tls_context tls = tls_context::client();

  task<result<core::welcome>> greet(const key& own, core::hello hello) {
    error_code error = co_await channel.connect(tls, own);
    if (error) co_return error;
    error = co_await send_hello(channel, hello);
    if (error) co_return error;
    auto got = co_await receive_welcome(channel);
    if (!got) co_return got.error();
    co_return got->message;
  }
};

core::hello create() {
  core::hello hello;
  hello.bridge = 1;
  return hello;
}

core::hello join(const core::welcome& to, core::bridge_id id) {
  core::hello hello;
  hello.session = to.session;
  hello.secret = to.secret;
  hello.instance = to.instance;
  hello.bridge = id;
  return hello;
}

// ---- strangers ----

TEST_F(acceptor_test, the_silent_are_closed_without_a_byte) {
  server_options_.admission.deadline = milliseconds(200);
  start_server();
  tcp::socket silent = dial();
  EXPECT_EQ(run_for(all_of(silent)), "");
  EXPECT_EQ(server_->snapshot().strangers_total, 1u);
  EXPECT_EQ(server_->snapshot().pending, 0u);
}

TEST_F(acceptor_test, junk_gets_no_answer) {
  server_options_.admission.deadline = milliseconds(300);
  start_server();
  for (const std::string& junk : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\0'),
                                  std::string("\x16\x03\x01\x02", 4) + std::string(600, 'z')}) {
    tcp::socket stranger = dial();
    asio::write(stranger, asio::buffer(junk));
    EXPECT_EQ(run_for(all_of(stranger)), "");
  }
}

TEST_F(acceptor_test, one_who_says_no_hello_is_closed) {
  server_options_.admission.deadline = milliseconds(300);
  start_server();
  visitor idle(dial());
  ASSERT_EQ(run_for(idle.channel.connect(idle.tls, key_)), error_code());
  std::vector<core::slice> nothing;
  EXPECT_NE(run_for(idle.channel.read(nothing)), error_code());
  EXPECT_TRUE(nothing.empty());
}

TEST_F(acceptor_test, the_silent_cost_no_tls_and_keep_nobody_out) {
  server_options_.admission.waiting_most = 20;
  start_server();
  const std::size_t before = tls_driver::live();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(dial());
  ASSERT_TRUE(reaches([&] { return server_->snapshot().turned_away_total == 10; })) << "the oldest make room";
  EXPECT_EQ(run_for(all_of(silent.front())), "");
  EXPECT_EQ(server_->snapshot().silent, 20u);
  EXPECT_EQ(server_->snapshot().pending, 20u);
  EXPECT_EQ(tls_driver::live(), before);
  visitor welcome(dial());
  EXPECT_TRUE(run_for(welcome.greet(key_, create())));
  EXPECT_EQ(server_->snapshot().silent, 19u) << "it took a place itself until it spoke";
  silent.clear();
  EXPECT_TRUE(reaches([&] { return server_->snapshot().pending == 0; }));
  EXPECT_EQ(server_->snapshot().strangers_total, 19u);
}

TEST_F(acceptor_test, those_that_begin_to_speak_are_limited_and_keep_nobody_out) {
  server_options_.admission.pending_per_address = 3;
  start_server();
  std::vector<tcp::socket> slow;
  for (int i = 0; i < 5; ++i) {
    slow.push_back(dial());
    asio::write(slow.back(), asio::buffer("\x16\x03", 2));
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().turned_away_total == 2; }));
  EXPECT_EQ(server_->snapshot().pending, 3u);
  EXPECT_EQ(server_->snapshot().silent, 0u);
  visitor welcome(dial());
  EXPECT_TRUE(run_for(welcome.greet(key_, create())));
}

TEST_F(acceptor_test, one_session_may_dial_as_often_as_it_likes) {
  start_server();
  visitor first(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  for (core::bridge_id id = 2; id <= 200; ++id) {
    visitor next(dial());
    const auto joined = run_for(next.greet(key_, join(*created, id)));
    ASSERT_TRUE(joined) << id;
    ASSERT_EQ(joined->status, core::welcome_status::ok) << id;
  }
  EXPECT_EQ(server_->snapshot().turned_away_total, 0u);
}

TEST_F(acceptor_test, one_session_may_have_128_bridges) {
  start_server();
  start_tunnel(128);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 128; }));
  EXPECT_EQ(server_->snapshot().turned_away_total, 0u);
}

/// What a load balancer says in front of a connection from 192.0.2.`host`.
std::string introduction(char host) {
  return std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16) + "\xc0" + std::string("\0\x02", 2) + host +
         std::string("\x7f\0\0\x01\x10\x10\x20\xfb", 8);
}

TEST_F(acceptor_test, counts_whom_a_trusted_proxy_brings_by_their_own_address) {
  server_options_.trusted_proxies = {network::parse("127.0.0.0/8").value()};
  server_options_.admission.pending_per_address = 1;
  server_options_.admission.burst_per_address = 1;
  server_options_.admission.rate_per_address = 0.001;
  start_server();
  const auto brought = [&](char host) {
    tcp::socket socket = dial();
    asio::write(socket, asio::buffer(introduction(host)));
    return socket;
  };
  tcp::socket one = brought(1), other = brought(2);
  ASSERT_TRUE(reaches([&] { return server_->snapshot().pending == 2; }));
  EXPECT_EQ(server_->snapshot().silent, 2u);
  asio::write(one, asio::buffer("\x16", 1));
  asio::write(other, asio::buffer("\x16", 1));
  ASSERT_TRUE(reaches([&] { return server_->snapshot().silent == 0; }));
  tcp::socket again = brought(1);
  asio::write(again, asio::buffer("\x16", 1));
  EXPECT_EQ(run_for(all_of(again)), "");
  EXPECT_EQ(server_->snapshot().turned_away_total, 1u);
  EXPECT_EQ(server_->snapshot().pending, 2u);
  visitor guest(brought(3));
  EXPECT_TRUE(run_for(guest.greet(key_, create()))) << "TLS follows the header";
}

TEST_F(acceptor_test, the_silent_of_a_trusted_proxy_keep_nobody_out) {
  server_options_.trusted_proxies = {network::parse("127.0.0.0/8").value()};
  server_options_.admission.waiting_most = 10;
  start_server();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(dial());
    if (i % 2 == 0) asio::write(silent.back(), asio::buffer(introduction(static_cast<char>(i))));
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().turned_away_total == 10; }));
  tcp::socket socket = dial();
  asio::write(socket, asio::buffer(introduction(100)));
  visitor guest(std::move(socket));
  EXPECT_TRUE(run_for(guest.greet(key_, create())));
}

TEST_F(acceptor_test, closes_a_trusted_proxy_that_says_no_or_a_wrong_header) {
  server_options_.trusted_proxies = {network::parse("127.0.0.1").value()};
  server_options_.admission.deadline = milliseconds(200);
  start_server();
  for (const std::string& said : {std::string(), introduction(1).substr(0, 20), std::string(64, 'x')}) {
    tcp::socket socket = dial();
    asio::write(socket, asio::buffer(said));
    EXPECT_EQ(run_for(all_of(socket)), "");
  }
  EXPECT_EQ(server_->snapshot().strangers_total, 3u);
}

TEST_F(acceptor_test, learns_of_other_trusted_proxies) {
  server_options_.trusted_proxies = {network::parse("127.0.0.1").value()};
  start_server();
  server_->set_trusted_proxies({});
  visitor honest(dial());
  EXPECT_TRUE(run_for(honest.greet(key_, create()))) << "it need not introduce anybody";
}

TEST_F(acceptor_test, takes_an_introduction_from_nobody_else) {
  server_options_.trusted_proxies = {network::parse("192.0.2.0/24").value()};
  start_server();
  tcp::socket liar = dial();
  asio::write(liar, asio::buffer(introduction(1)));
  EXPECT_EQ(run_for(all_of(liar)), "");
  visitor honest(dial());
  EXPECT_TRUE(run_for(honest.greet(key_, create())));
}

TEST_F(acceptor_test, serves_while_strangers_wait) {
  start_server();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 10; ++i) silent.push_back(dial());
  start_tunnel(2);
  stream peer = run_for(open("source", 1));
  EXPECT_EQ(run_for(receive_all(peer)).size, std::uint64_t{1} << 20);
}

TEST_F(acceptor_test, another_key_is_refused) {
  start_server();
  visitor stranger(dial());
  const key other = key::generate();
  EXPECT_FALSE(run_for(stranger.greet(other, create())));
  EXPECT_TRUE(server_->snapshot().tunnels.empty());
}

// ---- sessions ----

TEST_F(acceptor_test, creates_and_joins) {
  start_server();
  visitor first(dial()), second(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  EXPECT_EQ(created->status, core::welcome_status::ok);
  EXPECT_NE(created->session, core::session_id{});
  const auto joined = run_for(second.greet(key_, join(*created, 2)));
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->status, core::welcome_status::ok);
  EXPECT_EQ(joined->secret, core::join_secret{}) << "told once is enough";
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 2; }));
}

TEST_F(acceptor_test, a_session_is_joined_by_its_owner_only) {
  const key other = key::generate();
  server_options_.keys.add(other);
  start_server();
  visitor owner(dial());
  const auto created = run_for(owner.greet(key_, create()));
  ASSERT_TRUE(created);
  visitor thief(dial());  // another user, who has even learned the secret
  EXPECT_EQ(run_for(thief.greet(other, join(*created, 2)))->status, core::welcome_status::unknown_session);
  visitor guesser(dial());
  core::hello guess = join(*created, 2);
  guess.secret.back() ^= std::byte{1};
  EXPECT_EQ(run_for(guesser.greet(key_, guess))->status, core::welcome_status::unknown_session);
  visitor lost(dial());
  core::hello unknown = join(*created, 2);
  unknown.session.front() ^= std::byte{1};
  EXPECT_EQ(run_for(lost.greet(key_, unknown))->status, core::welcome_status::unknown_session);
  visitor astray(dial());
  core::hello foreign = join(*created, 2);
  foreign.instance.front() ^= std::byte{1};
  EXPECT_EQ(run_for(astray.greet(key_, foreign))->status, core::welcome_status::foreign_instance);
  EXPECT_EQ(server_->snapshot().tunnels.at(0).bridges.size(), 1u);
}

TEST_F(acceptor_test, ids_of_bridges_are_used_once) {
  start_server();
  visitor first(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  visitor again(dial());
  EXPECT_EQ(run_for(again.greet(key_, join(*created, 1)))->status, core::welcome_status::refused);
  {
    visitor second(dial());
    EXPECT_EQ(run_for(second.greet(key_, join(*created, 2)))->status, core::welcome_status::ok);
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 1; }));
  visitor late(dial());
  EXPECT_EQ(run_for(late.greet(key_, join(*created, 2)))->status, core::welcome_status::refused);
}

TEST_F(acceptor_test, sessions_and_bridges_are_limited) {
  const key other = key::generate();
  server_options_.keys.add(other);
  server_options_.sessions_per_key = 2;
  server_options_.bridges_per_session = 2;
  start_server();
  visitor a(dial()), b(dial()), c(dial()), d(dial());
  const auto first = run_for(a.greet(key_, create()));
  EXPECT_EQ(first->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(b.greet(key_, create()))->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(c.greet(key_, create()))->status, core::welcome_status::limit);
  EXPECT_EQ(run_for(d.greet(other, create()))->status, core::welcome_status::ok);
  visitor e(dial()), f(dial());
  EXPECT_EQ(run_for(e.greet(key_, join(*first, 2)))->status, core::welcome_status::ok);
  EXPECT_EQ(run_for(f.greet(key_, join(*first, 3)))->status, core::welcome_status::limit);
}

TEST_F(acceptor_test, a_session_ends_when_no_bridge_comes_back) {
  server_options_.resume_timeout = milliseconds(200);
  start_server();
  core::welcome created;
  {
    visitor only(dial());
    created = *run_for(only.greet(key_, create()));
    ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.empty(); }));
  visitor late(dial());
  EXPECT_EQ(run_for(late.greet(key_, join(created, 2)))->status, core::welcome_status::unknown_session);
}

TEST_F(acceptor_test, another_version_is_told_so) {
  start_server();
  visitor modern(dial());
  core::hello hello = create();
  hello.version = 99;
  const auto answer = run_for(modern.greet(key_, hello));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, core::welcome_status::version);
  EXPECT_TRUE(server_->snapshot().tunnels.empty());
}

TEST_F(acceptor_test, frames_that_break_the_protocol_end_the_session) {
  start_server();
  visitor rude(dial());
  ASSERT_TRUE(run_for(rude.greet(key_, create())));
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  const std::vector<std::byte> nonsense(64, std::byte{0x07});
  EXPECT_EQ(rude.channel.write(nonsense), error_code());
  EXPECT_TRUE(reaches([&] {
    const auto now = server_->snapshot();
    return now.tunnels.empty() || now.tunnels[0].bridges.empty();
  }));
}

TEST_F(acceptor_test, new_keys_count_for_new_bridges) {
  start_server();
  const key other = key::generate();
  key_ring ring;
  ring.add(other);
  server_->set_keys(ring);
  visitor old(dial()), fresh(dial());
  EXPECT_FALSE(run_for(old.greet(key_, create())));
  EXPECT_TRUE(run_for(fresh.greet(other, create())));
}

TEST_F(acceptor_test, tunnels_of_keys_that_are_gone_end) {
  const key other = key::generate();
  key_ring both;
  both.add(key_);
  both.add(other);
  start_server();
  server_->set_keys(both);
  visitor revoked(dial()), kept(dial());
  ASSERT_TRUE(run_for(revoked.greet(key_, create())));
  ASSERT_TRUE(run_for(kept.greet(other, create())));
  ASSERT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 2; }));
  key_ring one;
  one.add(other);
  server_->set_keys(one);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.size() == 1; }));
  EXPECT_EQ(server_->snapshot().tunnels.at(0).user, to_string(other.id()));
}

// ---- listening ----

TEST_F(acceptor_test, a_taken_port_is_an_error_that_names_it) {
  start_server();
  acceptor_options options = server_options_;
  options.listen = {server_endpoint()};
  try {
    acceptor second(io_, options);
    FAIL() << "two servers on one port";
  } catch (const boost::system::system_error& e) {
    EXPECT_EQ(e.code(), asio::error::address_in_use);
    EXPECT_NE(std::string(e.what()).find(std::to_string(server_endpoint().port())), std::string::npos);
  }
}

// Takes away all descriptors but those that are open.
class descriptor_shortage {
 public:
  descriptor_shortage() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~descriptor_shortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(acceptor_test, survives_a_shortage_of_descriptors) {
  start_server();
  // The sanitizer needs a descriptor whenever it meets a class for the first time, so it must meet these earlier.
  visitor early(dial());
  EXPECT_EQ(run_for(early.greet(key_, create())).error(), error_code());
  tcp::socket unlucky(io_.get_executor(), tcp::protocol::v4());
  {
    const descriptor_shortage shortage;
    unlucky.connect(server_endpoint());
    EXPECT_EQ(run_for(all_of(unlucky)), "") << "one that cannot be served is closed, not left waiting";
    std::size_t turns = 0;
    const auto end = std::chrono::steady_clock::now() + milliseconds(300);
    io_.restart();
    while (std::chrono::steady_clock::now() < end) turns += io_.run_one_until(end);
    EXPECT_LT(turns, 100u) << "it must not spin";
  }
  visitor late(dial());
  EXPECT_EQ(run_for(late.greet(key_, create())).error(), error_code());
}

TEST_F(acceptor_test, listens_on_both_families) {
  server_options_.listen = {tcp::endpoint(asio::ip::address_v6::any(), 0)};
  start_server();
  const std::uint16_t port = server_endpoint().port();
  for (const char* host : {"127.0.0.1", "::1"}) {
    tcp::socket socket(io_.get_executor());
    socket.connect(tcp::endpoint(asio::ip::make_address(host), port));
    visitor v(std::move(socket));
    EXPECT_TRUE(run_for(v.greet(key_, create()))) << host;
  }
}

TEST_F(acceptor_test, needs_a_key_and_an_address) {
  acceptor_options options;
  options.listen = server_options_.listen;
  EXPECT_THROW(acceptor(io_, options), std::invalid_argument);
  options = server_options_;
  options.listen.clear();
  EXPECT_THROW(acceptor(io_, options), std::invalid_argument);
  EXPECT_THROW(tunnel(io_, {.key = key_}), std::invalid_argument);
}

}  // namespace
}  // namespace mtcp::test

// What connections get at a server that have not said a valid HELLO, and what they may not keep others from.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "mtcp/net/tls/tls_driver.hpp"
#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;
using AcceptorStrangers = raw_client_lab;

TEST_F(AcceptorStrangers, TheSilentAreClosedWithoutAByte) {
  server_options_.admission.deadline = milliseconds(200);
  start_server();
  tcp::socket silent = dial();
  EXPECT_EQ(run_for(all_of(silent)), "");
  EXPECT_EQ(server_->snapshot().strangers_total, 1u);
  EXPECT_EQ(server_->snapshot().pending, 0u);
}

TEST_F(AcceptorStrangers, JunkGetsNoAnswer) {
  server_options_.admission.deadline = milliseconds(300);
  start_server();
  for (const std::string& junk : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(1000, '\0'),
                                  std::string("\x16\x03\x01\x02", 4) + std::string(600, 'z')}) {
    tcp::socket stranger = dial();
    asio::write(stranger, asio::buffer(junk));
    EXPECT_EQ(run_for(all_of(stranger)), "");
  }
}

TEST_F(AcceptorStrangers, OneWhoSaysNoHelloIsClosed) {
  server_options_.admission.deadline = milliseconds(300);
  start_server();
  raw_client idle(dial());
  ASSERT_EQ(run_for(idle.channel.connect(idle.tls, key_)), error_code());
  std::vector<core::slice> nothing;
  EXPECT_NE(run_for(idle.channel.read(nothing)), error_code());
  EXPECT_TRUE(nothing.empty());
}

TEST_F(AcceptorStrangers, TheSilentCostNoTlsAndKeepNobodyOut) {
  server_options_.admission.max_waiting = 20;
  start_server();
  const std::size_t before = tls_driver::live();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 30; ++i) silent.push_back(dial());
  ASSERT_TRUE(reaches([&] { return server_->snapshot().turned_away_total == 10; })) << "the oldest make room";
  EXPECT_EQ(run_for(all_of(silent.front())), "");
  EXPECT_EQ(server_->snapshot().silent, 20u);
  EXPECT_EQ(server_->snapshot().pending, 20u);
  EXPECT_EQ(tls_driver::live(), before);
  raw_client client(dial());
  EXPECT_TRUE(run_for(client.greet(key_, create())));
  EXPECT_EQ(server_->snapshot().silent, 19u) << "it took a place itself until it spoke";
  silent.clear();
  EXPECT_TRUE(reaches([&] { return server_->snapshot().pending == 0; }));
  EXPECT_EQ(server_->snapshot().strangers_total, 19u);
}

TEST_F(AcceptorStrangers, ThoseThatBeginToSpeakAreLimitedAndKeepNobodyOut) {
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
  raw_client client(dial());
  EXPECT_TRUE(run_for(client.greet(key_, create())));
}

TEST_F(AcceptorStrangers, OneSessionMayDialAsOftenAsItLikes) {
  start_server();
  raw_client first(dial());
  const auto created = run_for(first.greet(key_, create()));
  ASSERT_TRUE(created);
  for (core::bridge_id id = 2; id <= 200; ++id) {
    raw_client next(dial());
    const auto joined = run_for(next.greet(key_, join(*created, id)));
    ASSERT_TRUE(joined) << id;
    ASSERT_EQ(joined->status, core::welcome_status::ok) << id;
  }
  EXPECT_EQ(server_->snapshot().turned_away_total, 0u);
}

TEST_F(AcceptorStrangers, OneSessionMayHave128Bridges) {
  start_server();
  start_tunnel(128);
  EXPECT_TRUE(reaches([&] { return server_->snapshot().tunnels.at(0).bridges.size() == 128; }));
  EXPECT_EQ(server_->snapshot().turned_away_total, 0u);
}

TEST_F(AcceptorStrangers, ServesWhileStrangersWait) {
  start_server();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 10; ++i) silent.push_back(dial());
  start_tunnel(2);
  stream peer = run_for(open("source", 1));
  EXPECT_EQ(run_for(receive_all(peer)).size, std::uint64_t{1} << 20);
}

TEST_F(AcceptorStrangers, AnotherKeyIsRefused) {
  start_server();
  raw_client stranger(dial());
  const key other = key::generate();
  EXPECT_FALSE(run_for(stranger.greet(other, create())));
  EXPECT_TRUE(server_->snapshot().tunnels.empty());
}

}  // namespace
}  // namespace mtcp::test

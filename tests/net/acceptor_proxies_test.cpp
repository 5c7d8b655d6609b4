// Load balancers in front of a server, which say for whom they connect.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "net/raw_client.hpp"

namespace mtcp::test {
namespace {

using std::chrono::milliseconds;
using AcceptorProxies = raw_client_lab;

/// What a load balancer says in front of a connection from 192.0.2.`host`.
std::string proxy_header(char host) {
  return std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16) + "\xc0" + std::string("\0\x02", 2) + host +
         std::string("\x7f\0\0\x01\x10\x10\x20\xfb", 8);
}

TEST_F(AcceptorProxies, CountsWhomATrustedProxyBringsByTheirOwnAddress) {
  server_options_.trusted_proxies = {network::parse("127.0.0.0/8").value()};
  server_options_.admission.pending_per_address = 1;
  server_options_.admission.burst_per_address = 1;
  server_options_.admission.rate_per_address = 0.001;
  start_server();
  const auto brought = [&](char host) {
    tcp::socket socket = dial();
    asio::write(socket, asio::buffer(proxy_header(host)));
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
  raw_client client(brought(3));
  EXPECT_TRUE(run_for(client.greet(key_, create()))) << "TLS follows the header";
}

TEST_F(AcceptorProxies, TheSilentOfATrustedProxyKeepNobodyOut) {
  server_options_.trusted_proxies = {network::parse("127.0.0.0/8").value()};
  server_options_.admission.max_waiting = 10;
  start_server();
  std::vector<tcp::socket> silent;
  for (int i = 0; i < 20; ++i) {
    silent.push_back(dial());
    if (i % 2 == 0) asio::write(silent.back(), asio::buffer(proxy_header(static_cast<char>(i))));
  }
  ASSERT_TRUE(reaches([&] { return server_->snapshot().turned_away_total == 10; }));
  tcp::socket socket = dial();
  asio::write(socket, asio::buffer(proxy_header(100)));
  raw_client client(std::move(socket));
  EXPECT_TRUE(run_for(client.greet(key_, create())));
}

TEST_F(AcceptorProxies, ClosesATrustedProxyThatSaysNoOrAWrongHeader) {
  server_options_.trusted_proxies = {network::parse("127.0.0.1").value()};
  server_options_.admission.deadline = milliseconds(200);
  start_server();
  for (const std::string& said : {std::string(), proxy_header(1).substr(0, 20), std::string(64, 'x')}) {
    tcp::socket socket = dial();
    asio::write(socket, asio::buffer(said));
    EXPECT_EQ(run_for(all_of(socket)), "");
  }
  EXPECT_EQ(server_->snapshot().strangers_total, 3u);
}

TEST_F(AcceptorProxies, LearnsOfOtherTrustedProxies) {
  server_options_.trusted_proxies = {network::parse("127.0.0.1").value()};
  start_server();
  server_->set_trusted_proxies({});
  raw_client honest(dial());
  EXPECT_TRUE(run_for(honest.greet(key_, create()))) << "it need not introduce anybody";
}

TEST_F(AcceptorProxies, TakesAnIntroductionFromNobodyElse) {
  server_options_.trusted_proxies = {network::parse("192.0.2.0/24").value()};
  start_server();
  tcp::socket liar = dial();
  asio::write(liar, asio::buffer(proxy_header(1)));
  EXPECT_EQ(run_for(all_of(liar)), "");
  raw_client honest(dial());
  EXPECT_TRUE(run_for(honest.greet(key_, create())));
}

}  // namespace
}  // namespace mtcp::test

#include "client/redirection.hpp"

#include <gtest/gtest.h>

namespace mtcp::client {
namespace {

ip_address ip(const char* text) { return asio::ip::make_address(text); }

std::optional<std::vector<ip_address>> own() {
  return std::vector<ip_address>{ip("192.168.1.1"), ip("198.51.100.2"), ip("2001:db8::2"), ip("fe80::1")};
}

redirection judged(const char* to, std::uint16_t port = 443) {
  const own_addresses here(own);
  return judge(here, ip(to), port);
}

TEST(Redirection, LeadsAnywhereElse) {
  for (const char* to : {"203.0.113.9", "2001:db8:8::1", "192.168.2.9"})  // the server says which it reaches
    EXPECT_EQ(judged(to), redirection::good) << to;
}

TEST(Redirection, RefusesWhatIsMeantForThisMachine) {
  for (const char* to : {"127.0.0.1", "127.9.9.9", "::1", "192.168.1.1", "198.51.100.2", "2001:db8::2",
                         "::ffff:198.51.100.2", "fe80::1"})
    EXPECT_EQ(judged(to), redirection::to_this_machine) << to;
}

TEST(Redirection, RefusesWhatLeadsNowhere) {
  for (const char* to : {"0.0.0.0", "::", "224.0.0.251", "ff02::fb"}) EXPECT_EQ(judged(to), redirection::nowhere) << to;
  EXPECT_EQ(judged("203.0.113.9", 0), redirection::nowhere);
}

// Sockets of this process stand for those of the client.
TEST(RedirectionGuard, KnowsWhatThisProcessHasSent) {
  asio::io_context io;
  redirection_guard guard;
  tcp::acceptor server(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.connect(server.local_endpoint());
  EXPECT_TRUE(guard.is_own(client.local_endpoint()));
  const tcp::endpoint gone = client.local_endpoint();
  client.close();
  EXPECT_FALSE(guard.is_own(gone));
  EXPECT_FALSE(guard.is_own(udp::endpoint(server.local_endpoint().address(), server.local_endpoint().port())));
  EXPECT_TRUE(guard.is_own(server.local_endpoint()));
  EXPECT_FALSE(guard.is_own(tcp::endpoint(ip("192.0.2.1"), server.local_endpoint().port()))) << "another machine";
}

TEST(RedirectionGuard, KnowsASocketThatHasNoAddressOfItsOwn) {
  asio::io_context io;
  redirection_guard guard;
  const udp::socket everywhere(io, {udp::protocol::v6(), 0});
  const std::uint16_t port = everywhere.local_endpoint().port();
  for (const char* address : {"127.0.0.1", "::1"}) EXPECT_TRUE(guard.is_own(udp::endpoint(ip(address), port)));
  EXPECT_FALSE(guard.is_own(tcp::endpoint(ip("127.0.0.1"), port)));
}

}  // namespace
}  // namespace mtcp::client

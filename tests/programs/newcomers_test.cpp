#include "client/newcomers.hpp"

#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <utility>

namespace mtcp::client {
namespace {

struct Newcomers : testing::Test {
  struct connection {
    connection(tcp::socket from, tcp::socket to) : application(std::move(from)), served(std::move(to)) {}
    tcp::socket application, served;
    std::optional<newcomers::stay> place{};
  };

  /// From 127.0.0.`host`.
  connection& come(unsigned host) {
    tcp::socket application(io, tcp::endpoint(asio::ip::address_v4(0x7f000000 + host), 0));
    application.connect(front.local_endpoint());
    connection& one = all.emplace_back(std::move(application), front.accept());
    one.place.emplace(among, one.served);
    return one;
  }

  asio::io_context io;
  tcp::acceptor front{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  newcomers among{3};
  std::list<connection> all;
};

TEST_F(Newcomers, TakePlacesFromTheirOwnAddress) {
  connection& lonely = come(2);
  connection& first = come(1);
  connection& second = come(1);
  connection& third = come(1);
  EXPECT_FALSE(first.served.is_open());
  EXPECT_TRUE(lonely.served.is_open() && second.served.is_open() && third.served.is_open());
  EXPECT_EQ(among.size(), 3u);
  first.place.reset();  // it goes after it was closed
  EXPECT_EQ(among.size(), 3u);
}

TEST_F(Newcomers, ThatHaveLoggedInStay) {
  connection& user = come(1);
  user.place.reset();
  for (int i = 0; i < 10; ++i) come(1);
  EXPECT_TRUE(user.served.is_open());
  EXPECT_EQ(among.size(), 3u);
}

}  // namespace
}  // namespace mtcp::client

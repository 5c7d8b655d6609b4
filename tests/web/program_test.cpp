#include "status/program.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "client/settings.hpp"
#include "programs/given.hpp"
#include "server/settings.hpp"
#include "web/snapshots.hpp"

namespace mtcp::status {
namespace {

using list = std::vector<std::string>;

setting of_client(list more) {
  list all{"--key-file", "k", "--server", "a"};
  all.insert(all.end(), more.begin(), more.end());
  return client::read_settings(all, test::variables()).status;
}

std::unique_ptr<status_server> open(asio::io_context& io, const setting& s) {
  return open_status(io.get_executor(), s, {}, [] { return acceptor_snapshot(); });
}

TEST(StatusOption, HasADefaultOnLoopback) {
  EXPECT_EQ(of_client({}).where, (std::vector{core::target{"127.0.0.1", 8088}}));
  EXPECT_FALSE(of_client({}).asked_for);
  const auto server = server::read_settings({"--key-file", "k"}, test::variables());
  EXPECT_EQ(server.status.where, (std::vector{core::target{"127.0.0.1", 8089}}));
}

TEST(StatusOption, IsAnAddressOrNone) {
  EXPECT_EQ(of_client({"--status", "[::1]:99"}).where, (std::vector{core::target{"::1", 99}}));
  EXPECT_TRUE(of_client({"--status", "[::1]:99"}).asked_for);
  EXPECT_TRUE(of_client({"--status", "none"}).where.empty());
  EXPECT_EQ(of_client({"--status", "[::1]:99", "--status", ":98"}).where.size(), 2U);
  test::expect_error(64, "--status", [] { of_client({"--status", "8088"}); });
}

TEST(StatusOption, HasOtherNames) {
  EXPECT_EQ(of_client({"--status-host", "Stats.example", "--status-host", "b"}).hosts,
            (std::vector<std::string>{"stats.example", "b"}));
  for (const char* wrong : {"a:8088", "http://a", "a b"})
    test::expect_error(64, "--status-host", [&] { of_client({"--status-host", wrong}); });
}

TEST(StatusOption, HealthNeedsNoKey) {
  const auto s = client::read_settings({"--status", "127.0.0.1:5", "health"}, test::variables());
  EXPECT_EQ(s.what, client::settings::action::health);
  EXPECT_EQ(s.status.where, (std::vector{core::target{"127.0.0.1", 5}}));
  EXPECT_EQ(server::read_settings({"health"}, test::variables()).what, server::settings::action::health);
}

TEST(StatusOption, TopNeedsNoKey) {
  const auto client = client::read_settings({"top", "--once", "--status", "127.0.0.1:5"}, test::variables());
  EXPECT_EQ(client.what, client::settings::action::top);
  EXPECT_TRUE(client.once);
  EXPECT_EQ(client.status.where, (std::vector{core::target{"127.0.0.1", 5}}));
  const auto server = server::read_settings({"top"}, test::variables());
  EXPECT_EQ(server.what, server::settings::action::top);
  EXPECT_FALSE(server.once);
}

TEST(StatusEndpoint, IsDispensableUnlessAskedFor) {
  asio::io_context io;
  const auto first = open(io, {{core::target{"127.0.0.1", 0}}, true});
  const core::target taken{"127.0.0.1", first->local_endpoints().front().port()};
  EXPECT_EQ(open(io, {{taken}, false}), nullptr);
  test::expect_error(69, "--status: cannot listen on", [&] { open(io, {{taken}, true}); });
  EXPECT_EQ(open(io, {}), nullptr);
}

}  // namespace
}  // namespace mtcp::status

// By which way a path asks for its server's name, on a machine with two uplinks.
#include "mtcp/net/dial/path_lookup.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "mtcp/error.hpp"
#include "mtcp/net/dial/connector.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"
#include "net/uplink.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using type = test::name_server::type;

constexpr const char* far_away = "192.0.2.53";

class PathLookup : public testing::Test {
 protected:
  void SetUp() override {
    if (!inside.usable()) GTEST_SKIP() << "no network namespace with TUN devices here";
    usual.emplace(io.get_executor(), "usual", "10.1.0.1/24");
    usual->add_default_route(10);
    other.emplace(io.get_executor(), "other", "10.2.0.1/24");
    other->add_default_route(20);
  }
  /// Until `count` questions have left through it.
  bool asks(const test::uplink& through, std::size_t count) {
    const auto end = clock::now() + 10s;
    while (through.askers().size() < count && clock::now() < end) io.run_one_for(10ms);
    return through.askers().size() == count;
  }
  error_code dial(const std::string& servers, std::chrono::milliseconds timeout) {
    address_book book(path, {.servers = servers});
    connector by(io.get_executor(), path, book, {.whole = timeout});
    return test::run(io, by.connect(context, own));
  }

  asio::io_context io;
  test::network_namespace inside;
  std::optional<test::uplink> usual, other;
  path_options path{.host = "server.test"};
  tls_context context = tls_context::client();
  key own = key::generate();
};

TEST_F(PathLookup, LeavesThroughThePathsInterface) {
  path.interface = "other";
  EXPECT_EQ(dial(far_away, path_lookup::head_start / 2), errc::lookup_failed);
  EXPECT_TRUE(asks(*other, 2));  // one of each type
  EXPECT_EQ(usual->askers().size(), 0U);
}

TEST_F(PathLookup, LeavesFromThePathsAddress) {
  usual->add_address("10.1.0.2/24");
  path.bind = "10.1.0.2";
  EXPECT_EQ(dial(far_away, path_lookup::head_start / 2), errc::lookup_failed);
  EXPECT_TRUE(asks(*usual, 2));
  EXPECT_EQ(usual->askers(), (std::vector<std::string>{"10.1.0.2", "10.1.0.2"}));
}

TEST_F(PathLookup, AsksByTheDefaultRouteTooWhenItsOwnWayDoesNotHelp) {
  path.interface = "other";
  EXPECT_EQ(dial(far_away, 1500ms), errc::lookup_failed);
  EXPECT_TRUE(asks(*other, 2));
  EXPECT_TRUE(asks(*usual, 2));
}

TEST_F(PathLookup, OfAPathWithoutAWayOfItsOwnAsksOnce) {
  EXPECT_EQ(dial(far_away, 1s), errc::lookup_failed);
  EXPECT_TRUE(asks(*usual, 2));
}

// Such a one is reached by the loopback interface alone.
TEST_F(PathLookup, AsksANameServerOnThisMachineWithoutAWay) {
  test::name_server local(io.get_executor());
  local.set("server.test", type::a, {.addresses = {"192.0.2.1"}});
  path_names names(resolver_options{.servers = local.address(), .interface = "other", .bind = "10.2.0.1"});
  timer wake(io);
  path_lookup lookup(names, "server.test", wake);
  const auto end = clock::now() + 10s;
  while (!lookup.ended() && clock::now() < end) io.run_one_for(10ms);
  const auto found = lookup.outcome();
  ASSERT_TRUE(found) << "without the default route's help, for which advance() was not called";
  EXPECT_EQ(found->front().to_string(), "192.0.2.1");
}

}  // namespace
}  // namespace mtcp

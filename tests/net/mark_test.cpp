// path_options::mark: a packet filter that lets marked packets through only sees it on all that a dial sends.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "mtcp/error.hpp"
#include "mtcp/net/dial/connector.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using type = test::name_server::type;

class Mark : public testing::Test {
 protected:
  void SetUp() override {
    if (!lab::private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    if (!lab::installed("nft")) GTEST_SKIP() << "no nft (Debian: nftables)";
    inside = std::make_unique<lab::private_network>(std::vector<std::string>{"fe80::53/64"});
    server.emplace(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    path.port = server->local_endpoint().port();
  }

  /// Lets nothing but what has the mark 77 through to the server and to `names`.
  void filter(const test::name_server& names) {
    const std::string rules = "table inet t {\n chain out {\n  type filter hook output priority 0\n" +
                              ("  meta mark != 77 tcp dport " + std::to_string(path.port)) +
                              " reject with tcp reset\n" + "  meta mark != 77 udp dport " +
                              std::to_string(names.port()) + " reject\n }\n}\n";
    const lab::run_result done = lab::run({"nft", "-f", files.write("rules", rules)});
    ASSERT_EQ(done.end.exit_code, 0) << done.standard_error;
  }
  error_code dial(resolver_options ask = {}) {
    address_book book(path, std::move(ask));
    connector by(io.get_executor(), path, book, {.whole = 1s});
    return test::run(io, by.connect(context, own));
  }
  void answer(test::name_server& names) {
    names.set("server.test", type::a, {.addresses = {"127.0.0.1"}});
    names.set("server.test", type::aaaa, {});
  }

  asio::io_context io{1};
  lab::temp_dir files;
  std::unique_ptr<lab::private_network> inside;
  std::optional<tcp::acceptor> server;
  path_options path{.host = "127.0.0.1"};
  tls_context context = tls_context::client();
  key own = key::generate();
};

// Whoever gets through waits for TLS, in vain.
TEST_F(Mark, IsThatOfBridges) {
  const test::name_server names(io.get_executor());
  filter(names);
  EXPECT_EQ(dial(), asio::error::connection_refused);
  path.mark = 77;
  EXPECT_EQ(dial(), asio::error::timed_out);
}

TEST_F(Mark, IsThatOfQuestionsForTheServersName) {
  test::name_server names(io.get_executor());
  answer(names);
  filter(names);
  path.host = "server.test";
  EXPECT_EQ(dial({.servers = names.address()}), errc::lookup_failed);
  EXPECT_EQ(names.questions("server.test"), 0);
  path.mark = 77;
  EXPECT_EQ(dial({.servers = names.address()}), asio::error::timed_out);
  EXPECT_EQ(names.questions("server.test"), 2);
}

TEST_F(Mark, IsThatOfQuestionsToARouterOfTheLink) {
  test::name_server names(io.get_executor(), {zoned_address::parse("fe80::53%lo")->here().value(), 0});
  answer(names);
  filter(names);
  path.host = "server.test";
  resolver_options ask;
  ask.resolv_conf = files.write("resolv.conf", "nameserver fe80::53%lo\n");
  ask.port = names.port();
  EXPECT_EQ(dial(ask), errc::lookup_failed);
  path.mark = 77;
  EXPECT_EQ(dial(ask), asio::error::timed_out);
}

}  // namespace
}  // namespace mtcp

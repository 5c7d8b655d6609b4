// Name servers that change while the program runs: another network, a VPN, DHCP.
#include <gtest/gtest.h>
#include <net/if.h>

#include <filesystem>
#include <optional>

#include "mtcp/net/dial/resolver.hpp"
#include "mtcp/net/dial/zoned_address.hpp"
#include "mtcp/net/platform/watched_file.hpp"
#include "net/name_server.hpp"
#include "net/run.hpp"
#include "support/private_network.hpp"
#include "support/temp_dir.hpp"

namespace mtcp {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using type = test::name_server::type;
using kind = test::name_server::answer::kind;

TEST(WatchedFile, TellsEachChangeOnce) {
  const lab::temp_dir here;
  const std::string path = here.write("conf", "a");
  const auto start = clock::now();
  detail::watched_file file(path, start);
  EXPECT_FALSE(file.changed(start + 2s));
  here.write("conf", "b");
  EXPECT_TRUE(file.changed(start + 4s));
  EXPECT_FALSE(file.changed(start + 6s));
}

TEST(WatchedFile, IsReadOnceASecond) {
  const lab::temp_dir here;
  const auto start = clock::now();
  detail::watched_file file(here.write("conf", "a"), start);
  here.write("conf", "b");
  EXPECT_FALSE(file.changed(start + 999ms));
  EXPECT_TRUE(file.changed(start + 1s));
  here.write("conf", "c");
  EXPECT_FALSE(file.changed(start + 1999ms));
  EXPECT_TRUE(file.changed(start + 2s));
}

TEST(WatchedFile, ThatIsNotThereHasNotChanged) {
  const lab::temp_dir here;
  const auto start = clock::now();
  detail::watched_file file((here / "conf").string(), start);
  EXPECT_FALSE(file.changed(start + 1s));
  const std::string path = here.write("conf", "a");
  EXPECT_TRUE(file.changed(start + 2s));
  std::filesystem::remove(path);
  EXPECT_FALSE(file.changed(start + 3s));
  here.write("conf", "a");
  EXPECT_FALSE(file.changed(start + 4s));
}

TEST(WatchedFile, IsSeenToChangeAgainIfTheChangeCouldNotBeDealtWith) {
  const lab::temp_dir here;
  const auto start = clock::now();
  detail::watched_file file(here.write("conf", "a"), start);
  file.forget();
  EXPECT_TRUE(file.changed(start + 1s));
}

/// Two name servers, of which resolv.conf names one; the port is the same, for resolv.conf has no place for it.
class ResolvConf : public testing::Test {
 protected:
  void use(const char* address) { here.write("resolv.conf", std::string("nameserver ") + address + '\n'); }
  std::string resolved(const std::string& name) {
    const auto found = test::run(io, names->resolve(name, clock::now() + 15s));
    return found ? found->front().to_string() : found.error().message();
  }
  bool resolves_to(const std::string& name, const std::string& address, std::chrono::milliseconds within) {
    const auto end = clock::now() + within;
    while (resolved(name) != address && clock::now() < end) io.run_for(10ms);
    return resolved(name) == address;
  }
  void start() {
    const std::string path = here.write("resolv.conf", "nameserver 127.0.0.1\n");
    names.emplace(io.get_executor(), resolver_options{.resolv_conf = path, .port = before.port()});
  }

  asio::io_context io;
  lab::temp_dir here;
  test::name_server before{io.get_executor()};
  test::name_server after{io.get_executor(), {asio::ip::make_address("127.0.0.2"), before.port()}};
  std::optional<resolver> names;
};

TEST_F(ResolvConf, ThatChangesIsInForceASecondLater) {
  before.set("a.test", type::a, {.addresses = {"192.0.2.1"}});
  after.set("a.test", type::a, {.addresses = {"192.0.2.2"}});
  start();
  EXPECT_EQ(resolved("a.test"), "192.0.2.1");
  use("127.0.0.2");
  EXPECT_TRUE(resolves_to("a.test", "192.0.2.2", 5s)) << "the old answer was to be kept for a minute";
  use("127.0.0.1");
  EXPECT_TRUE(resolves_to("a.test", "192.0.2.1", 5s));
}

// The question that was lost is asked again after 2 s, of the name server of old.
TEST_F(ResolvConf, ThatChangesLeavesLookupsUnderWayAlone) {
  for (const type t : {type::a, type::aaaa}) before.set("slow.test", t, {kind::silence, {}, 60});
  before.set("a.test", type::a, {.addresses = {"192.0.2.1"}});
  after.set("a.test", type::a, {.addresses = {"192.0.2.2"}});
  start();
  std::optional<result<std::vector<ip_address>>> slow;
  spawn(io.get_executor(), test::store(names->resolve("slow.test", clock::now() + 15s), slow));
  EXPECT_EQ(resolved("a.test"), "192.0.2.1");
  use("127.0.0.2");
  EXPECT_TRUE(resolves_to("a.test", "192.0.2.2", 5s));
  before.set("slow.test", type::a, {.addresses = {"192.0.2.3"}});
  while (!slow && io.run_one_for(10s) != 0) continue;
  ASSERT_TRUE(slow && *slow);
  EXPECT_EQ((*slow)->front().to_string(), "192.0.2.3");
  EXPECT_EQ(after.questions("slow.test"), 0);
}

/// A search list, and a wildcard in its domain, as Kubernetes and home routers have it.
class SearchList : public testing::Test {
 protected:
  void SetUp() override {
    server.set("a.test.lab.test", type::a, {.addresses = {"192.0.2.66"}});
    server.set("a.lab.test", type::a, {.addresses = {"192.0.2.66"}});
    server.set("a.test", type::a, {.addresses = {"192.0.2.1"}});
  }
  std::string resolved(const std::string& name, bool local_names) {
    const std::string conf = here.write("resolv.conf", "nameserver 127.0.0.1\nsearch lab.test\noptions ndots:5\n");
    const std::string hosts = here.write("hosts", "192.0.2.77 listed.test b.test\n");
    resolver names(io.get_executor(),
                   {.resolv_conf = conf, .port = server.port(), .local_names = local_names, .hosts = hosts});
    const auto found = test::run(io, names.resolve(name, clock::now() + 15s));
    return found ? found->front().to_string() : found.error().message();
  }

  asio::io_context io;
  lab::temp_dir here;
  test::name_server server{io.get_executor()};
  const std::string none = error_code(asio::error::host_not_found).message();
};

TEST_F(SearchList, AppliesToNamesOfOurOwn) { EXPECT_EQ(resolved("a.test", true), "192.0.2.66"); }

TEST_F(SearchList, DoesNotApplyToAnAbsoluteName) {
  EXPECT_EQ(resolved("a.test.", true), "192.0.2.1");
  EXPECT_EQ(resolved("gone.test.", true), none);
  EXPECT_EQ(server.questions("gone.test.lab.test"), 0);
}

TEST_F(SearchList, AndHostsFileAreNotForNamesOfOthers) {
  EXPECT_EQ(resolved("a.test", false), "192.0.2.1");
  EXPECT_EQ(resolved("a.test.", false), "192.0.2.1");
  EXPECT_EQ(resolved("a", false), none);
  EXPECT_EQ(resolved("listed.test", false), none);
  EXPECT_EQ(resolved("listed.test", true), "192.0.2.77");
  EXPECT_EQ(server.questions("a"), 2) << "one of each type";
  EXPECT_EQ(server.questions("a.lab.test") + server.questions("a.test.lab.test"), 0);
}

/// The name server is a router, known by the address of its link (RFC 8106).
class RouterAsNameServer : public testing::Test {
 protected:
  void SetUp() override {
    if (!lab::private_network::possible()) GTEST_SKIP() << "no network namespaces (they take root, and ip of iproute2)";
    inside.emplace(std::vector<std::string>{"fe80::53/64"});
    const ip_address address = zoned_address::parse("fe80::53%lo")->here().value();
    server.emplace(io.get_executor(), udp::endpoint(address, 0));
    server->set("a.test", type::a, {.addresses = {"192.0.2.1"}});
  }
  /// Whom `lines` of resolv.conf lead to.
  std::string resolved(const std::string& lines, resolver_options options = {}) {
    options.resolv_conf = here.write("resolv.conf", lines);
    options.port = server->port();
    resolver names(io.get_executor(), options);
    const auto found = test::run(io, names.resolve("a.test", clock::now() + 15s));
    return found ? found->front().to_string() : found.error().message();
  }

  asio::io_context io;
  lab::temp_dir here;
  std::optional<lab::private_network> inside;
  std::optional<test::name_server> server;
};

TEST_F(RouterAsNameServer, IsAskedOnItsLink) {
  EXPECT_EQ(resolved("nameserver fe80::53%lo\n"), "192.0.2.1");
  EXPECT_EQ(resolved("nameserver fe80::53%" + std::to_string(::if_nametoindex("lo")) + " # by number\n"), "192.0.2.1");
}

TEST_F(RouterAsNameServer, IsAskedAfterOthersThatAreNotThere) {
  EXPECT_EQ(resolved("nameserver fe80::53%nosuch0\nnameserver 127.0.0.1\nnameserver fe80::53%lo\n"), "192.0.2.1");
}

TEST_F(RouterAsNameServer, IsAskedByThePathsOwnWay) {
  EXPECT_EQ(resolved("nameserver fe80::53%lo\n", {.interface = "lo"}), "192.0.2.1");
  EXPECT_EQ(resolved("nameserver fe80::53%lo\n", {.bind = "fe80::53%lo"}), "192.0.2.1");
}

}  // namespace
}  // namespace mtcp

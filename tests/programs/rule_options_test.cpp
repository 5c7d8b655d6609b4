// --direct, --block and --tunnel, and the files that they name.
#include "client/rule_options.hpp"

#include <gtest/gtest.h>

#include "client/settings.hpp"
#include "mtcp/proxy/pac.hpp"
#include "programs/given.hpp"

namespace mtcp::client {
namespace {

using proxy::route;
using proxy::transport;
using test::config_file;
using test::expect_error;
using test::variables;

rule_settings read(std::vector<std::string> more, std::map<std::string, std::string> environment = {}) {
  std::vector<std::string> all{"--key-file", "k", "--server", "example.org:9000"};
  all.insert(all.end(), more.begin(), more.end());
  return read_settings(all, variables(std::move(environment))).rules;
}

route way(const rule_settings& in, const char* host, std::uint16_t port = 80, transport over = transport::tcp) {
  return in.table->find(host, port, over).what.to;
}

TEST(RuleOptions, AreNoneByDefaultButWhatIsNear) {
  const rule_settings none = read({});
  EXPECT_TRUE(none.table->empty());
  EXPECT_TRUE(none.defaults);
  EXPECT_FALSE(read({"--direct", "none"}).defaults);
  EXPECT_FALSE(read({}, {{"MTCP_DIRECT", "none"}}).defaults);
}

TEST(RuleOptions, ComeFromEveryLayer) {
  const rule_settings flags =
      read({"--direct", "10.0.0.0/8", "--direct", ".lan", "--block", "udp:443", "--tunnel", "a.lan"});
  EXPECT_EQ(way(flags, "10.1.1.1"), route::direct);
  EXPECT_EQ(way(flags, "b.lan"), route::direct);
  EXPECT_EQ(way(flags, "a.lan"), route::tunnel);
  EXPECT_EQ(way(flags, "x.test", 443, transport::udp), route::block);
  EXPECT_EQ(flags.written.size(), 4U);
  const rule_settings words = read({}, {{"MTCP_BLOCK", "a.test .b.test"}});
  EXPECT_EQ(way(words, "a.test"), route::block);
  EXPECT_EQ(way(words, "x.b.test"), route::block);
  const config_file json(R"({"direct": ["none", "192.168.0.0/16"], "block": "ads.test"})");
  const rule_settings file = read({"--config", json.name()});
  EXPECT_EQ(way(file, "192.168.7.7"), route::direct);
  EXPECT_EQ(way(file, "ads.test"), route::block);
  EXPECT_FALSE(file.defaults);
}

TEST(RuleOptions, ReadFilesWithOneRuleALine) {
  const config_file list(
      "# those\n\n  .Ads.test   # all of them\r\n10.0.0.0/8\n#x.test\nudp:443\nb\xc3\xbc"
      "cher.test");
  const rule_settings all = read({"--block", "@" + list.name(), "--block", "more.test"});
  EXPECT_EQ(all.table->size(), 5U);
  EXPECT_EQ(way(all, "www.ads.test"), route::block);
  EXPECT_EQ(way(all, "xn--bcher-kva.test"), route::block);
  EXPECT_EQ(way(all, "x.test"), route::tunnel);
  const auto found = all.table->find("www.ads.test", 80, transport::tcp);
  EXPECT_EQ(all.table->describe(found, "www.ads.test", 80, transport::tcp),
            "--block .ads.test (" + list.name() + ", line 3)");
  EXPECT_EQ(all.written.front(), "block @" + list.name() + " (4 rules)");
}

TEST(RuleOptions, NameTheFileAndTheLineOfAnError) {
  const config_file list("a.test\n\n10.0.0.1/8\n");
  expect_error(64, "--block: '@" + list.name() + "': line 3: '10.0.0.1/8': bits behind", [&] {
    read({"--block", "@" + list.name()});
  });
  expect_error(64, "/nowhere/list: cannot be read", [] { read({"--direct", "@/nowhere/list"}); });
  expect_error(64, "--direct: 'a b': expected a block", [] { read({"--direct", "a b"}); });
  const config_file nested("@other\n");
  expect_error(64, "line 1: '@other'", [&] { read({"--direct", "@" + nested.name()}); });
  const config_file json(R"({"block": ["tcp:0"]})");
  expect_error(78, json.name() + ": block: 'tcp:0'", [&] { read({"--config", json.name()}); });
}

TEST(RuleOptions, AreNotReadByWhatDoesNotNeedThem) {
  EXPECT_NO_THROW(read_settings({"health", "--direct", "@/nowhere/list"}, variables()));
}

TEST(Pac, LeavesManyRulesToTheProxy) {
  std::string text;
  for (std::size_t i = 0; i <= proxy::max_pac_rules; ++i) text += "a" + std::to_string(i) + ".test\n";
  const config_file list(text);
  const rule_settings many = read({"--direct", "@" + list.name()});
  const std::string script = proxy::proxy_pac({"127.0.0.1", 1080}, {.rules = many.table.get(), .loopback = true});
  EXPECT_EQ(script.find("DIRECT"), std::string::npos);
  EXPECT_NE(script.find("SOCKS5 127.0.0.1:1080"), std::string::npos);
}

}  // namespace
}  // namespace mtcp::client

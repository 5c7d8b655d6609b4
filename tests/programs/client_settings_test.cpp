#include <gtest/gtest.h>

#include <chrono>

#include "client/path_option.hpp"
#include "client/settings.hpp"
#include "program/host_ports.hpp"
#include "program/parse.hpp"
#include "programs/given.hpp"

namespace mtcp::client {
namespace {

using program::host_ports;
using program::parse_server;
using test::config_file;
using test::expect_error;
using test::variables;
using namespace std::chrono_literals;
using list = std::vector<std::string>;
using direction = core::bridge_options::direction;

settings read(list more, list base = {"--key-file", "k", "--server", "example.org:9000"}) {
  base.insert(base.end(), more.begin(), more.end());
  return read_settings(base, variables());
}

TEST(ClientSettings, HaveDefaults) {
  const settings s = read({});
  EXPECT_EQ(s.key_file, "k");
  ASSERT_EQ(s.paths.size(), 1U);
  EXPECT_EQ(s.paths[0].host, "example.org");
  EXPECT_EQ(s.paths[0].port, 9000);
  EXPECT_EQ(s.paths[0].bridges, 4U);
  EXPECT_EQ(s.paths[0].bind + s.paths[0].interface, "");
  EXPECT_EQ(s.socks, (std::vector{core::target{"127.0.0.1", 1080}}));
  EXPECT_TRUE(s.forwards.empty());
  EXPECT_EQ(s.log_level, spdlog::level::info);
}

TEST(ClientSettings, KeepDestinationsUnlessToldNotTo) {
  EXPECT_TRUE(read({}).destinations);
  EXPECT_FALSE(read({"--no-destinations"}).destinations);
}

TEST(ClientSettings, Hedge) {
  EXPECT_EQ(read({}).hedge, core::hedging::learnt);
  EXPECT_EQ(read({"--hedge", "auto"}).hedge, core::hedging::learnt);
  EXPECT_EQ(read({"--hedge", "off"}).hedge, core::hedging::off);
  EXPECT_EQ(read({"--hedge", "always"}).hedge, core::hedging::always);
  expect_error(64, "expected auto, off or always", [] { read({"--hedge", "on"}); });
}

TEST(ClientSettings, Transparent) {
  EXPECT_TRUE(read({}).transparent.empty());
  const settings s = read({"--transparent", "localhost:1081", "--transparent", "[fd00::1]:1082", "--socks", "none"});
  EXPECT_EQ(s.transparent, (std::vector<core::target>{{"localhost", 1081}, {"fd00::1", 1082}}));
  const config_file file(R"({"transparent": ["127.0.0.1:1", "[::1]:2"], "mark": 77})");
  const settings filed = read({"--config", file.name()});
  EXPECT_EQ(filed.transparent, (std::vector<core::target>{{"127.0.0.1", 1}, {"::1", 2}}));
  EXPECT_EQ(filed.mark, 77U);
  for (const char* all : {":1081", "*:1081", "0.0.0.0:1081", "[::]:1081", "[::ffff:0.0.0.0]:1081"})
    expect_error(64, "--transparent: '" + std::string(all) + "': expected an address of this machine", [all] {
      read({"--transparent", all});
    });
  expect_error(64, "--transparent", [] { read({"--transparent", "localhost"}); });
}

TEST(ClientSettings, Mark) {
  EXPECT_EQ(read({}).mark, 0U);
  EXPECT_EQ(read({}).paths[0].mark, 0U);
  const settings s = read({"--mark", "0xffffffff", "--server", "other:1"});
  EXPECT_EQ(s.mark, 0xffffffffU);
  for (const path_options& path : s.paths) EXPECT_EQ(path.mark, 0xffffffffU);
  EXPECT_EQ(read({"--mark", "7", "--path", "server=a:1"}, {"--key-file", "k"}).paths[0].mark, 7U);
  EXPECT_EQ(read({"--mark", "7", "--url-file", "u"}, {}).url_path.mark, 7U);
  for (const char* wrong : {"0", "-1", "0x", "0x100000000", "4294967296", "7x", "seven", ""})
    expect_error(64, "--mark", [wrong] { read({"--mark", wrong}); });
}

TEST(ClientSettings, NeedAKeyAndAServer) {
  expect_error(64, "--key-file", [] { read({}, {"--server", "a:1"}); });
  expect_error(64, "--server", [] { read({}, {"--key-file", "k"}); });
}

TEST(ClientSettings, ApplyBridgesAndBindToEveryServer) {
  const settings s = read({"--server", "[2001:db8::1]:1", "--bridges", "7", "--bind", "192.0.2.1"});
  ASSERT_EQ(s.paths.size(), 2U);
  for (const path_options& path : s.paths) {
    EXPECT_EQ(path.bridges, 7U);
    EXPECT_EQ(path.bind, "192.0.2.1");
    EXPECT_EQ(path.interface, "");
  }
  EXPECT_EQ(s.paths[1].host, "2001:db8::1");
  EXPECT_EQ(read({"--bind", "eth0"}).paths[0].interface, "eth0");
  EXPECT_EQ(read({"--bridges", "auto"}).paths[0].bridges, 4U);
}

TEST(ClientSettings, AddressesMayHaveAZone) {
  const settings s = read({"--server", "[fe80::1%eth0]:1", "--bind", "fe80::2%eth0", "--socks", "[fe80::3%2]:1080",
                           "--socks-open", "--forward", "[fe80::4%br-lan]:1=[fe80::5%wlan0]:2"});
  EXPECT_EQ(s.paths[1].host, "fe80::1%eth0");
  EXPECT_EQ(s.paths[1].bind, "fe80::2%eth0");
  EXPECT_EQ(s.paths[1].interface, "");
  EXPECT_EQ(s.socks, (std::vector<core::target>{{"fe80::3%2", 1080}}));
  EXPECT_EQ(s.forwards[0].listen.host, "fe80::4%br-lan");
  EXPECT_EQ(s.forwards[0].to.host, "fe80::5%wlan0");
  EXPECT_EQ(parse_server("fe80::1%br-9"), (host_ports{"fe80::1%br-9", 8443}));
  EXPECT_EQ(parse_path("server=[fe80::1%eth0]:1,bind=fe80::2%eth0").bind, "fe80::2%eth0");
}

TEST(ClientSettings, NamesAreWrittenAsTheDnsKnowsThem) {
  const settings s = read({"--server", "b\u00fccher.example:1", "--forward", "1=B\u00fccher.example.:2"});
  EXPECT_EQ(s.paths[1].host, "xn--bcher-kva.example");
  EXPECT_EQ(s.forwards[0].to.host, "xn--bcher-kva.example.");
  expect_error(64, "--server", [] {
    read({"--server",
          "b\xfc"
          "cher.example:1"});
  });
  expect_error(64, "xn--", [] { read({"--server", "\u2764\u200d.example:1"}); });
  expect_error(64, "would be 'a;.example'", [] { read({"--server", "a\u037e.example:1"}); });
}

TEST(ClientSettings, ServersMayLeaveThePortOut) {
  EXPECT_EQ(parse_server("example.org"), (host_ports{"example.org", 8443}));
  EXPECT_EQ(parse_server("192.0.2.1"), (host_ports{"192.0.2.1", 8443}));
  EXPECT_EQ(parse_server("2001:db8::1"), (host_ports{"2001:db8::1", 8443}));
  EXPECT_EQ(parse_server("[2001:db8::1]"), (host_ports{"2001:db8::1", 8443}));
  EXPECT_EQ(parse_server("[2001:db8::1]:443"), (host_ports{"2001:db8::1", 443}));
  EXPECT_EQ(parse_server("example.org:443"), (host_ports{"example.org", 443}));
}

TEST(ClientSettings, ServersMayHaveARangeOfPorts) {
  EXPECT_EQ(parse_server("example.org:8443-8499"), (host_ports{"example.org", 8443, 8499}));
  EXPECT_EQ(parse_server("[2001:db8::1]:1-65535"), (host_ports{"2001:db8::1", 1, 65535}));
  EXPECT_EQ(parse_server("my-host.example-1"), (host_ports{"my-host.example-1", 8443}));
  for (const char* bad : {"a:0-9", "a:9-8", "a:1-65536", "a:1-2-3", "a:-9", "a:9-", "a:1-99999999999"})
    EXPECT_THROW(parse_server(bad), std::invalid_argument) << bad;
  const settings s = read({}, {"--key-file", "k", "--server", "a:10-20"});
  EXPECT_EQ(s.paths.at(0).port, 10);
  EXPECT_EQ(s.paths.at(0).last_port, 20);
  EXPECT_EQ(describe(parse_path("server=a:10-20,bridges=1")), "a:10-20, 1 bridge");
}

TEST(ClientSettings, RotationAndPaceAreForAllServers) {
  const settings s = read({"--rotate", "20s", "--pace", "1400ms", "--server", "b"});
  ASSERT_EQ(s.paths.size(), 2U);
  for (const path_options& p : s.paths) {
    EXPECT_EQ(p.rotate.age, 20s);
    EXPECT_EQ(p.pace, 1400ms);
  }
  expect_error(64, "--rotate", [] { read({"--rotate", "sometimes"}); });
  expect_error(64, "cannot stand beside", [] { read({"--pace", "1s"}, {"--key-file", "k", "--path", "server=a"}); });
}

TEST(ClientSettings, RefuseBadValues) {
  for (const list& bad : std::vector<list>{{"--bridges", "0"},
                                           {"--bridges", "65"},
                                           {"--bridges", "many"},
                                           {"--server", "host:0"},
                                           {"--server", "host:port"},
                                           {"--server", ""},
                                           {"--server", "a,b"},
                                           {"--server", "300.1.1.1"},
                                           {"--server", "[2001:db8::1%eth0]:1"},
                                           {"--server", "[fe80::1%]:1"},
                                           {"--bind", "2001:db8::1%eth0"},
                                           {"--bind", ""},
                                           {"--socks", "1080"},
                                           {"--forward", "127.0.0.1:1"},
                                           {"--forward", "127.0.0.1:1="},
                                           {"--forward", "x=y:1"},
                                           {"--log-level", "loud"}})
    expect_error(64, bad[0], [&] { read(bad); });
}

TEST(ClientSettings, KeepTheProxyClosedUnlessToldOtherwise) {
  for (const char* open : {"0.0.0.0:1080", ":1080", "[::]:1080", "192.0.2.1:1080", "proxy.example.org:1080"}) {
    expect_error(64, "--socks-open", [&] { read({"--socks", open}); });
    EXPECT_EQ(read({"--socks", open, "--socks-open"}).socks.size(), 1U) << open;
  }
  for (const char* closed : {"127.0.0.1:0", "127.9.9.9:1080", "[::1]:1080", "localhost:1080"})
    EXPECT_EQ(read({"--socks", closed}).socks.size(), 1U) << closed;
  EXPECT_EQ(read({"--socks", ":1080", "--users-file", "users"}).users_file, "users");
  EXPECT_EQ(read({"--socks", "127.0.0.1:1", "--socks", "[::1]:2"}).socks,
            (std::vector{core::target{"127.0.0.1", 1}, core::target{"::1", 2}}));
  expect_error(64, "--socks-open", [] { read({"--socks", "127.0.0.1:1", "--socks", ":2"}); });
  expect_error(64, "--socks: none", [] { read({"--socks", "127.0.0.1:1", "--socks", "none"}); });
}

TEST(ClientSettings, SayHowTheProxyBehaves) {
  const settings plain = read({});
  EXPECT_FALSE(plain.fast_open);
  EXPECT_EQ(plain.keep_alive, std::chrono::seconds(60));
  EXPECT_EQ(plain.resume_timeout, 3min);
  EXPECT_EQ(read({"--resume-timeout", "90s"}).resume_timeout, 90s);
  expect_error(64, "--resume-timeout", [] { read({"--resume-timeout", "soon"}); });
  EXPECT_EQ(read({"--keep-alive", "2h"}).keep_alive, std::chrono::hours(2));
  EXPECT_EQ(read({"--keep-alive", "off"}).keep_alive, std::chrono::seconds(0));
  for (const char* bad : {"0s", "10h", "500ms", "on"})
    expect_error(64, "--keep-alive", [&] { read({"--keep-alive", bad}); });
  EXPECT_EQ(plain.connect_wait, std::chrono::seconds(5));
  EXPECT_EQ(read({"--connect-wait", "1500ms"}).connect_wait, std::chrono::milliseconds(1500));
  EXPECT_EQ(plain.udp_advertise + plain.users_file, "");
  EXPECT_TRUE(read({"--fast-open"}).fast_open);
  EXPECT_EQ(read({"--udp-advertise", "2001:DB8::1"}).udp_advertise, "2001:db8::1");
  for (const char* bad : {"proxy.example.org", "0.0.0.0", "::", "192.0.2.1:80", ""})
    expect_error(64, "--udp-advertise", [&] { read({"--udp-advertise", bad}); });
}

TEST(ClientSettings, OfATestNeedNoProxy) {
  const settings s = read({"test", "--socks", "none"});
  EXPECT_EQ(s.what, settings::action::test);
  EXPECT_EQ(s.test.seconds, 3U);
  EXPECT_FALSE(s.test.json);
  EXPECT_TRUE(read({"test", "--json"}).test.json);
  EXPECT_EQ(read({"test", "--seconds", "30"}).test.seconds, 30U);
  for (const char* bad : {"0", "31", "1.5", "3s", ""})
    expect_error(64, "--seconds", [&] { read({"test", "--seconds", bad}); });
  expect_error(64, "--key-file", [] { read_settings({"test", "--server", "a"}, variables()); });
}

TEST(ClientSettings, ForwardPorts) {
  const settings s =
      read({"--socks", "none", "--forward", "127.0.0.1:2222=[2001:db8::5]:22", "--forward", ":80=a.test:8080"});
  EXPECT_TRUE(s.socks.empty());
  ASSERT_EQ(s.forwards.size(), 2U);
  EXPECT_EQ(s.forwards[0].listen, (core::target{"127.0.0.1", 2222}));
  EXPECT_EQ(s.forwards[0].to, (core::target{"2001:db8::5", 22}));
  EXPECT_EQ(s.forwards[1].listen, (core::target{"", 80}));
  expect_error(64, "--forward", [] { read({"--socks", "none"}); });
  EXPECT_EQ(read({"--forward", "2222=a:1"}).forwards[0].listen, (core::target{"127.0.0.1", 2222}));
}

TEST(ClientSettings, PathsReplaceServers) {
  const settings s = read({"--path", "server=a:1", "--path", "server=b:2,bridges=9"}, {"--key-file", "k"});
  ASSERT_EQ(s.paths.size(), 2U);
  EXPECT_EQ(s.paths[0].bridges, 4U);
  EXPECT_EQ(s.paths[1].bridges, 9U);
  expect_error(64, "--server cannot stand beside --path", [] { read({"--path", "server=a:1"}); });
}

TEST(ClientSettings, PathsMayBeObjectsInAFile) {
  const config_file file(
      R"({"key-file": "k", "path": [{"server": "a:1", "bridges": 2, "role": "backup"}, "server=b:2"]})");
  const settings s = read({}, {"--config", file.name()});
  ASSERT_EQ(s.paths.size(), 2U);
  EXPECT_EQ(s.paths[0].host, "a");
  EXPECT_EQ(s.paths[0].bridges, 2U);
  EXPECT_EQ(s.paths[0].use.role, core::path_role::backup);
}

TEST(ClientSettings, OfTwoLayersTheEarlierSaysWhichFile) {
  const config_file url(R"({"url-file": "u"})"), key(R"({"key-file": "k", "server": "a:1"})");
  const settings by_key = read({}, {"--config", url.name(), "--key-file", "k", "--server", "a"});
  EXPECT_EQ(by_key.key_file + by_key.url_file, "k");
  const settings by_url = read({}, {"--config", key.name(), "--url-file", "u"});
  EXPECT_EQ(by_url.key_file + by_url.url_file, "u");
  EXPECT_TRUE(by_url.paths.empty());
  const auto by_variable = read_settings({"--config", key.name()}, variables({{"MTCP_URL_FILE", "u"}}));
  EXPECT_EQ(by_variable.key_file + by_variable.url_file, "u");
  expect_error(64, "cannot stand beside", [] { read({"--url-file", "u"}); });
}

TEST(ClientSettings, MayHaveSeveralServersInOrderOfPreference) {
  const settings by_urls = read({}, {"--url-file", "u", "--url-file", "v", "--bridges", "3"});
  EXPECT_EQ(by_urls.url_file, "u");
  ASSERT_EQ(by_urls.fallbacks.size(), 1U);
  EXPECT_EQ(by_urls.fallbacks[0].url_file, "v");
  EXPECT_EQ(by_urls.fallbacks[0].url_path.bridges, 3U);
  const config_file file(R"({"tunnels": [{"url-file": "u"}, {"key-file": "k", "server": ["a:1", "b:2"], "bridges": 2},
                             {"key-file": "l", "path": {"server": "c:3", "role": "backup"}}]})");
  const settings by_file = read({}, {"--config", file.name()});
  EXPECT_EQ(by_file.url_file, "u");
  ASSERT_EQ(by_file.fallbacks.size(), 2U);
  EXPECT_EQ(by_file.fallbacks[0].key_file, "k");
  EXPECT_EQ(by_file.fallbacks[0].paths.at(1).host, "b");
  EXPECT_EQ(by_file.fallbacks[0].paths.at(1).bridges, 2U);
  EXPECT_EQ(by_file.fallbacks[1].paths.at(0).use.role, core::path_role::backup);
  EXPECT_EQ(by_file.all_tunnels().size(), 3U);
}

TEST(ClientSettings, ErrorsOfSeveralServersNameTheOneAtFault) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"tunnels": "u"})", "tunnels: expected an object"},
      {R"({"tunnels": [{"url-file": "u"}, {"bridges": 2}]})", "tunnels[1]: url-file is missing"},
      {R"({"tunnels": [{"url-file": "u"}, {"url-file": "v", "bridges": 0}]})", "tunnels[1]: bridges"},
      {R"({"tunnels": [{"url-file": "u", "socks": "none"}]})", "tunnels[0]: socks: no such option"},
      {R"({"tunnels": [{"url-file": "u", "server": "a"}]})", "cannot stand beside"},
      {R"({"tunnels": [{"url-file": "u"}], "key-file": "k"})", "cannot stand beside"}};
  for (const auto& [text, word] : cases) {
    const config_file file(text);
    try {
      read({}, {"--config", file.name()});
      ADD_FAILURE() << text;
    } catch (const program::settings_error& e) {
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << text << ": " << e.what();
    }
  }
}

TEST(ClientSettings, ErrorsOfAFileNameTheKey) {
  const config_file file(R"({"bridges": -1})");
  expect_error(78, "bridges", [&] { read({}, {"--config", file.name()}); });
}

TEST(ClientSettings, EnvNeedsTheProxyOnly) {
  const settings s = read_settings({"env", "--unset"}, variables());
  EXPECT_EQ(s.what, settings::action::env);
  EXPECT_TRUE(s.unset);
  EXPECT_FALSE(s.fish);
  EXPECT_EQ(s.socks.front().port, 1080);
  const config_file file(R"({"key-file": "/nowhere", "socks": ["localhost:4711"]})");
  EXPECT_EQ(read_settings({"env", "--config", file.name()}, variables()).socks.front(),
            (core::target{"localhost", 4711}));
  for (const char* none : {"none", "127.0.0.1:0"})
    expect_error(64, "--socks has to name the port", [none] { read_settings({"env", "--socks", none}, variables()); });
}

}  // namespace
}  // namespace mtcp::client

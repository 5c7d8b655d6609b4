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
  EXPECT_EQ(s.socks, (core::target{"127.0.0.1", 1080}));
  EXPECT_TRUE(s.forwards.empty());
  EXPECT_EQ(s.log_level, spdlog::level::info);
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
    EXPECT_TRUE(read({"--socks", open, "--socks-open"}).socks) << open;
  }
  for (const char* closed : {"127.0.0.1:0", "127.9.9.9:1080", "[::1]:1080", "localhost:1080"})
    EXPECT_TRUE(read({"--socks", closed}).socks) << closed;
  EXPECT_EQ(read({"--socks", ":1080", "--users-file", "users"}).users_file, "users");
}

TEST(ClientSettings, SayHowTheProxyBehaves) {
  const settings plain = read({});
  EXPECT_FALSE(plain.fast_open);
  EXPECT_EQ(plain.udp_advertise + plain.users_file, "");
  EXPECT_TRUE(read({"--fast-open"}).fast_open);
  EXPECT_EQ(read({"--udp-advertise", "2001:DB8::1"}).udp_advertise, "2001:db8::1");
  for (const char* bad : {"proxy.example.org", "0.0.0.0", "::", "192.0.2.1:80", ""})
    expect_error(64, "--udp-advertise", [&] { read({"--udp-advertise", bad}); });
}

TEST(ClientSettings, ForwardPorts) {
  const settings s =
      read({"--socks", "none", "--forward", "127.0.0.1:2222=[2001:db8::5]:22", "--forward", ":80=a.test:8080"});
  EXPECT_FALSE(s.socks);
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
  EXPECT_TRUE(s.paths[0].use.backup);
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

TEST(ClientSettings, ErrorsOfAFileNameTheKey) {
  const config_file file(R"({"bridges": -1})");
  expect_error(78, "bridges", [&] { read({}, {"--config", file.name()}); });
}

TEST(Path, HasManyFields) {
  const path_options p = parse_path(
      "server=[2001:db8::1]:443,bind=192.0.2.1,interface=wwan0,bridges=3,role=backup,direction=down,rate=50mbit,"
      "congestion=bbr,rotate=64MB,pace=1400ms,name=lte");
  EXPECT_EQ(p.host, "2001:db8::1");
  EXPECT_EQ(p.port, 443);
  EXPECT_EQ(p.bind, "192.0.2.1");
  EXPECT_EQ(p.interface, "wwan0");
  EXPECT_EQ(p.bridges, 3U);
  EXPECT_TRUE(p.use.backup);
  EXPECT_EQ(p.use.carries, direction::down);
  EXPECT_EQ(p.use.rate_limit, 6'250'000U);
  EXPECT_EQ(p.congestion, "bbr");
  EXPECT_EQ(p.rotate.when, rotation_options::mode::planned);
  EXPECT_EQ(p.rotate.bytes, 64'000'000U);
  EXPECT_EQ(p.pace, 1400ms);
  EXPECT_EQ(p.name, "lte");
}

TEST(Path, IsDescribedInWords) {
  EXPECT_EQ(describe(parse_path("server=a,bridges=1")), "a:8443, 1 bridge");
  EXPECT_EQ(describe(parse_path("server=[2001:db8::1]:1,bind=192.0.2.1,role=backup,direction=up,rate=50mbit,name=lte")),
            "lte: [2001:db8::1]:1, auto bridges, from 192.0.2.1, backup, up only, at most 50 Mbit/s");
  EXPECT_EQ(describe(parse_path("server=a:1,interface=eth0,direction=down,congestion=bbr")),
            "a:1, auto bridges, through eth0, down only, bbr");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=auto,pace=auto")), "a:1, auto bridges");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=off")), "a:1, auto bridges, no rotation");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=1.5GB")), "a:1, auto bridges, bridges renewed before 1500 MB");
  EXPECT_EQ(describe(parse_path("server=a:1,rotate=20s,pace=1.4s")),
            "a:1, auto bridges, bridges renewed before 20 s, dialled every 1400 ms");
}

TEST(Path, HasDefaults) {
  const path_options p = parse_path("server=a");
  EXPECT_EQ(p.rotate.when, rotation_options::mode::learnt);
  EXPECT_EQ(p.pace, 0ms);
  EXPECT_EQ(p.port, 8443);
  EXPECT_FALSE(p.use.backup);
  EXPECT_EQ(p.use.carries, direction::both);
  EXPECT_EQ(p.use.rate_limit, 0U);
  EXPECT_EQ(parse_path("server=a,direction=up,role=active").use.carries, direction::up);
}

TEST(Path, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {{"", "server"},
                                                       {"bridges=2", "server"},
                                                       {"server=a,", "field"},
                                                       {"server=a,x=1", "x=1"},
                                                       {"server=a,bridges", "bridges"},
                                                       {"server=a,bridges=0", "bridges"},
                                                       {"server=a,role=x", "role"},
                                                       {"server=a,direction=x", "direction"},
                                                       {"server=a,rate=fast", "rate"},
                                                       {"server=a,rotate=64", "rotate"},
                                                       {"server=a,rotate=1B", "rotate"},
                                                       {"server=a,rotate=on", "rotate"},
                                                       {"server=a,pace=often", "pace"},
                                                       {"server=a,pace=0s", "pace"},
                                                       {"server=a,bind=eth0", "bind"},
                                                       {"server=a,interface=", "interface"},
                                                       {"server=a,server=b", "twice"},
                                                       {"server=", "server"}};
  for (const auto& [text, word] : cases) {
    try {
      parse_path(text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << text << ": " << e.what();
    }
  }
}

}  // namespace
}  // namespace mtcp::client

#include <gtest/gtest.h>

#include "programs/given.hpp"
#include "server/settings.hpp"

namespace mtcp::server {
namespace {

using test::config_file;
using test::expect_error;
using test::variables;
using list = std::vector<std::string>;

settings read(const list& arguments) { return read_settings(arguments, variables()); }

bool permits(const settings& s, const char* address) {
  return s.destinations.permits({parse_address(address).value(), 443});
}

TEST(ServerSettings, HaveDefaults) {
  const settings s = read({"--key-file", "k"});
  EXPECT_EQ(s.what, settings::action::serve);
  EXPECT_EQ(s.key_file, "k");
  EXPECT_EQ(s.listen, (std::vector<program::host_ports>{{"", 8443}}));
  EXPECT_TRUE(permits(s, "1.1.1.1"));
  EXPECT_FALSE(permits(s, "127.0.0.1"));
  EXPECT_EQ(s.threads, 1U);
  EXPECT_EQ(s.hedge, core::hedging::learnt);
}

TEST(ServerSettings, Hedge) {
  EXPECT_EQ(read({"--key-file", "k", "--hedge", "always"}).hedge, core::hedging::always);
  expect_error(64, "--hedge", [] { read({"--key-file", "k", "--hedge", "on"}); });
}

TEST(ServerSettings, LetClientsTestTheLine) {
  EXPECT_TRUE(read({"--key-file", "k"}).tests);
  EXPECT_FALSE(read({"--key-file", "k", "--no-test"}).tests);
}

TEST(ServerSettings, NameAFallback) {
  EXPECT_FALSE(read({"--key-file", "k"}).fallback);
  EXPECT_EQ(read({"--key-file", "k", "--fallback", "www.example.org:443"}).fallback,
            (core::target{"www.example.org", 443}));
  for (const char* bad : {"", ":443", "192.0.2.1", "192.0.2.1:0", "http://192.0.2.1"})
    expect_error(64, "--fallback", [bad] { read({"--key-file", "k", "--fallback", bad}); });
}

TEST(ServerSettings, LetNobodyListenUnlessToldTo) {
  EXPECT_TRUE(read({"--key-file", "k"}).allow_listen.empty());
  EXPECT_EQ(read({"--key-file", "k", "--allow-listen", "80", "--allow-listen", "*:1-9"}).allow_listen.size(), 2U);
  const config_file file(R"({"allow-listen": ["8080"]})");
  EXPECT_EQ(read({"--key-file", "k", "--config", file.name()}).allow_listen.at(0).first, 8080);
  for (const char* wrong :
       {"", "x", "80-79", "0-5", "70000", "1-70000", "80-", "-80", "name:80", "::1:80", "[::1]80", "*:"})
    expect_error(64, "--allow-listen: '" + std::string(wrong) + "'", [&] {
      read({"--key-file", "k", "--allow-listen", wrong});
    });
}

TEST(ServerSettings, HaveThreads) {
  EXPECT_EQ(read({"--key-file", "k", "--threads", "8"}).threads, 8U);
  for (const char* wrong : {"0", "65", "auto", "-1"})
    expect_error(64, "--threads", [&] { read({"--key-file", "k", "--threads", wrong}); });
}

TEST(ServerSettings, NeedAKey) {
  expect_error(64, "keygen", [] { read({}); });
  EXPECT_EQ(read({"keygen"}).what, settings::action::keygen);
  expect_error(64, "--output", [] { read({"keygen", "--output", ""}); });
}

TEST(ServerSettings, OfAUrl) {
  const settings s = read({"url", "--key-file", "k", "--host", "a", "--host", "[::1]:9", "--user", "ann", "--bridges",
                           "auto", "--name", "home", "--qr"});
  EXPECT_EQ(s.what, settings::action::url);
  EXPECT_EQ(s.url.hosts, (std::vector<program::host_ports>{{"a", 8443}, {"::1", 9}}));
  EXPECT_EQ(s.url.user, "ann");
  EXPECT_EQ(s.url.bridges, "auto");
  EXPECT_EQ(s.url.name, "home");
  EXPECT_TRUE(s.url.qr);
  expect_error(64, "--host", [] { read({"url", "--key-file", "k"}); });
  expect_error(64, "--key-file", [] { read({"url", "--host", "a"}); });
  expect_error(64, "--bridges", [] { read({"url", "--key-file", "k", "--host", "a", "--bridges", "65"}); });
}

TEST(ServerSettings, ListenInSeveralPlaces) {
  const settings s = read({"--key-file", "k", "--listen", "127.0.0.1:1", "--listen", "[::]:2"});
  EXPECT_EQ(s.listen, (std::vector<program::host_ports>{{"127.0.0.1", 1}, {"::", 2}}));
}

TEST(ServerSettings, OpenAndCloseDestinations) {
  const settings s = read({"--key-file", "k", "--allow", "10.0.0.0/8", "--deny", "10.0.0.1", "--deny", "1.0.0.0/8"});
  EXPECT_TRUE(permits(s, "10.0.0.2"));
  EXPECT_FALSE(permits(s, "10.0.0.1"));
  EXPECT_FALSE(permits(s, "1.1.1.1"));
}

TEST(ServerSettings, NameOwnAddresses) {
  const settings s = read({"--key-file", "k", "--own-address", "1.1.1.1", "--own-address", "2606:4700::1111"});
  for (const char* own : {"1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"}) EXPECT_FALSE(permits(s, own)) << own;
  EXPECT_TRUE(permits(s, "1.0.0.1"));
  EXPECT_FALSE(permits(read_settings({"--key-file", "k"}, variables({{"MTCP_OWN_ADDRESS", "1.1.1.1"}})), "1.1.1.1"));
  const config_file file(R"({"key-file": "k", "own-address": ["1.1.1.1"]})");
  EXPECT_FALSE(permits(read({"--config", file.name()}), "1.1.1.1"));
  for (const char* wrong : {"1.1.1.0/24", "example.org", ""})
    expect_error(64, "--own-address", [&] { read({"--key-file", "k", "--own-address", wrong}); });
}

TEST(ServerSettings, RefuseBadValues) {
  for (const list& bad : std::vector<list>{{"--listen", "8443"},
                                           {"--listen", ":9-8"},
                                           {"--listen", ":0-8"},
                                           {"--listen", ":1-1025"},
                                           {"--allow", "10.0.0.1/8"},
                                           {"--deny", "all"}})
    expect_error(64, bad[0], [&] { read({"--key-file", "k", bad[0], bad[1]}); });
  const config_file file(R"({"allow": ["10.0.0.0/99"]})");
  expect_error(78, "allow", [&] { read({"--config", file.name()}); });
}

}  // namespace
}  // namespace mtcp::server

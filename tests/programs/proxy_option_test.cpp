// Paths through a proxy, as they are given.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "client/check.hpp"
#include "client/path_option.hpp"
#include "client/settings.hpp"
#include "programs/given.hpp"

namespace mtcp::client {
namespace {

using test::config_file;
using test::expect_error;
using test::variables;
using list = std::vector<std::string>;

settings read(list more, list base = {"--key-file", "k", "--server", "example.org:9000"}) {
  base.insert(base.end(), more.begin(), more.end());
  return read_settings(base, variables());
}

void parse_as_flag(const std::string& path) { read({"--path", path}, {"--key-file", "k"}); }

TEST(ProxyOption, OfAPath) {
  using protocol = proxy_options::protocol;
  const path_setting p = parse_path("server=a,proxy=socks5://al%40ice@[2001:db8::1]:1080,proxy-password-file=/run/pw");
  EXPECT_EQ(*p.proxy, (proxy_options{protocol::socks5, "2001:db8::1", 1080, "al@ice", ""}));
  EXPECT_EQ(p.proxy_password_file, "/run/pw");
  EXPECT_EQ(describe(p), "a:8443, auto bridges, by way of socks5://al%40ice@[2001:db8::1]:1080");
  EXPECT_EQ(*parse_path("server=a,proxy=http://p.example:3128/").proxy,
            (proxy_options{protocol::http, "p.example", 3128, "", ""}));
  EXPECT_EQ(parse_path("server=a,proxy=socks5h://[fe80::1%25eth0]:1").proxy->host, "fe80::1%eth0");
  EXPECT_EQ(parse_path("server=a,proxy=http://DOM\\u@x@p:1,proxy-password-file=f").proxy->user, "DOM\\u@x");
  EXPECT_FALSE(parse_path("server=a").proxy);
}

TEST(ProxyOption, TakesNoPasswordInItsUrl) {
  for (const char* url : {"socks5://u:s3cret@h:1", "http://u:s3cret@h:1", "socks5://u:@h:1", "socks5://:s3cret@h:1",
                          "socks5://u:s3@cret@h:1"}) {
    const std::string path = std::string("server=a,proxy=") + url;
    expect_error(64, "a password does not belong here: put it into a file", [&] { parse_as_flag(path); });
    expect_error(64, "proxy-password-file", [&] { parse_as_flag(path); });
    expect_error(64, "a password does not belong here", [&] { read({"--proxy", url}); });
  }
}

TEST(ProxyOption, HoldsForEveryServer) {
  const settings s = read({"--server", "b", "--proxy", "socks5://u@p:1080", "--proxy-password-file", "f"});
  ASSERT_EQ(s.paths.size(), 2U);
  for (const path_setting& path : s.paths) {
    EXPECT_EQ(path.proxy->host + path.proxy->user, "pu");
    EXPECT_EQ(path.proxy_password_file, "f");
  }
  expect_error(64, "--proxy: the user 'u' has a password", [] { read({"--proxy", "socks5://u@p:1"}); });
  expect_error(64, "--proxy-password-file: expected a proxy with a user", [] {
    read({"--proxy", "socks5://p:1", "--proxy-password-file", "f"});
  });
  expect_error(64, "--server: 'fe80::1%eth0' is on a link", [] {
    read({"--proxy", "socks5://p:1"}, {"--key-file", "k", "--server", "[fe80::1%eth0]:1"});
  });
  expect_error(64, "cannot stand beside", [] {
    read({"--path", "server=a", "--proxy", "socks5://p:1"}, {"--key-file", "k"});
  });
}

TEST(ProxyOption, HasItsPasswordInAFile) {
  const config_file key_file(key::generate().to_string());
  const auto with = [&](const std::string& content, unsigned permissions = 0600) {
    const config_file password(content);
    std::filesystem::permissions(password.name(), std::filesystem::perms(permissions));
    settings s = read({"--proxy", "socks5://u@p:1", "--proxy-password-file", password.name()},
                      {"--key-file", key_file.name(), "--server", "a"});
    load_key(s);
    return s.paths.at(0).proxy->password;
  };
  std::filesystem::permissions(key_file.name(), std::filesystem::perms(0600));
  EXPECT_EQ(with("s3:cr@t, \xc3\xa4\n"), "s3:cr@t, \xc3\xa4");
  EXPECT_EQ(with("a\r\n"), "a");
  EXPECT_EQ(with(std::string(255, 'x')), std::string(255, 'x'));
  for (const std::string& wrong : {std::string(), std::string("\n"), std::string("a\nb\n"), std::string(256, 'x')})
    EXPECT_THROW(with(wrong), key_error) << wrong;
  EXPECT_THROW(with("a", 0644), key_error);
}

TEST(ProxyOption, ErrorsNameTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {"server=a,proxy=", "socks5://[USER@]HOST:PORT"},
      {"server=a,proxy=h:1", "socks5://[USER@]HOST:PORT"},
      {"server=a,proxy=https://h:1", "socks5://[USER@]HOST:PORT"},
      {"server=a,proxy=socks5://", "socks5://[USER@]HOST:PORT"},
      {"server=a,proxy=socks5://h", "proxy"},
      {"server=a,proxy=socks5://h:0", "proxy"},
      {"server=a,proxy=socks5://@h:1", "1 to 255 bytes"},
      {"server=a,proxy=socks5://%4@h:1", "hexadecimal"},
      {"server=a,proxy=http://a%3ab@h:1", "without :"},
      {"server=a,proxy=http://a%0a@h:1", "control"},
      {"server=a,proxy=socks5://u@h:1", "proxy-password-file"},
      {"server=a,proxy-password-file=f", "proxy"},
      {"server=a,proxy=http://h:1,proxy-password-file=f", "user"},
      {"server=[fe80::1%lo]:1,proxy=http://h:1", "link"},
  };
  for (const auto& [path, word] : cases) expect_error(64, word, [&, p = path] { parse_as_flag(p); });
}

}  // namespace
}  // namespace mtcp::client

// What a shell is told of the proxy, by the shells that are here.
#include "client/shell_env.hpp"

#include <gtest/gtest.h>

#include "support/process.hpp"

namespace mtcp::client {
namespace {

const proxy_place usual{{"127.0.0.1", 1080}};

/// What `shell` says of the variables once it has read `lines`.
std::string told_by(const std::string& shell, const std::string& lines) {
  const lab::run_result said = lab::run(
      {"env", "-i", "PATH=/usr/bin:/bin", shell, "-c", lines + "env | grep -iE '^(https?|all|no)_proxy=' | sort"});
  EXPECT_EQ(said.standard_error, "") << shell;
  return said.standard_output;
}

const std::string expected =
    "ALL_PROXY=socks5h://127.0.0.1:1080\nHTTPS_PROXY=http://127.0.0.1:1080\nHTTP_PROXY=http://127.0.0.1:1080\n"
    "NO_PROXY=localhost,127.0.0.1,::1\nall_proxy=socks5h://127.0.0.1:1080\nhttp_proxy=http://127.0.0.1:1080\n"
    "https_proxy=http://127.0.0.1:1080\nno_proxy=localhost,127.0.0.1,::1\n";

TEST(ShellEnv, IsReadByShells) {
  for (const std::string shell : {"sh", "dash", "bash", "zsh", "fish"}) {
    if (!lab::installed(shell)) continue;
    const auto of = shell == "fish" ? mtcp::client::shell::fish : mtcp::client::shell::posix;
    EXPECT_EQ(told_by(shell, proxy_lines(usual, of)), expected) << shell;
    EXPECT_EQ(told_by(shell, proxy_lines(usual, of) + unset_lines(of)), "") << shell;
  }
}

TEST(ShellEnv, IsForFishToo) {
  EXPECT_EQ(proxy_lines(usual, shell::fish).substr(0, 48), "set -gx http_proxy 'http://127.0.0.1:1080'\nset -");
  EXPECT_EQ(unset_lines(shell::fish).substr(0, 18), "set -e http_proxy\n");
}

TEST(ShellEnv, TellsOfAPassword) {
  const std::string lines = proxy_lines({{"127.0.0.1", 1080}, true}, shell::posix);
  EXPECT_NE(lines.find("# It asks for a password: write NAME:PASSWORD@ in front of 127.0.0.1:1080."),
            std::string::npos);
  EXPECT_EQ(told_by("sh", lines), expected) << "the rest is the same";
}

TEST(ShellEnv, IsNoPlaceForCommands) {
  for (const char* bad : {"a'; rm -r /; '", "$(id)", "a b", "a\nb"})
    EXPECT_NE(proxy_lines({{bad, 1}}, shell::posix).find("'http://127.0.0.1:1'"), std::string::npos) << bad;
}

TEST(Reachable, IsOnLoopbackIfItIsEverywhere) {
  EXPECT_EQ(reachable({"", 1080}), (core::target{"127.0.0.1", 1080}));
  EXPECT_EQ(reachable({"0.0.0.0", 1}), (core::target{"127.0.0.1", 1}));
  EXPECT_EQ(reachable({"::", 1}), (core::target{"::1", 1}));
  EXPECT_EQ(reachable({"localhost", 1}), (core::target{"localhost", 1}));
  EXPECT_EQ(reachable({"192.168.1.2", 1}), (core::target{"192.168.1.2", 1}));
}

TEST(TextsToCopy, LeadToTheProxy) {
  const auto texts = texts_to_copy({{"::1", 1080}});
  ASSERT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts[2].second, "http://[::1]:1080/proxy.pac");
  EXPECT_EQ(texts[3].second, "curl --proxy 'socks5h://[::1]:1080' https://www.debian.org/");
}

}  // namespace
}  // namespace mtcp::client

// What a client is told of --reverse.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client/settings.hpp"
#include "programs/given.hpp"

namespace mtcp::client {
namespace {

using test::config_file;
using test::expect_error;
using test::variables;
using list = std::vector<std::string>;

settings read(const list& more) {
  list all{"--key-file", "k", "--server", "example.org"};
  all.insert(all.end(), more.begin(), more.end());
  return read_settings(all, variables());
}

TEST(ClientSettings, Reverse) {
  const auto listens = [](const char* text) { return read({"--reverse", text}).reverses.at(0).listen; };
  EXPECT_TRUE(read({}).reverses.empty());
  const settings s = read({"--reverse", "8080=127.0.0.1:80", "--reverse", "[::1]:22=[fd00::1]:22", "--socks", "none"});
  EXPECT_EQ(s.reverses,
            (std::vector<reverse_options>{{{"", 8080}, {"127.0.0.1", 80}}, {{"::1", 22}, {"fd00::1", 22}}}));
  EXPECT_EQ(listens("0=localhost:80"), (core::target{"", 0}));
  EXPECT_EQ(listens("*:80=nas.lan:80"), (core::target{"::", 80}));
  EXPECT_EQ(listens(":80=nas.lan:80"), (core::target{"::", 80}));
  EXPECT_EQ(listens("0.0.0.0:80=nas.lan:80"), (core::target{"0.0.0.0", 80}));
  const config_file file(R"({"reverse": ["127.0.0.1:1=nas.lan:2"]})");
  EXPECT_EQ(read({"--config", file.name()}).reverses,
            (std::vector<reverse_options>{{{"127.0.0.1", 1}, {"nas.lan", 2}}}));
  for (const char* wrong :
       {"8080", "=a:1", "x=a:1", "70000=a:1", "8080=a", "8080=a:0", "8080=:80", "name:80=a:1", "::1:80=a:1"})
    expect_error(64, "--reverse: '" + std::string(wrong) + "'", [wrong] { read({"--reverse", wrong}); });
  expect_error(64, "--reverse has 80 twice", [] { read({"--reverse", "80=a:1", "--reverse", "80=b:1"}); });
}

}  // namespace
}  // namespace mtcp::client

#include "program/share_url.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/check.hpp"
#include "client/settings.hpp"
#include "mtcp/address.hpp"
#include "programs/given.hpp"

namespace mtcp::program {
namespace {

const std::string key_text = key::generate().to_string();
std::string url(const std::string& rest) { return "mtcp://" + key_text + rest; }

TEST(ShareUrl, HoldsAllThatAClientNeeds) {
  const share_url u = parse_share_url(url("@a.example:443,[2001:db8::1]:8444,192.0.2.7?bridges=auto#B%c3%BCro%201"));
  EXPECT_EQ(u.secret.to_string(), key_text);
  EXPECT_EQ(u.servers, (std::vector<host_ports>{{"a.example", 443}, {"2001:db8::1", 8444}, {"192.0.2.7", 8443}}));
  EXPECT_EQ(u.bridges, "auto");
  EXPECT_EQ(u.name, "Büro 1");
}

TEST(ShareUrl, NeedsOnlyKeyAndHost) {
  for (const char* around : {"", "\n", "/", "\r\n "}) {
    const share_url u = parse_share_url(url("@a.example" + std::string(around)));
    EXPECT_EQ(u.servers, (std::vector<host_ports>{{"a.example", 8443}}));
    EXPECT_EQ(u.bridges + u.name, "");
  }
}

TEST(ShareUrl, SurvivesBeingPrintedAndRead) {
  const share_url first{key::generate(), {{"a", 1}, {"::1", 2}}, "7", "x y#?@%,\xc3\xbc"};
  const share_url second = parse_share_url(to_string(first));
  EXPECT_EQ(second.secret.to_string(), first.secret.to_string());
  EXPECT_EQ(second.servers, first.servers);
  EXPECT_EQ(second.bridges, first.bridges);
  EXPECT_EQ(second.name, first.name);
}

// RFC 6874, section 2.
TEST(ShareUrl, WritesTheZoneOfAnAddressAsUrisDo) {
  const share_url first{key::generate(), {{"fe80::1%eth0", 1}}, "", ""};
  EXPECT_NE(to_string(first).find("@[fe80::1%25eth0]:1"), std::string::npos);
  EXPECT_EQ(parse_share_url(to_string(first)).servers, first.servers);
}

/// What is wrong with `text`, which must not be told in the words of the key.
std::string trouble(const std::string& text) {
  try {
    parse_share_url(text);
  } catch (const key_error& e) {
    EXPECT_EQ(e.why(), key_error::kind::malformed);
    EXPECT_EQ(std::string(e.what()).find(key_text.substr(6, 20)), std::string::npos) << e.what();
    return e.what();
  }
  return "nothing";
}

TEST(ShareUrl, SaysWhatIsWrongWithoutTheKey) {
  const std::pair<std::string, const char*> cases[] = {{"", "mtcp://"},
                                                       {"http://" + key_text + "@a", "mtcp://"},
                                                       {key_text, "mtcp://"},
                                                       {"mtcp://", "KEY@HOST"},
                                                       {url(""), "KEY@HOST"},
                                                       {url("@"), "KEY@HOST"},
                                                       {url("@,a"), "server 1"},
                                                       {url("@a:0"), "server 1"},
                                                       {url("@a,b:99999"), "server 2"},
                                                       {url("@a@b"), "server 1"},
                                                       {url("x@a"), "characters"},
                                                       {"mtcp://@a", "mtcp1-"},
                                                       {url("@a?bridges"), "bridges=N"},
                                                       {url("@a?speed=9"), "bridges=N"},
                                                       {url("@a#%4"), "%"},
                                                       {url("@a#%zz"), "%"},
                                                       {url("@a#%0a"), "control"},
                                                       {url("@a#" + std::string(65, 'x')), "64"}};
  for (const auto& [text, word] : cases) EXPECT_NE(trouble(text).find(word), std::string::npos) << text.substr(80);
  EXPECT_NE(trouble(url("@a" + std::string(17, ',') + "b")), "nothing");
  EXPECT_NE(trouble(url("@" + std::string(1 << 16, 'a'))), "nothing");
}

/// A file that lives as long as this.
class url_file : public test::config_file {
 public:
  url_file(const std::string& text, mode_t mode) : config_file(text) { ::chmod(name().c_str(), mode); }
};

key_error::kind load_error(const std::string& name) {
  try {
    load_share_url(name);
  } catch (const key_error& e) {
    EXPECT_NE(std::string(e.what()).find(name), std::string::npos) << e.what();
    return e.why();
  }
  ADD_FAILURE() << name << " was read";
  return {};
}

TEST(ShareUrl, ComesFromAPrivateFile) {
  EXPECT_EQ(load_share_url(url_file(url("@a\n"), 0600).name()).servers.size(), 1U);
  EXPECT_EQ(load_error(url_file(url("@a"), 0644).name()), key_error::kind::permissions);
  EXPECT_EQ(load_error(url_file("nothing", 0600).name()), key_error::kind::malformed);
  EXPECT_EQ(load_error("/nowhere/at/all"), key_error::kind::unreadable);
}

client::settings client_settings(std::vector<std::string> more) {
  std::vector<std::string> all{"--url-file", "u"};
  all.insert(all.end(), more.begin(), more.end());
  return client::read_settings(all, test::variables());
}

std::vector<client::path_setting> paths(client::settings s, const std::string& rest) {
  client::take_url(s, parse_share_url(url(rest)));
  return s.paths;
}

TEST(ShareUrl, MakesThePathsOfAClient) {
  const auto two = paths(client_settings({"--bind", "192.0.2.9"}), "@a:1,b:2?bridges=9");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[1].host, "b");
  EXPECT_EQ(two[1].port, 2);
  EXPECT_EQ(two[1].bridges, 9U);
  EXPECT_EQ(two[1].bind, "192.0.2.9");
  EXPECT_EQ(paths(client_settings({"--bridges", "3"}), "@a?bridges=9")[0].bridges, 3U) << "the flag comes first";
  EXPECT_EQ(paths(client_settings({}), "@a")[0].bridges, 4U);
  EXPECT_THROW(paths(client_settings({}), "@a?bridges=65"), key_error);
}

// There is nothing more to read when the settings are read again, or nobody who would write it.
TEST(ShareUrl, IsReadFromStandardInputOnce) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string text = url("@a");
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  const int before = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  for (int time = 0; time < 2; ++time) {
    client::settings s = client::read_settings({"--url-file", "-"}, test::variables());
    EXPECT_EQ(client::load_key(s).to_string(), key_text);
    EXPECT_EQ(s.paths.size(), 1U);
  }
  ::dup2(before, STDIN_FILENO);
  ::close(before);
}

TEST(ShareUrl, StandsInsteadOfKeyAndServer) {
  const std::pair<const char*, const char*> others[] = {{"--key-file", "k"}, {"--server", "a"}, {"--path", "server=a"}};
  for (const auto& [option, value] : others)
    test::expect_error(64, "--url-file", [&] { client_settings({option, value}); });
}

}  // namespace
}  // namespace mtcp::program

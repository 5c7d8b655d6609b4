// Keys of version 2: how a server gets them, and what its clients and it make of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "integration/deployment.hpp"
#include "support/origin.hpp"
#include "support/socket.hpp"

namespace mtcp::lab {
namespace {

class SecondVersion : public testing::Test {
 protected:
  run_result append(const std::string& user) {
    std::vector<std::string> command{server_program, "keygen", "--append", keys};
    if (!user.empty()) command.insert(command.end(), {"--user", user});
    return run(command);
  }
  std::string text() const {
    std::ostringstream all;
    all << std::ifstream(keys).rdbuf();
    return all.str();
  }
  std::size_t count(const std::string& pattern) const {
    const std::string all = text();
    const std::regex line(pattern);
    return static_cast<std::size_t>(
        std::distance(std::sregex_iterator(all.begin(), all.end(), line), std::sregex_iterator()));
  }
  /// A file with what takes this user's device to the server.
  std::string url_of(const std::string& user, const std::string& port = "1") {
    const auto made = run(
        {server_program, "url", "--key-file", keys, "--user", user, "--host", "127.0.0.1:" + port, "--bridges", "2"});
    EXPECT_EQ(made.end.exit_code, 0) << made.standard_error;
    return files.write("url-" + user, made.standard_output);
  }
  std::vector<std::string> server(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {server_program, "--key-file", keys, "--listen", "127.0.0.1:0", "--status", "none",
                               "--allow", "127.0.0.0/8"});
    return more;
  }
  static std::vector<std::string> client(std::vector<std::string> more) {
    more.insert(more.begin(), {client_program, "--socks", "127.0.0.1:0", "--status", "none", "--direct", "none"});
    return more;
  }
  void expect_failure(const run_result& r, int code, const std::string& word) {
    EXPECT_EQ(r.end.exit_code, code) << r.standard_error;
    EXPECT_NE(r.standard_error.find(word), std::string::npos) << "'" << word << "' is not in: " << r.standard_error;
  }

  const temp_dir files;
  const std::string keys = (files / "server.key").string();
};

constexpr auto identity_line = "(^|\n)mtcp2-server-[a-z2-7]{58} ";
constexpr auto key_line = "(^|\n)mtcp2-[a-z2-7]{122}";

TEST_F(SecondVersion, KeysAreAddedToAFileWithOneIdentity) {
  for (const char* user : {"laptop", "Ann of Sales", ""}) {
    const auto made = append(user);
    EXPECT_EQ(made.end.exit_code, 0) << made.standard_error;
    EXPECT_EQ(made.standard_output, "") << "what is on a screen is no secret any more";
  }
  EXPECT_EQ(std::filesystem::status(keys).permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(count(identity_line), 1U) << text();
  EXPECT_EQ(count(key_line), 3U);
  const auto told = run({server_program, "check", "--key-file", keys});
  EXPECT_NE(told.standard_output.find("(Ann of Sales)"), std::string::npos) << told.standard_output;
  EXPECT_EQ(told.standard_output.find("mtcp2-"), std::string::npos);
}

TEST_F(SecondVersion, KeysAreAddedToAFileOfTheFirst) {
  files.write("server.key", run({server_program, "keygen", "--user", "old"}).standard_output + "# no newline");
  EXPECT_EQ(append("new").end.exit_code, 0);
  const auto told = run({server_program, "check", "--key-file", keys, "--min-protocol", "2"});
  EXPECT_EQ(told.end.exit_code, 0) << told.standard_error;
  EXPECT_TRUE(std::regex_search(told.standard_output, std::regex("\\(old\\), of version 1: not accepted\n")))
      << told.standard_output;
  EXPECT_TRUE(std::regex_search(told.standard_output, std::regex("\\(new\\), for [0-9a-f]{16}\n")))
      << told.standard_output;
  EXPECT_NE(told.standard_output.find("named by 1 keys"), std::string::npos);
}

TEST_F(SecondVersion, KeysAreAddedByManyAtOnce) {
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i) all.emplace_back([this, i] { append("user " + std::to_string(i)); });
  for (std::thread& one : all) one.join();
  EXPECT_EQ(count(identity_line), 1U) << text();
  EXPECT_EQ(count(key_line), 8U);
}

TEST_F(SecondVersion, KeysAreOfOneDeviceEach) {
  append("laptop");
  const std::string before = text();
  expect_failure(append("laptop"), 64, "laptop already");
  for (const char* wrong : {"a#b", "rate=1mbit", "two  spaces", " in front", "a\nb"})
    expect_failure(append(wrong), 64, "--user: '");
  EXPECT_EQ(text(), before);
  std::filesystem::permissions(keys, std::filesystem::perms(0644));
  expect_failure(append("phone"), 77, "chmod 600");
  expect_failure(run({server_program, "keygen", "--append", "/nowhere/key"}), 73, "/nowhere/key");
  expect_failure(run({server_program, "keygen", "--append", keys, "--output", keys}), 64, "--output");
}

TEST_F(SecondVersion, TakesClientsToTheServer) {
  append("laptop");
  process serving(server({"--min-protocol", "2"}));
  const std::string port = serving.expect("listening bridges .*:(\\d+)").at(1);
  const std::string url = url_of("laptop", port);
  EXPECT_EQ(run({"grep", "-c", "server-", url}).standard_output, "0\n") << "the identity stays at the server";
  process using_it(client({"--url-file", url, "--min-protocol", "2"}));
  const auto socks = static_cast<std::uint16_t>(std::stoi(using_it.expect("listening socks .*:(\\d+)").at(1)));
  using_it.expect("tunnel up");
  const origin site;
  const auto got = run({"curl", "-sS", "--socks5-hostname", "127.0.0.1:" + std::to_string(socks),
                        site.url("/bytes/100000"), "-o", "/dev/null", "-w", "%{size_download}"});
  EXPECT_EQ(got.standard_output, "100000") << got.standard_error;
}

TEST_F(SecondVersion, IsAllThatIsSpokenIfSoWanted) {
  const std::string old = make_key(files, "old.key");
  append("laptop");
  std::ofstream(keys, std::ios::app) << std::ifstream(old).rdbuf();
  process serving(server({"--min-protocol", "2"}));
  const std::string port = serving.expect("listening bridges .*:(\\d+)").at(1);
  {
    process outdated(client({"--key-file", old, "--server", "127.0.0.1:" + port}));
    outdated.expect("wrong key, a clock that is hours off, or not an mtcp server");
  }  // or its vain attempts would make the server turn all of this address away
  process newer(client({"--url-file", url_of("laptop", port)}));
  newer.expect("tunnel up");

  expect_failure(run(client({"--key-file", old, "--server", "127.0.0.1:1", "--min-protocol", "2"})), 78,
                 old + ": the key is of version 1, and --min-protocol is 2");
  expect_failure(run({server_program, "--key-file", old, "--listen", "127.0.0.1:0", "--min-protocol", "2"}), 78,
                 "--min-protocol");
  expect_failure(run({server_program, "check", "--key-file", old, "--min-protocol", "2"}), 78, "--min-protocol");
  expect_failure(run(client({"--min-protocol", "3"})), 64, "--min-protocol");
}

TEST_F(SecondVersion, NeedsTheIdentityThatItsKeysName) {
  append("laptop");
  const std::string all = text();
  files.write("server.key", all.substr(all.find('\n') + 1));
  expect_failure(run(server()), 78, "(laptop) was made for a server whose identity is not in this file");
}

// Nobody would find out before the server is started the next time.
TEST_F(SecondVersion, KeysAreNotAddedToAFileThatNoServerTakes) {
  append("laptop");
  const std::string all = text();
  for (const auto& [wrong, word] : {std::pair<std::string, std::string>(all.substr(all.find('\n') + 1), "(laptop)"),
                                    {all + "nonsense\n", ":3: "},
                                    {all.substr(0, all.size() - 1) + " streams=many\n", "streams=many"}}) {
    files.write("server.key", wrong);
    expect_failure(append("phone"), 78, word);
    EXPECT_EQ(text(), wrong);
  }
}

// As an editor does it, and sed -i.
TEST_F(SecondVersion, KeysAreAddedWhileTheFileIsReplaced) {
  append("laptop");
  std::atomic<bool> over = false;
  std::thread editor([&] {
    for (int i = 0; i < 100; ++i) run({"sed", "-i", "s/nothing/nothing/", keys});
    over = true;
  });
  for (int i = 0; !over; ++i) EXPECT_EQ(append("user " + std::to_string(i)).end.exit_code, 0);
  editor.join();
  EXPECT_EQ(count(identity_line), 1U);
}

TEST_F(SecondVersion, IsDemandedByAReload) {
  const std::string old = make_key(files, "old.key");
  append("laptop");
  std::ofstream(keys, std::ios::app) << std::ifstream(old).rdbuf();
  const std::string config = files.write("config", R"({"min-protocol": 1})");
  process serving(server({"--config", config}));
  const std::string port = serving.expect("listening bridges .*:(\\d+)").at(1);
  process outdated(client({"--key-file", old, "--server", "127.0.0.1:" + port}));
  outdated.expect("tunnel up");
  files.write("config", R"({"min-protocol": 2})");
  serving.send_signal(SIGHUP);
  serving.expect("settings read again");
  outdated.expect("wrong key, a clock that is hours off, or not an mtcp server");
}

TEST_F(SecondVersion, TellsAClientThatHoldsTheServersIdentity) {
  append("laptop");
  process careless(client({"--key-file", keys, "--server", "127.0.0.1:1"}));
  careless.expect("holds the server's identity");
}

TEST_F(SecondVersion, KeysAreMaskedWhereTheyAreGivenByMistake) {
  append("laptop");
  const std::string all = text();
  for (const std::string& secret : {all.substr(0, 71), all.substr(all.find('\n') + 1, 128)}) {
    const auto got = run({client_program, "--key-file", secret, "--server", "127.0.0.1:1"});
    EXPECT_NE(got.end.exit_code, 0);
    EXPECT_EQ(got.standard_error.find(secret.substr(20, 20)), std::string::npos) << got.standard_error;
  }
}

}  // namespace
}  // namespace mtcp::lab

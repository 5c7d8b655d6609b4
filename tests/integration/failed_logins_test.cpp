// Wrong passwords at the client and wrong keys at the server: they are told of, counted, and take time.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

double seconds_since(lab_clock::time_point start) {
  return std::chrono::duration<double>(lab_clock::now() - start).count();
}

class FailedLogin : public testing::Test {
 protected:
  /// The answer of the proxy to a name and a password.
  std::string socks_login(const std::string& name, const std::string& password) {
    socket s("127.0.0.1", halves.socks_port());
    s.send(octets({5, 1, 2}) + octets({1, static_cast<int>(name.size())}) + name +
           octets({static_cast<int>(password.size())}) + password);
    return s.receive(4);
  }
  std::string http_login(const std::string& proxy_user) {
    return run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_connect}", "-x",
                "http://" + proxy_user + "@127.0.0.1:" + std::to_string(halves.socks_port()), "https://192.0.2.1/"})
        .standard_output;
  }

  temp_dir files;
  deployment halves{with_status({.client_options = {"--users-file", files.write("users", "alice:s3cret\n")}})};
};

const std::string welcome = octets({5, 2, 1, 0}), refusal = octets({5, 2, 1, 1});

TEST_F(FailedLogin, IsToldOfCountedAndTakesLongerEachTime) {
  const auto start = lab_clock::now();
  EXPECT_EQ(socks_login("mallory", "guess"), refusal);
  EXPECT_EQ(http_login("mallory:guess"), "407");
  EXPECT_EQ(socks_login("mallory", "guess"), refusal);
  EXPECT_GT(seconds_since(start), 1.5);
  const auto then = lab_clock::now();
  EXPECT_EQ(socks_login("alice", "s3cret"), welcome);
  EXPECT_LT(seconds_since(then), 1) << "who knows the password need not wait";
  halves.client().expect("warning failed login from 127.0.0.1, wrong password, as 'mallory'");
  const nlohmann::json told = stats(halves.client());
  EXPECT_EQ(told["failed_logins_total"], 3);
  EXPECT_EQ(told["failed_logins"], nlohmann::json::parse(R"([{"address": "127.0.0.1", "count": 3}])"));
  EXPECT_NE(fetch(halves.client(), "/metrics").find("\nmtcp_failed_logins_total 3\n"), std::string::npos);
}

TEST_F(FailedLogin, IsOneOnlyWithAPassword) {
  EXPECT_EQ(run({"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-x",
                 "http://127.0.0.1:" + std::to_string(halves.socks_port()), "http://192.0.2.1/"})
                .standard_output,
            "407");
  EXPECT_EQ(stats(halves.client())["failed_logins_total"], 0);
}

TEST_F(FailedLogin, WithoutAKeyIsToldOfByTheServer) {
  socket junk("127.0.0.1", halves.server_port());
  junk.send("GET / HTTP/1.1\r\n\r\n");
  halves.server().expect("warning failed login from 127.0.0.1, no client of ours$");
  const std::string other = make_key(files, "other");
  process stranger({client_program, "--key-file", other, "--server",
                    "127.0.0.1:" + std::to_string(halves.server_port()), "--bridges", "1", "--socks", "127.0.0.1:0",
                    "--status", "none"});
  const nlohmann::json told = stats_when(halves.server(), [](const auto& s) { return s["failed_logins_total"] > 1; });
  EXPECT_EQ(told["failed_logins"][0]["address"], "127.0.0.1");
  halves.server().expect("failed login from 127.0.0.1, unknown key");
}

TEST_F(FailedLogin, IsNotWhatSilenceIsCalled) {
  const socket silent("127.0.0.1", halves.server_port());
  halves.server().expect("warning silent connection from 127.0.0.1, it said nothing$");
  EXPECT_EQ(stats(halves.server())["failed_logins_total"], 0);
}

TEST_F(FailedLogin, IsNotLookedAtWhenThereWereTooMany) {
  std::vector<socket> guesses;
  for (int i = 0; i < 40; ++i) {
    guesses.emplace_back("127.0.0.1", halves.socks_port());
    guesses.back().send(octets({5, 1, 2}) + octets({1, 7}) + "mallory" + octets({5}) + "guess");
  }
  EXPECT_EQ(guesses.back().receive(4), refusal) << "at once: it was not looked at";
  EXPECT_EQ(socks_login("alice", "s3cret"), refusal) << "else guessing would go on at any pace";
  EXPECT_EQ(http_login("alice:s3cret"), "429");
  guesses.pop_back();
  for (socket& one : guesses) EXPECT_EQ(one.receive(4), refusal);
  EXPECT_EQ(socks_login("alice", "s3cret"), welcome) << "once these have their answer";
}

TEST_F(FailedLogin, LocksAnAddressOutOnlyWhereNobodyHasAKey) {
  const auto junk_from = [&](const std::string& address) {
    socket s("127.0.0.1", halves.server_port(), address);
    s.send("GET / HTTP/1.1\r\n\r\n");
    std::string nothing;
    s.drain(nothing);
  };
  for (int i = 0; i < 6; ++i) junk_from("127.0.0.1");
  const auto all_heard = [](const nlohmann::json& told) { return told["failed_logins_total"] == 6; };
  stats_when(halves.server(), all_heard);  // an address that has bridges is heard
  for (int i = 0; i < 30 && stats(halves.server())["locked_out_total"] == 0; ++i) junk_from("127.0.0.77");
  const auto told = stats_when(halves.server(), [](const nlohmann::json& now) { return now["locked_out_total"] > 0; });
  ASSERT_EQ(told["locked_out"].size(), 1u);
  EXPECT_EQ(told["locked_out"][0]["address"], "127.0.0.77");
  EXPECT_GE(told["failed_logins_total"], 6 + 4);
  const std::string metrics = fetch(halves.server(), "/metrics");
  EXPECT_NE(metrics.find("\nmtcp_locked_out_connections_total "), std::string::npos);
  EXPECT_EQ(metrics.find("\nmtcp_locked_out_connections_total 0\n"), std::string::npos);
  // Behind the first address there are users with bridges: they get new ones.
  halves.lines().lose_all(loss::reset);
  EXPECT_TRUE(halves.lines().wait([](auto& all) { return all.size() > 5 && all[5].down > 0; }, 20s));
}

/// The expression of packages/fail2ban, with a group in place of <ADDR>.
std::regex fail2ban_filter() {
  std::ifstream file(MTCP_FAIL2BAN_FILTER);
  const std::string mark = "failregex = ", address = "<ADDR>";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(mark)) continue;
    line.erase(0, mark.size());
    return std::regex(line.replace(line.find(address), address.size(), "([0-9a-f.:]+)"));
  }
  throw std::runtime_error("no failregex");
}

TEST_F(FailedLogin, IsFoundByFail2ban) {
  EXPECT_EQ(socks_login("x, as failed login from 192.0.2.9", "guess"), refusal);
  halves.client().expect("failed login");
  const std::string log = halves.client().standard_error();
  const std::string line = log.substr(log.rfind('\n', log.find("failed login")) + 1);
  const std::string first = line.substr(0, line.find('\n'));
  const std::string in_the_journal = first.substr(first.find("failed login"));
  const std::string without_time = first.substr(first.find(' '));
  for (const std::string& text : {first, in_the_journal, without_time}) {
    std::smatch found;
    ASSERT_TRUE(std::regex_search(text, found, fail2ban_filter())) << text;
    EXPECT_EQ(found.str(1), "127.0.0.1");
  }
}

TEST_F(FailedLogin, IsFoundByFail2banItself) {
  if (!installed("fail2ban-regex")) GTEST_SKIP() << "no fail2ban-regex (Debian: fail2ban)";
  EXPECT_EQ(socks_login("x, as failed login from 192.0.2.9", "guess"), refusal);
  halves.client().expect("failed login");
  {
    socket junk("127.0.0.1", halves.server_port(), "127.0.0.2");
    junk.send("GET / HTTP/1.1\r\n\r\n");
    const socket silent("127.0.0.1", halves.server_port(), "127.0.0.3");
    halves.server().expect("failed login");
    halves.server().expect("silent connection");
  }
  const std::string log =
      files.write("log", halves.client().standard_error() + halves.server().standard_error() +
                             "2026-11-29T05:40:42.123 warning failed login from 2001:db8::7, unknown key, 3 times\n");
  EXPECT_EQ(run({"fail2ban-regex", "--out", "ip", log, MTCP_FAIL2BAN_FILTER}).standard_output,
            "127.0.0.1\n127.0.0.2\n2001:db8::7\n");
}

}  // namespace
}  // namespace mtcp::lab

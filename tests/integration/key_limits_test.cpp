// What a key file grants to its keys, at the real programs.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

constexpr int general = 1, forbidden = 2;  // reply codes

class KeyLimits : public testing::Test {
 protected:
  /// Adds words to the key's line, and has the server read it.
  void grant(const std::string& words) {
    std::ifstream in(halves.key_file());
    std::string line;
    std::getline(in, line);
    std::ofstream(halves.key_file()) << line.substr(0, line.find(' ')) << ' ' << words << '\n';
    const std::size_t before = halves.server().lines();
    halves.server().send_signal(SIGHUP);
    halves.server().expect("settings read again", 15s, before);
  }
  int code_of(socket& application, std::uint16_t port) { return socks_connect(application, "127.0.0.1", port).code; }

  const peer listening{habit::listen};
  deployment halves{with_status()};
};

TEST_F(KeyLimits, OfStreamsAreRefusedClearlyAndShown) {
  grant("Ann streams=2");
  std::vector<socket> open;
  for (int i = 0; i < 3; ++i) open.emplace_back("127.0.0.1", halves.socks_port());
  EXPECT_EQ(code_of(open[0], listening.port()), 0);
  EXPECT_EQ(code_of(open[1], listening.port()), 0);
  EXPECT_EQ(code_of(open[2], listening.port()), general);
  halves.server().expect("warning .* has as many streams as its key grants: destinations are refused");
  const nlohmann::json told = stats(halves.server())["keys"].at(0);
  EXPECT_EQ(told["user"], "Ann");
  EXPECT_EQ(told["streams"], 2);
  EXPECT_EQ(told["max_streams"], 2);
  EXPECT_EQ(told["refused_total"], 1);
  EXPECT_EQ(told["sessions"], 1);
}

TEST_F(KeyLimits, OfDialsAreRefused) {
  grant("dials=1");
  int granted = 0, refused = 0;
  for (int i = 0; i < 20; ++i) {
    socket application("127.0.0.1", halves.socks_port());
    ++(code_of(application, listening.port()) == 0 ? granted : refused);
  }
  EXPECT_GT(granted, 0);
  EXPECT_GT(refused, 0);
  halves.server().expect("has dialled as often as its key grants");
}

TEST_F(KeyLimits, OfRateHoldAllStreams) {
  const origin web;
  grant("rate=16mbit");
  const auto r = transfer::download(halves, web.url(""), 4'000'000).finish();
  EXPECT_TRUE(r.intact) << r.trouble;
  EXPECT_GT(r.seconds, 1.5) << "2 MB/s, and a quarter of a megabyte at once";
}

TEST_F(KeyLimits, OfDestinationsHoldForThisKey) {
  grant("deny=127.0.0.0/8 allow=127.0.0.0/8:" + std::to_string(listening.port()));
  const peer other{habit::listen};
  socket one("127.0.0.1", halves.socks_port()), two("127.0.0.1", halves.socks_port());
  EXPECT_EQ(code_of(one, listening.port()), 0);
  EXPECT_EQ(code_of(two, other.port()), forbidden);
}

/// A client that has its server listen for it, on a port that the server's system chooses.
struct listening_client {
  listening_client(const deployment& halves, const std::string& target)
      : runs({client_program, "--key-file", halves.key_file(), "--socks", "none", "--status", "none", "--server",
              "127.0.0.1:" + std::to_string(halves.server_port()), "--reverse", "0=" + target}) {}
  std::string url(std::uint64_t bytes) {
    const std::string place = runs.expect("reverse 0: the server listens on (.*:\\d+)").at(1);
    return "http://" + place + "/bytes/" + std::to_string(bytes);
  }
  process runs;
};

run_result fetched(const std::string& url) {
  return run({"curl", "-sS", "--fail", "--noproxy", "*", "-o", "/dev/null", "-w", "%{time_total}", url});
}

TEST_F(KeyLimits, SayWhereTheServerListens) {
  const origin web;
  grant("listen=0");  // without any --allow-listen
  listening_client client(halves, "127.0.0.1:" + std::to_string(web.port()));
  const std::string url = client.url(1000);
  EXPECT_EQ(fetched(url).end.exit_code, 0);
  grant("listen=none");
  halves.server().expect("no longer listens");
  client.runs.expect("reverse 0: the server does not allow it");
  EXPECT_NE(fetched(url).end.exit_code, 0);
}

TEST_F(KeyLimits, HoldWhatTheServerAcceptsForIt) {
  const origin web;
  grant("rate=16mbit streams=1 listen=0");
  listening_client client(halves, "127.0.0.1:" + std::to_string(web.port()));
  const run_result got = fetched(client.url(4'000'000));
  EXPECT_EQ(got.end.exit_code, 0) << got.standard_error;
  EXPECT_GT(std::stod(got.standard_output), 1.5) << "2 MB/s, and a quarter of a megabyte at once";
  stats_when(halves.server(), [](const auto& now) { return now["keys"][0]["streams"] == 0; });
  socket application("127.0.0.1", halves.socks_port());
  EXPECT_EQ(code_of(application, listening.port()), 0);
  EXPECT_NE(fetched(client.url(1)).end.exit_code, 0) << "a stream more than its key grants";
}

TEST_F(KeyLimits, OfTimeEndTheTunnels) {
  halves.server().expect("client .* connected");
  grant("expires=2020-01-01");
  halves.server().expect("client .* gone");
}

TEST_F(KeyLimits, ThatAreWrongChangeNothing) {
  std::ifstream in(halves.key_file());
  std::string line;
  std::getline(in, line);
  std::ofstream(halves.key_file()) << line << " rate=fast\n";
  halves.server().send_signal(SIGHUP);
  halves.server().expect("error SIGHUP: .*key:1: rate=fast: expected a rate.*; everything stays as it was");
  socket application("127.0.0.1", halves.socks_port());
  EXPECT_EQ(code_of(application, listening.port()), 0);
}

TEST(DeniedPort, IsThatOfMailUnlessItIsAnother) {
  const temp_dir files;
  const std::string key = make_key(files);
  const auto says = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command{server_program, "check", "--key-file", key};
    command.insert(command.end(), more.begin(), more.end());
    return run(command).standard_output;
  };
  EXPECT_NE(says({}).find("\ndeny     port 25\n"), std::string::npos);
  EXPECT_EQ(says({"--deny-port", "none"}).find("port 25"), std::string::npos);
  EXPECT_NE(says({"--deny-port", "465"}).find("port 465"), std::string::npos);
}

TEST(DeniedPort, IsRefused) {
  const peer listening{habit::listen};
  deployment halves({.server_options = {"--allow", "127.0.0.0/8", "--deny-port", std::to_string(listening.port())}});
  socket application("127.0.0.1", halves.socks_port());
  EXPECT_EQ(socks_connect(application, "127.0.0.1", listening.port()).code, forbidden);
}

}  // namespace
}  // namespace mtcp::lab

// What a key may carry in a month, and how many bridges all its clients may have, at the real programs.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"
#include "support/peer.hpp"

namespace mtcp::lab {
namespace {

using nlohmann::json;

constexpr int forbidden = 2;  // reply code
constexpr std::uint64_t mega = 1'000'000;
std::uint16_t port_in(const std::vector<std::string>& line) {
  return static_cast<std::uint16_t>(std::stoul(line.at(1)));
}

constexpr const char* spent = "the key has carried all that the server lets it carry this month";

plan keeping_in(const std::string& directory) {
  plan p = with_status();
  p.server_options.insert(p.server_options.end(), {"--state-dir", directory});
  return p;
}

struct KeyMonths : testing::Test {
  /// Adds words to the key's line, and has the server read it.
  void grant(const std::string& words) {
    std::ifstream in(halves.key_file());
    std::string key;
    in >> key;
    std::ofstream(halves.key_file()) << key << " Ann " << words << '\n';
    const std::size_t before = halves.server().lines();
    halves.server().send_signal(SIGHUP);
    halves.server().expect("settings read again", 15s, before);
  }
  int code_of_stream() {
    socket application("127.0.0.1", halves.socks_port());
    return socks_connect(application, "127.0.0.1", listening.port()).code;
  }
  std::unique_ptr<process> another_client(const std::string& bridges) const {
    return std::make_unique<process>(
        std::vector<std::string>{client_program, "--key-file", halves.key_file(), "--server",
                                 "127.0.0.1:" + std::to_string(halves.server_port()), "--bridges", bridges, "--socks",
                                 "127.0.0.1:0", "--status", "127.0.0.1:0"});
  }

  const origin web;
  const peer listening{habit::listen};
  const temp_dir files;
  deployment halves{keeping_in(files / "state")};
};

TEST_F(KeyMonths, ThatAreUsedUpEndStreamsAndRefuseNewOnes) {
  grant("bytes-per-month=5MB");
  socket idle("127.0.0.1", halves.socks_port());
  ASSERT_EQ(socks_connect(idle, "127.0.0.1", listening.port()).code, 0);
  const auto got = transfer::download(halves, web.url(""), 40 * mega).finish();
  EXPECT_FALSE(got.intact);
  halves.server().expect("warning Ann has carried its 5 MB a month: its streams end, and new ones are refused");
  halves.client().expect(spent + std::string(": streams end, and new ones are refused"));
  EXPECT_EQ(code_of_stream(), forbidden);
  stats_when(halves.server(), [](const json& now) { return now["tunnels"][0]["streams_active"] == 0; });
  const json told = stats(halves.server())["keys"].at(0);
  EXPECT_EQ(told["max_month_bytes"], 5 * mega);
  EXPECT_EQ(told["month_used_up"], true);
  EXPECT_GE(told["month_bytes"], 5 * mega);
  EXPECT_LT(told["month_bytes"], 8 * mega) << "little more than it may";
  EXPECT_EQ(stats(halves.client())["tunnel"]["quota_used_up"], true);
  const run_result page = run({"curl", "-sS", "-o", "/dev/stdout", "-w", "%{http_code}", "--noproxy", "", "-x",
                               "http://127.0.0.1:" + std::to_string(halves.socks_port()), web.url("/bytes/1")});
  EXPECT_NE(page.standard_output.find(spent), std::string::npos) << page.standard_output << page.standard_error;
  EXPECT_TRUE(page.standard_output.ends_with("403")) << page.standard_output;
}

TEST_F(KeyMonths, AreTakenAnewByAReloadAndKeptOverARestart) {
  grant("bytes-per-month=5MB");
  EXPECT_TRUE(transfer::download(halves, web.url(""), 4 * mega).finish().intact);
  grant("bytes-per-month=1MB");
  EXPECT_EQ(code_of_stream(), forbidden);
  grant("bytes-per-month=6MB");
  EXPECT_EQ(code_of_stream(), 0);
  halves.client().expect("the server lets the key carry more again");
  const std::size_t before = halves.client().lines();
  halves.server().terminate();
  const json counts = json::parse(std::ifstream(files / "state/keys.json"));
  EXPECT_GE(counts["keys"].begin()->at("bytes"), 4 * mega);
  halves.replace_server();
  halves.client().expect("tunnel up", 30s, before);
  EXPECT_FALSE(transfer::download(halves, web.url(""), 4 * mega).finish().intact) << "of 6 MB 4 had been carried";
}

TEST_F(KeyMonths, ThatAreUsedUpGrantNoNewSession) {
  grant("bytes-per-month=1MB");
  EXPECT_FALSE(transfer::download(halves, web.url(""), 4 * mega).finish().intact);
  const auto client = another_client("1");
  client->expect("warning path .*: " + std::string(spent));
  socket application("127.0.0.1", port_in(client->expect("listening socks .*:(\\d+)")));
  EXPECT_EQ(socks_connect(application, "127.0.0.1", listening.port()).code, forbidden);
  EXPECT_EQ(stats(*client)["tunnel"]["quota_used_up"], true);
}

TEST_F(KeyMonths, AreOfOneServerAtATime) {
  const run_result second = run({server_program, "--key-file", halves.key_file(), "--listen", "127.0.0.1:0", "--status",
                                 "none", "--state-dir", files / "state"});
  EXPECT_EQ(second.end.exit_code, 73);
  EXPECT_NE(second.standard_error.find("another program uses it"), std::string::npos) << second.standard_error;
}

TEST(KeyMonthsWithoutDirectory, AreForgottenAndThatIsSaid) {
  const temp_dir files;
  const std::string key = make_key(files);
  std::ifstream in(key);
  std::string text;
  in >> text;
  std::ofstream(key) << text << " bytes-per-month=1GB\n";
  process server({server_program, "--key-file", key, "--listen", "127.0.0.1:0", "--status", "none"});
  server.expect("what they carry is forgotten when the program ends: --state-dir keeps it");
}

TEST_F(KeyMonths, BridgesOfAllClientsAreLimited) {
  grant("bridges=5");
  const auto client = another_client("4");
  client->expect("warning path .*: the server takes no more bridges of this key");
  stats_when(*client, [](const json& now) { return now["tunnel"]["paths"][0]["bridges_up"] == 2; });
  const json told = stats(halves.server())["keys"].at(0);
  EXPECT_EQ(told["bridges"], 5);
  EXPECT_EQ(told["max_bridges"], 5);
  EXPECT_GT(stats(*client)["tunnel"]["paths"][0]["found"]["dials_held_seconds"], 1) << "it does not hammer";
  halves.client().send_signal(SIGTERM);  // which makes room
  stats_when(*client, [](const json& now) { return now["tunnel"]["paths"][0]["bridges_up"] == 4; });
}

}  // namespace
}  // namespace mtcp::lab

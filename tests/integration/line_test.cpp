// mtcp-client test as a program, and what the server does with streams that lead to it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "integration/far_end.hpp"

namespace mtcp::lab {
namespace {

TEST(LineTest, SaysWhyItCannotMeasure) {
  const far_end there({}, {"--no-test"});
  const run_result refused = run(there.command({"--server", there.where(), "--json"}));
  EXPECT_EQ(refused.end.exit_code, 69);
  EXPECT_NE(refused.standard_error.find("--no-test"), std::string::npos) << refused.standard_error;
  EXPECT_TRUE(json::parse(refused.standard_output).contains("error"));

  const run_result nobody = run(there.command({"--server", "127.0.0.1:1", "--connect-wait", "200ms"}));
  EXPECT_EQ(nobody.end.exit_code, 69);
  EXPECT_NE(nobody.standard_error.find("127.0.0.1:1"), std::string::npos) << nobody.standard_error;
  EXPECT_NE(nobody.standard_error.find("refused"), std::string::npos) << nobody.standard_error;
}

// With an earlier server it is told so (tests/compat).
TEST(LineTest, MeasuresOrSaysThatTheServerIsTooOld) {
  const far_end there({});
  const run_result r = run(there.command({"--server", there.where(), "--seconds", "1", "--json"}));
  const json told = json::parse(r.standard_output);
  if (r.end.exit_code == 0) {
    EXPECT_TRUE(told.contains("helps")) << told;
  } else {
    EXPECT_EQ(r.end.exit_code, 69);
    EXPECT_NE(r.standard_error.find("too old"), std::string::npos) << r.standard_error;
  }
}

// The first one is not there.
TEST(LineTest, MeasuresEachOfSeveralServers) {
  const far_end there({.rate_of_all = 2e6});
  const auto tunnel = [&](const std::string& server) { return json{{"key-file", there.key}, {"server", server}}; };
  const std::string config =
      there.files.write("client.json", json{{"tunnels", {tunnel("127.0.0.1:1"), tunnel(there.where())}}}.dump());
  const std::vector<std::string> command{client_program,   "test", "--config", config, "--seconds", "1",
                                         "--connect-wait", "2s",   "--json"};
  const run_result r = run(command);
  EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  EXPECT_NE(r.standard_error.find("127.0.0.1:1: "), std::string::npos) << r.standard_error;
  const json told = json::parse(r.standard_output);
  ASSERT_EQ(told["servers"].size(), 2U);
  EXPECT_EQ(told["servers"][0]["name"], "127.0.0.1:1");
  EXPECT_TRUE(told["servers"][0].contains("error"));
  EXPECT_EQ(told["servers"][1]["name"], there.where());
  EXPECT_TRUE(told["servers"][1].contains("helps"));
  EXPECT_FALSE(told.contains("quickest")) << "one only could be measured";

  std::vector<std::string> for_people(command.begin(), command.end() - 1);
  const run_result text = run(for_people);
  EXPECT_EQ(text.end.exit_code, 0);
  EXPECT_NE(text.standard_output.find("\nServer 2 of 2: " + there.where() + "\n"), std::string::npos)
      << text.standard_output;
}

// What is sent in a second, at the speed of the first moments, takes half a minute to get through.
TEST(LineTest, EndsInTimeOnALineOfSomeKilobytes) {
  const far_end there({.rate_of_all = 8e3, .buffer = 2 << 20});
  const run_result r =
      run(there.command({"--server", there.where(), "--seconds", "1", "--json"}), std::chrono::seconds(110));
  EXPECT_FALSE(r.end.timed_out);
  EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
  const json told = json::parse(r.standard_output, nullptr, false);
  EXPECT_FALSE(told["not_measured"].empty()) << told;
}

TEST(LineTest, EndsWithASignal) {
  const far_end there({.rate_of_all = 1e6});
  process running(there.command({"--server", there.where(), "--seconds", "30"}));
  ASSERT_TRUE(there.way->wait([](const auto& all) { return !all.empty() && all[0].down > 100'000; }, 15s));
  running.send_signal(SIGINT);
  EXPECT_EQ(running.wait().exit_code, 130);
}

// ---- what the server does with streams that lead to it ----

TEST(TestTarget, IsReachedThroughTheProxyToo) {
  deployment halves;
  socket echo = halves.stream_to("mtcp..test", 7);
  echo.send("there and back");
  echo.shutdown_send();
  std::string text;
  EXPECT_EQ(echo.drain(text), tail::end);
  EXPECT_EQ(text, "there and back");
}

TEST(TestTarget, HasNoOtherPorts) {
  deployment halves;
  socket s("127.0.0.1", halves.socks_port());
  EXPECT_EQ(socks_connect(s, "mtcp..test", 80).code, 5);
}

TEST(TestTarget, IsForSoManyStreamsOfAKey) {
  deployment halves;
  std::vector<socket> open;
  for (int i = 0; i < 8; ++i) open.push_back(halves.stream_to("mtcp..test", 7));
  socket one_more("127.0.0.1", halves.socks_port());
  EXPECT_EQ(socks_connect(one_more, "mtcp..test", 7).code, 1);
}

TEST(TestTarget, CanBeClosedWithAReload) {
  const temp_dir files;
  const std::string config = files.write("server.json", "{}");
  deployment halves({.server_options = {"--config", config}});
  halves.stream_to("mtcp..test", 7);
  files.write("server.json", R"({"no-test": true})");
  halves.server().send_signal(SIGHUP);
  halves.server().expect("settings read again");
  socket s("127.0.0.1", halves.socks_port());
  EXPECT_EQ(socks_connect(s, "mtcp..test", 7).code, 2);
}

}  // namespace
}  // namespace mtcp::lab

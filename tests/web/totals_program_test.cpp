// Totals and closed streams of the real programs, over a restart.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

using nlohmann::json;

constexpr std::uint64_t size = 300'000;

json closed_when(process& client, std::size_t count) {
  json streams;
  for (int i = 0; i < 200 && streams.size() < count; ++i)
    streams = json::parse(fetch(client, "/api/closed"))["streams"];
  EXPECT_EQ(streams.size(), count);
  return streams;
}

json totals_of(process& client) { return json::parse(fetch(client, "/api/totals")); }

plan keeping(const std::string& directory, const std::vector<std::string>& more = {}) {
  plan p = with_status({.bridges = 2});
  p.client_options.insert(p.client_options.end(), {"--state-dir", directory});
  p.client_options.insert(p.client_options.end(), more.begin(), more.end());
  return p;
}

/// One download by SOCKS, one plain request to the HTTP proxy.
void load_twice(deployment& halves, const origin& web) {
  const auto got = transfer::download(halves, web.url(""), size).finish();
  EXPECT_TRUE(got.intact) << got.trouble;
  const std::string proxy = "http://127.0.0.1:" + std::to_string(halves.socks_port());
  const run_result plain =
      run({"curl", "-sS", "-o", "/dev/null", "-x", proxy, web.url("/bytes/" + std::to_string(size))});
  EXPECT_EQ(plain.end.exit_code, 0) << plain.standard_error;
}

TEST(TotalsOfPrograms, OutliveStreamsAndTheProgram) {
  const origin web;
  const temp_dir files;
  const std::string directory = files / "state";
  {
    deployment halves(keeping(directory));
    load_twice(halves, web);
    const json streams = closed_when(halves.client(), 2);
    for (const json& one : streams) {
      EXPECT_EQ(one["target"], "127.0.0.1:" + std::to_string(web.port()));
      EXPECT_EQ(one["source"], "127.0.0.1");
      EXPECT_EQ(one["ended"], "closed");
      EXPECT_EQ(one["direct"], false);
      EXPECT_GT(one["bytes_up"], 50) << "a request";
      EXPECT_NEAR(one["bytes_down"].get<double>(), size, 1'000) << "a head, too";
    }
    const json told = totals_of(halves.client());
    EXPECT_EQ(told["destinations"][0]["name"], "127.0.0.1");
    EXPECT_EQ(told["destinations"][0]["today"]["bytes_down"],
              streams[0]["bytes_down"].get<int>() + streams[1]["bytes_down"].get<int>());
    EXPECT_GT(told["paths"][0]["today"]["bytes_down"], 2 * size);
    EXPECT_EQ(told["paths"].size(), 1U);
    EXPECT_TRUE(told["users"].empty());
    halves.client().terminate();
  }
  deployment again(keeping(directory));
  EXPECT_GE(totals_of(again.client())["sources"][0]["month"]["bytes_down"], 2 * size);
  EXPECT_TRUE(closed_when(again.client(), 0).empty());
}

TEST(TotalsOfPrograms, AreOfUsersAtTheServer) {
  const origin web;
  const temp_dir files;
  plan p = with_status({.bridges = 2});
  p.server_options.insert(p.server_options.end(), {"--state-dir", files / "state"});
  {
    deployment halves(p);
    load_twice(halves, web);
    closed_when(halves.client(), 2);
    const json told = totals_of(halves.server());
    ASSERT_EQ(told["users"].size(), 1U) << told;
    const json& user = told["users"][0];
    EXPECT_NEAR(user["today"]["bytes_down"].get<double>(), 2 * size, 2'000);
    EXPECT_GT(user["today"]["bytes_up"], 100) << "two requests";
    EXPECT_FALSE(told.contains("destinations"));
    halves.server().terminate();
  }
  std::ifstream kept(files / "state/totals.json");
  EXPECT_EQ(json::parse(kept)["users"].size(), 1U);
}

TEST(TotalsOfPrograms, NameNoDestinationThatIsNotToBeKept) {
  const origin web;
  const temp_dir files;
  const std::string directory = files / "state";
  deployment halves(keeping(directory, {"--no-destinations"}));
  load_twice(halves, web);
  for (const json& one : closed_when(halves.client(), 2)) EXPECT_EQ(one["target"], "");
  EXPECT_TRUE(totals_of(halves.client())["destinations"].empty());
  EXPECT_EQ(totals_of(halves.client())["sources"][0]["name"], "127.0.0.1");
  halves.client().terminate();
  std::ifstream file(directory + "/totals.json");
  const json kept = json::parse(file);
  EXPECT_TRUE(kept["destinations"].empty());
  EXPECT_FALSE(kept["sources"].empty());
}

}  // namespace
}  // namespace mtcp::lab

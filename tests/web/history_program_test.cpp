// The history of paths of the real programs, over a restart.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

using nlohmann::json;

constexpr double size = 3'000'000;

plan keeping(const temp_dir& files) {
  plan p = with_status({.bridges = 2});
  p.client_options.insert(p.client_options.end(), {"--state-dir", files / "client"});
  p.server_options.insert(p.server_options.end(), {"--state-dir", files / "server"});
  return p;
}

/// Bytes down of all paths or users, as the history has them: rates over the time that was looked at. A day's first
/// step may be all that there is, and ends now.
double carried(process& program) {
  const json told = json::parse(fetch(program, "/api/history?span=24h"));
  double bytes = 0;
  for (const json& path : told["paths"])
    for (const json& rate : path["down"]) bytes += rate.is_null() ? 0 : rate.get<double>();
  return bytes;
}

double eventually_carried(process& program) {
  double bytes = 0;
  for (int i = 0; i < 200 && bytes == 0; ++i) bytes = carried(program);
  return bytes;
}

TEST(HistoryOfPrograms, OutlivesThem) {
  const origin web;
  const temp_dir files;
  {
    deployment halves(keeping(files));
    const auto got = transfer::download(halves, web.url(""), static_cast<std::uint64_t>(size)).finish();
    EXPECT_TRUE(got.intact) << got.trouble;
    stats_when(halves.client(), [](auto& s) { return s["tunnel"]["streams_active"] == 0; });
    for (process* program : {&halves.client(), &halves.server()}) {
      EXPECT_GT(eventually_carried(*program), 0);
      const json told = json::parse(fetch(*program, "/api/history?span=1h"));
      ASSERT_EQ(told["paths"].size(), 1U);
      EXPECT_GT(told["paths"][0]["rtt_ms"].back(), 0);
    }
    halves.client().terminate();
    halves.server().terminate();
  }
  deployment again(keeping(files));
  EXPECT_GT(carried(again.client()), 0) << "at once";
  EXPECT_GT(carried(again.server()), 0);
}

}  // namespace
}  // namespace mtcp::lab

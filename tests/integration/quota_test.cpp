// A path that may carry only so much, beside one that may carry all.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "integration/deployment.hpp"
#include "integration/status.hpp"
#include "support/origin.hpp"

namespace mtcp::lab {
namespace {

using nlohmann::json;

json path_called(const std::string& name, process& client) {
  const json told = stats(client);
  for (const json& path : told["tunnel"]["paths"])
    if (path["name"] == name) return path;
  return {};
}

TEST(Quota, IsKeptToDuringADownload) {
  const origin web;
  const temp_dir kept;
  const std::string directory = kept / "state";
  const double mega = 1e6 * machine_speed;
  const double rate = 5 * mega;
  const auto allowed = static_cast<std::uint64_t>(20 * mega);
  plan p = with_status({.lines = {.rate_down = rate, .delay = 5ms, .buffer = 32 * 1024}, .bridges = 2});
  p.client_options.insert(p.client_options.end(), {"--state-dir", directory});
  p.paths = [allowed](std::uint16_t port) {
    const std::string where = ",bridges=1,server=127.0.0.1:" + std::to_string(port);
    const std::string quota = ",quota=" + std::to_string(allowed / 1000) + "kB/month";
    return std::vector<std::string>{"name=lte" + quota + where, "name=dsl" + where};
  };
  deployment halves(p);
  const auto got = transfer::download(halves, web.url(""), 3 * allowed).finish();
  EXPECT_TRUE(got.intact) << got.trouble;
  const json lte = path_called("lte", halves.client());
  EXPECT_EQ(lte["role"], "never");
  EXPECT_EQ(lte["bridges_up"], 0);
  EXPECT_EQ(lte["quota"]["bytes"], allowed);
  EXPECT_EQ(lte["quota"]["period"], "month");
  EXPECT_EQ(lte["quota"]["used_up"], true);
  EXPECT_LE(lte["quota"]["used_bytes"].get<double>(), 20.2 * mega);
  EXPECT_GE(lte["quota"]["used_bytes"].get<double>(), 19.5 * mega) << "on a busy machine it ends a little sooner";
  EXPECT_FALSE(path_called("dsl", halves.client()).contains("quota"));
  halves.client().expect("path lte has used up its .* MB a month: from now on its role is never");

  halves.client().send_signal(SIGTERM);
  halves.client().wait();
  const json counts = json::parse(std::ifstream(directory + "/quotas.json"));
  EXPECT_EQ(counts["paths"]["lte"]["bytes"], lte["quota"]["used_bytes"]);
}

}  // namespace
}  // namespace mtcp::lab

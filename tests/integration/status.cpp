#include "integration/status.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace mtcp::lab {

plan with_status(plan p) {
  for (auto* options : {&p.client_options, &p.server_options})
    options->insert(options->end(), {"--status", "127.0.0.1:0"});
  return p;
}

std::string status_of(process& program) { return "127.0.0.1:" + program.expect("listening status .*:(\\d+)").at(1); }

std::string fetch(process& program, const std::string& path) {
  return run({"curl", "-sS", "http://" + status_of(program) + path}).standard_output;
}

nlohmann::json stats(process& program) { return nlohmann::json::parse(fetch(program, "/api/stats")); }

nlohmann::json stats_when(process& program, const std::function<bool(const nlohmann::json&)>& is_so) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  nlohmann::json now = stats(program);
  while (!is_so(now) && std::chrono::steady_clock::now() < end) now = stats(program);
  EXPECT_TRUE(is_so(now)) << now.dump(1);
  return now;
}

}  // namespace mtcp::lab

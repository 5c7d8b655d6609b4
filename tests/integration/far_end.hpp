// The other end of `mtcp-client test`, over a network of which the answer is known.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "integration/deployment.hpp"

namespace mtcp::lab {

using nlohmann::json;

/// A server, and a network in front of it.
struct far_end {
  explicit far_end(const shape& lines, const std::vector<std::string>& options = {}) : key(make_key(files)) {
    std::vector<std::string> command{server_program, "--key-file", key, "--listen", "127.0.0.1:0", "--status", "none"};
    command.insert(command.end(), options.begin(), options.end());
    server = std::make_unique<process>(command);
    const auto port = static_cast<std::uint16_t>(std::stoul(server->expect("listening bridges .*:(\\d+)").at(1)));
    way = std::make_unique<network>(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port), lines);
  }

  std::string where() const { return "127.0.0.1:" + std::to_string(way->port()); }
  std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> all{client_program, "test", "--key-file", key};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  json measure(const std::vector<std::string>& more) const {
    std::vector<std::string> all = command(more);
    all.push_back("--json");
    const run_result r = run(all);
    EXPECT_EQ(r.end.exit_code, 0) << r.standard_error;
    return json::parse(r.standard_output);
  }

  temp_dir files;
  std::string key;
  std::unique_ptr<process> server;
  std::unique_ptr<network> way;
};

}  // namespace mtcp::lab

// A test of the line inside a running client, for the dashboard: one at a time, beside whatever else is carried; of all
// servers that the client has.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "mtcp/net/asio/task_group.hpp"
#include "servers.hpp"

namespace mtcp::client::line {

class background_test {
 public:
  /// `carried` tells how many bytes the client's own tunnel has carried so far: what goes through meanwhile makes the
  /// figures smaller, and is told.
  background_test(asio::io_context& io, std::function<std::uint64_t()> carried);
  background_test(const background_test&) = delete;
  background_test& operator=(const background_test&) = delete;

  /// False if one runs already, or none may any more.
  bool start(std::vector<course_options> servers);
  /// Ends one that runs, and lets none start.
  void stop();
  task<> wait() { return running_.wait(); }
  /// JSON: what is being done, or what came of the last one; "text" is the same for people, in lines.
  std::string report() const;

 private:
  task<> run(std::vector<course_options> servers);
  task<> measure_all(std::vector<course_options> servers);
  servers_audience listeners();
  void add_row(const std::string& what, const figures& got);
  void conclude(const server_report& one);

  asio::io_context& io_;
  std::function<std::uint64_t()> carried_;
  task_group running_;
  interruption stop_;
  bool busy_ = false, has_head_ = false;
  std::string doing_, error_, result_;
  std::vector<std::string> text_;
};

}  // namespace mtcp::client::line

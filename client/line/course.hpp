// The course of `mtcp-client test`: which tunnels are measured, one after the other.
//
//   1  each path with one bridge, which stands for a plain connection; backups too
//   2  on the best active path 2, 4, 8 and 16 bridges, as long as that may bring something
//   3  if there are several paths: each alone with as many as were enough, then the best two together, the best
//      three, and so on
#pragma once

#include <functional>
#include <string>

#include "figures.hpp"
#include "measurement.hpp"
#include "mtcp/options.hpp"

namespace mtcp::client::line {

struct course_options {
  std::string server{};    ///< what to call it
  tunnel_options through;  ///< its paths are those that are tested; of patterns, those that there are now
  double seconds = 3;      ///< for each measurement
};

/// Hears of the course. Neither may throw.
struct audience {
  progress doing;
  std::function<void(const std::string& what, const figures& got)> done;
};

struct course_result {
  error_code error{};    ///< nothing could be measured
  std::string detail{};  ///< what the network said
  report all{};
};

task<course_result> run_course(asio::io_context& io, course_options options, interruption& stop, audience told);

}  // namespace mtcp::client::line

// Several servers, which are measured one after the other, and what is told of all of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "course.hpp"

namespace mtcp::client::line {

struct server_report {
  std::string name{};
  course_result result{};
};

/// Hears of all courses. None may throw.
struct servers_audience {
  audience of_each;
  /// Where there are several: the name, and the numbers as "2 of 3".
  std::function<void(const std::string& heading)> begins;
  std::function<void(const server_report& one)> ended;
};

/// Until the last one, or until it is stopped.
task<std::vector<server_report>> run_courses(asio::io_context& io, std::vector<course_options> servers,
                                             interruption& stop, servers_audience told);

/// One object: the figures and the verdict of one server, or why there are none; of several "servers", a list of these
/// with a name each.
std::string to_json(const std::vector<server_report>& all);
/// Which of several carries most; empty if fewer than two could be measured.
std::string quickest(const std::vector<server_report>& all);
/// The first error, if none of them could be measured.
error_code error_of(const std::vector<server_report>& all);

}  // namespace mtcp::client::line

// A picture of a running program for a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "top/view.hpp"

namespace mtcp::top {

struct style {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool colour = false;   ///< SGR sequences
  bool unicode = false;  ///< bars and arrows beyond ASCII
};

/// At most `rows` lines of at most `columns` columns, without line ends. `notice` stands in the last line, if any.
std::vector<std::string> draw(const view& now, const std::string& notice, const style& how);

}  // namespace mtcp::top

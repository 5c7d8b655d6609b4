// Why nothing could be measured, for people.
#pragma once

#include <string>

#include "course.hpp"

namespace mtcp::client::line {

std::string trouble_of(const course_result& failed, const std::string& where);

}  // namespace mtcp::client::line

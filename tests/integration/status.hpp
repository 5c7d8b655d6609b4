// What the running programs say of themselves.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "integration/deployment.hpp"

namespace mtcp::lab {

/// With a status endpoint on both halves, on any port.
plan with_status(plan p = {});
/// HOST:PORT of a program's.
std::string status_of(process& program);
/// What curl gets of it.
std::string fetch(process& program, const std::string& path);
nlohmann::json stats(process& program);
/// The statistics as soon as they are so; a failure of the test if that takes longer than 20 s.
nlohmann::json stats_when(process& program, const std::function<bool(const nlohmann::json&)>& is_so);

}  // namespace mtcp::lab

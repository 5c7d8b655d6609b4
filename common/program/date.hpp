// Days of the calendar.
#pragma once

#include <chrono>
#include <string>

namespace mtcp::program {

using date = std::chrono::year_month_day;

/// "2026-12-31". Throws std::invalid_argument.
date parse_date(const std::string& text);
std::string to_text(date day);

/// Today, by the clock and the time zone of this machine.
date local_date();

}  // namespace mtcp::program

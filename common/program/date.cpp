#include "program/date.hpp"

#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace mtcp::program {

date parse_date(const std::string& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  char more = 0;
  const int found = std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &more);
  const date all{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (found != 3 || !all.ok()) throw std::invalid_argument("'" + text + "' is no date");
  return all;
}

std::string to_text(date day) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

date local_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  return {std::chrono::year(parts.tm_year + 1900), std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
          std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
}

}  // namespace mtcp::program

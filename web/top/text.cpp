#include "top/text.hpp"

#include <wchar.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <vector>

#include "program/utf8.hpp"

namespace mtcp::top {
namespace {

struct cell {
  std::string_view bytes = "?";
  std::size_t columns = 1;
};

/// Takes a character off `text`.
cell take_cell(std::string_view& text) {
  const program::character c = program::take_character(text);
  if (!c.valid || program::is_control(c.code)) return {};
  if (c.code < 0x80) return {c.bytes, 1};
  const int width = wcwidth(static_cast<wchar_t>(c.code));  // 0 or less: invisible, or unknown
  return width > 0 ? cell{c.bytes, static_cast<std::size_t>(width)} : cell{};
}

struct cut {
  std::string text;
  std::size_t columns = 0;
};

cut cut_to(std::string_view text, std::size_t columns) {
  cut out;
  std::size_t before_last = 0;  // bytes that leave a column for the mark
  std::size_t columns_before = 0;
  while (!text.empty()) {
    const cell next = take_cell(text);
    if (out.columns + next.columns > columns) {
      out.text.resize(before_last);
      return columns == 0 ? cut{} : cut{out.text + '~', columns_before + 1};
    }
    out.text += next.bytes;
    out.columns += next.columns;
    if (out.columns < columns) {
      before_last = out.text.size();
      columns_before = out.columns;
    }
  }
  return out;
}

/// The last characters of `text` that fit.
cut tail_of(std::string_view text, std::size_t columns) {
  std::vector<cell> cells;
  while (!text.empty()) cells.push_back(take_cell(text));
  cut out;
  auto from = cells.end();
  while (from != cells.begin() && out.columns + std::prev(from)->columns <= columns) out.columns += (--from)->columns;
  for (; from != cells.end(); ++from) out.text += from->bytes;
  return out;
}

std::string print(const char* format, double number, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, format, number, unit);
  return text;
}

}  // namespace

std::string fitted(std::string_view text, std::size_t columns) {
  const cut shown = cut_to(text, columns);
  return shown.text + std::string(columns - shown.columns, ' ');
}

std::string fitted_ends(std::string_view text, std::size_t columns) {
  const cut whole = cut_to(text, static_cast<std::size_t>(-1));
  if (whole.columns <= columns || columns < 3) return fitted(text, columns);
  const cut tail = tail_of(text, columns * 2 / 3);
  const cut head = cut_to(whole.text, columns - tail.columns);  // ends in the mark
  return head.text + tail.text + std::string(columns - tail.columns - head.columns, ' ');
}

std::string right(std::string_view text, std::size_t columns) {
  const cut shown = cut_to(text, columns);
  return std::string(columns - shown.columns, ' ') + shown.text;
}

std::string bytes(double count) {
  static constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  if (!(count > 0)) count = 0;
  std::size_t unit = 0;
  for (; count >= 999.5 && unit + 1 < std::size(units); ++unit) count /= 1000;
  return print(unit == 0 || count >= 99.95 ? "%.0f %s" : "%.1f %s", std::min(count, 1e6), units[unit]);
}

std::string rate(double per_second) { return per_second >= 0.5 ? bytes(per_second) + "/s" : "-"; }

std::string duration(double seconds) {
  const auto s = static_cast<long>(std::clamp(seconds, 0.0, 1e9));
  char text[64];
  if (s < 60)
    std::snprintf(text, sizeof text, "%ld s", s);
  else if (s < 3600)
    std::snprintf(text, sizeof text, "%ld m %02ld s", s / 60, s % 60);
  else if (s < 86400)
    std::snprintf(text, sizeof text, "%ld h %02ld m", s / 3600, s / 60 % 60);
  else
    std::snprintf(text, sizeof text, "%ld d %02ld h", s / 86400, s / 3600 % 24);
  return text;
}

std::string bar(double part, std::size_t columns, bool unicode) {
  static constexpr const char* eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double filled = std::clamp(std::isfinite(part) ? part : 0.0, 0.0, 1.0) * static_cast<double>(columns);
  const auto steps = static_cast<std::size_t>(std::lround(unicode ? filled * 8 : filled));
  const std::size_t whole = unicode ? steps / 8 : steps, rest = unicode ? steps % 8 : 0;
  std::string out;
  for (std::size_t i = 0; i < whole; ++i) out += unicode ? "█" : "#";
  out += eighths[rest];
  return out + std::string(columns - whole - (rest != 0), ' ');
}

}  // namespace mtcp::top

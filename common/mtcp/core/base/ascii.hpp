// Letters and blanks of protocols, which are ASCII whatever the locale. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace mtcp::core {

constexpr char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return lower_case(c); });
  return out;
}

constexpr bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return lower_case(c); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Without the blanks at both ends.
constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace mtcp::core

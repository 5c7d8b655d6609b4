// Words and lists of HTTP's fields (RFC 9110, section 5.6). Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mtcp/core/base/ascii.hpp"

namespace mtcp::client {

using core::is_blank;
using core::lower_case;
using core::trimmed;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_token_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

constexpr bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

/// What stands between the commas, trimmed; empty elements too.
inline std::vector<std::string_view> list_elements(std::string_view value) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto comma = value.find(',');
    out.push_back(trimmed(value.substr(0, comma)));
    if (comma == std::string_view::npos) return out;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace mtcp::client

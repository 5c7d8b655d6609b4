// Figures and names as columns of a terminal. Nothing that comes from elsewhere reaches the terminal but through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mtcp::top {

/// At most `columns` of `text`, padded with spaces to exactly that many; what is cut ends in "~". Control characters,
/// characters without a width of their own (combining, bidirectional) and bytes that are no UTF-8 become "?", as do all
/// characters that the locale (LC_CTYPE) has not.
std::string fitted(std::string_view text, std::size_t columns);
/// The same, but cut in the middle: addresses differ at their ends.
std::string fitted_ends(std::string_view text, std::size_t columns);
/// At most `columns`, to the right.
std::string right(std::string_view text, std::size_t columns);

/// "12.3 MB"; units are powers of 1000.
std::string bytes(double count);
/// "12.3 MB/s", or "-" for next to nothing.
std::string rate(double per_second);
/// "4 m 05 s"
std::string duration(double seconds);

/// `part` of `columns` filled; `part` is 0 to 1. With Unicode in eighths of a column, else with '#'.
std::string bar(double part, std::size_t columns, bool unicode);

}  // namespace mtcp::top

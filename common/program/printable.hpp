// Text of unknown origin as a log may show it.
#pragma once

#include <string>
#include <string_view>

namespace mtcp::program {

/// `text` on one line that no terminal obeys: control characters (C0, DEL, C1) and what is not UTF-8 become "\x0a".
std::string printable(std::string_view text);

}  // namespace mtcp::program

// Percent-encoding, as parts of URLs have it (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mtcp::program {

/// With everything encoded but unreserved characters (section 2.3).
std::string percent_encoded(std::string_view text);
/// Empty if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace mtcp::program

// The page with the figures of the moment in it, so that its first picture has them: what it asks for takes a while.
#pragma once

#include <string>
#include <string_view>

namespace mtcp::status {

/// `page` has an empty data block that the script reads; it is filled with this JSON, in which no name can end the
/// block. A page without one stays as it is.
std::string page_with(std::string_view page, std::string_view json);

}  // namespace mtcp::status

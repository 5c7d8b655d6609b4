// The files of the dashboard, built into the program.
#pragma once

#include <span>
#include <string_view>

namespace mtcp::status {

struct asset {
  std::string_view path;  ///< "/chart.js"; the page itself is "/"
  std::string_view type;  ///< Content-Type
  std::string_view etag;  ///< with its quotes; of the content
  std::string_view plain;
  std::string_view gzip;
};

/// Empty if the program was built without the dashboard (MTCP_WEB).
std::span<const asset> assets() noexcept;

}  // namespace mtcp::status

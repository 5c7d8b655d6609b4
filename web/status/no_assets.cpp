#include "status/asset.hpp"

namespace mtcp::status {

std::span<const asset> assets() noexcept { return {}; }

}  // namespace mtcp::status

#include "quota.hpp"

#include <stdexcept>

namespace mtcp::client {

core::path_role parse_quota_then(const std::string& text) {
  for (const auto role : {core::path_role::never, core::path_role::backup})
    if (text == core::name_of(role)) return role;
  throw std::invalid_argument("expected never or backup");
}

}  // namespace mtcp::client

// The earliest of several times, each of which there may be or not. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>

namespace mtcp::core {

/// `next` becomes `when`, if that comes before it.
template <class Time>
void keep_earlier(std::optional<Time>& next, std::optional<std::type_identity_t<Time>> when) {
  if (when) next = next ? std::min(*next, *when) : when;
}

}  // namespace mtcp::core

// Whether two measurements of the same thing say the same.
#pragma once

#include <algorithm>

namespace mtcp {

/// The larger one exceeds the smaller one by no more than `part` of it.
template <class Number>
bool agree_within(double part, Number one, Number other) {
  const auto [least, most] = std::minmax(one, other);
  return static_cast<double>(most) <= (1 + part) * static_cast<double>(least);
}

}  // namespace mtcp

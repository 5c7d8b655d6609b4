// Messages written as they are in the RFCs.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace mtcp::test {

using byte_vector = std::vector<std::byte>;

inline byte_vector bytes_of(std::initializer_list<int> values) {
  byte_vector out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

inline byte_vector bytes_of(std::string_view text) {
  byte_vector out;
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
  return out;
}

inline byte_vector operator+(byte_vector a, const byte_vector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace mtcp::test

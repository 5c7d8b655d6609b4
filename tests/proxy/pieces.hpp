// Messages as they come: cut anywhere, or with the next one behind them.
#pragma once

#include <gtest/gtest.h>

#include <span>

#include "proxy/bytes.hpp"

namespace mtcp::test {

/// Every proper prefix of `message` needs more; all of it, also with bytes behind it, is the message.
template <class Decode>
auto decode_in_pieces(const byte_vector& message, Decode decode) {
  for (std::size_t n = 0; n < message.size(); ++n)
    EXPECT_TRUE(decode(std::span(message).first(n)).needs_more()) << n << " of " << message.size();
  const byte_vector more = message + bytes_of("GET / HTTP/1.1\r\n");
  EXPECT_EQ(decode(std::span(more)).size(), message.size());
  EXPECT_TRUE(decode(std::span(message)));
  return decode(std::span(more));
}

/// The first length at which the decoder is certain of an error; -1 if it never is.
template <class Decode>
int certain_at(const byte_vector& message, Decode decode) {
  for (std::size_t n = 0; n <= message.size(); ++n)
    if (decode(std::span(message).first(n)).failed()) return static_cast<int>(n);
  return -1;
}

}  // namespace mtcp::test

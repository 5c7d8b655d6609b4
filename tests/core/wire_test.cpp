// Fields of frames.
#include <gtest/gtest.h>

#include <array>

#include "mtcp/core/wire/wire.hpp"

namespace mtcp::core::test {
namespace {

TEST(Varint, KeepsEveryLengthAndRefusesHalfOnes) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{64}, std::uint64_t{16383}, std::uint64_t{16384},
        std::uint64_t{(1U << 30) - 1}, std::uint64_t{1U << 30}, max_varint}) {
    std::array<std::byte, 8> out{};
    wire_writer writer(out);
    writer.varint(value);
    EXPECT_EQ(writer.size(), varint_size(value));
    wire_reader whole(std::span<const std::byte>(out).first(writer.size()));
    EXPECT_EQ(whole.varint(), value);
    EXPECT_TRUE(whole.complete());
    wire_reader half(std::span<const std::byte>(out).first(writer.size() - 1));
    half.varint();
    EXPECT_FALSE(half.ok());
  }
}

}  // namespace
}  // namespace mtcp::core::test

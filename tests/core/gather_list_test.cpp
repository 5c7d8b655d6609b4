// Bytes for one send, in pieces.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/base/gather_list.hpp"

namespace mtcp::core::test {
namespace {

TEST(GatherList, RefersToWhatIsLargeAndKeepsWhatIsSmall) {
  std::string small = "small", large(5000, 'x');
  gather_list list(8192);
  list.clear(6000);
  const auto write = [&](std::string_view text) {
    std::ranges::copy(bytes_of(text), list.rest().begin());
    list.wrote(text.size());
  };
  write("head ");
  list.refer(bytes_of(small));
  list.refer(bytes_of(large).first(2000));
  list.refer(bytes_of(large).subspan(2000));
  write(" tail");
  EXPECT_EQ(list.size(), 5015U);
  EXPECT_EQ(list.rest().size(), 985U);
  ASSERT_EQ(list.pieces().size(), 3U);  // what lies together is one piece
  EXPECT_EQ(list.pieces()[1].data(), bytes_of(large).data());
  small = "other";
  std::string all(list.size(), '\0');
  list.copy_to(std::as_writable_bytes(std::span(all)));
  EXPECT_EQ(all, "head small" + large + " tail");
  list.clear(100);
  EXPECT_EQ(list.size(), 0U);
  EXPECT_EQ(list.rest().size(), 100U);
}

TEST(GatherList, IsReadFromTheFront) {
  const std::string a = "abcde", b = "fgh";
  const std::array<byte_piece, 4> pieces{bytes_of(a), {}, bytes_of(b), {}};
  piece_reader reader(pieces);
  EXPECT_EQ(reader.left(), 8U);
  std::string got;
  std::vector<std::size_t> sizes;
  for (byte_piece next = reader.next(3); !next.empty(); next = reader.next(3)) {
    sizes.push_back(next.size());
    for (const std::byte c : next) got += static_cast<char>(c);
  }
  EXPECT_EQ(got, a + b);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 2, 3}));
  EXPECT_EQ(reader.left(), 0U);
}

}  // namespace
}  // namespace mtcp::core::test

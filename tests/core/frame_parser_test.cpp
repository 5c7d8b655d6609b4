// Frames out of bytes.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "mtcp/core/wire/frame.hpp"
#include "mtcp/core/wire/frame_parser.hpp"

namespace mtcp::core::test {
namespace {

TEST(FrameParser, GivesTheSameFramesHoweverTheBytesAreCut) {
  std::vector<std::byte> wire(200'000);
  std::size_t size = 0;
  const auto rest = [&] { return std::span(wire).subspan(size); };
  size += put_open_frame(rest(), frame_type::open, 1, 65536, 443, "example.org");
  const std::string payload = pattern(0, 40'000);
  const std::size_t fields = put_frame(rest(), frame_type::data, 1U, 77'000U);
  put_frame_header(rest().first<frame_header_size>(), frame_type::data, fields - frame_header_size + payload.size());
  size += fields;
  std::memcpy(wire.data() + size, payload.data(), payload.size());
  size += payload.size();
  put_frame_header(rest().first<frame_header_size>(), static_cast<frame_type>(0xee), 1000);
  size += frame_header_size + 1000;
  size += put_frame(rest(), frame_type::fin, 1U, 117'000U);
  wire.resize(size);

  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{1000}, size}) {
    frame_parser parser;
    std::string got;
    std::vector<frame_type> controls;
    std::size_t counted = 0;
    for (std::size_t at = 0; at < size; at += step) {
      slice input = slice::copy_of(std::span(wire).subspan(at, std::min(step, size - at)));
      for (;;) {
        const auto item = parser.next(input);
        if (item == frame_parser::item::need_more) break;
        ASSERT_NE(item, frame_parser::item::malformed);
        if (item == frame_parser::item::control) controls.push_back(parser.type());
        if (item == frame_parser::item::data) {
          EXPECT_EQ(parser.offset(), 77'000 + got.size());
          const slice piece = parser.take_piece();
          got.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        }
        counted += parser.frame_size();
      }
    }
    EXPECT_EQ(got, payload);
    EXPECT_EQ(controls, (std::vector{frame_type::open, frame_type::fin}));
    EXPECT_EQ(counted, size);
  }
}

TEST(FrameParser, RefusesWhatIsTooLongBeforeItCollectsIt) {
  for (const frame_type type : {frame_type::open, frame_type::data, static_cast<frame_type>(0x99)}) {
    std::array<std::byte, frame_header_size> header{};
    put_frame_header(header, type, 0xffffff);
    frame_parser parser;
    slice input = slice::copy_of(header);
    EXPECT_EQ(parser.next(input), frame_parser::item::malformed);
  }
}

}  // namespace
}  // namespace mtcp::core::test

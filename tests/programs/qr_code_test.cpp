#include "server/qr_code.hpp"

#include <gtest/gtest.h>
#include <qrencode.h>

#include <sstream>
#include <vector>

namespace mtcp::server {
namespace {

/// The modules that a terminal shows: rows of 'X' (black) and '.' (white).
std::vector<std::string> modules(const std::string& drawn) {
  std::vector<std::string> rows;
  std::istringstream lines(drawn);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("\x1b[30;107m") && line.ends_with("\x1b[0m")) << "black on white";
    line = line.substr(9, line.size() - 13);
    std::string upper, lower;
    for (std::size_t i = 0; i < line.size(); i += line[i] == ' ' ? 1 : 3) {
      const std::string block = line.substr(i, line[i] == ' ' ? 1 : 3);
      upper += block == "█" || block == "▀" ? 'X' : '.';
      lower += block == "█" || block == "▄" ? 'X' : '.';
    }
    rows.push_back(upper);
    rows.push_back(lower);
  }
  return rows;
}

TEST(QrCode, ShowsEveryModuleWithRoomAround) {
  const std::string text = "mtcp://mtcp1-" + std::string(71, 'q') + "@vpn.example.org:8443?bridges=8";
  QRcode* expected = QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L);
  ASSERT_NE(expected, nullptr);
  const auto shown = modules(qr_code(text));
  const auto width = static_cast<std::size_t>(expected->width);
  ASSERT_GE(shown.size(), width + 8);
  for (std::size_t y = 0; y < shown.size(); ++y) {
    ASSERT_EQ(shown[y].size(), width + 8);
    for (std::size_t x = 0; x < width + 8; ++x) {
      const bool inside = x >= 4 && y >= 4 && x < width + 4 && y < width + 4;
      const bool black = inside && (expected->data[(y - 4) * width + (x - 4)] & 1) != 0;
      ASSERT_EQ(shown[y][x], black ? 'X' : '.') << x << ", " << y;
    }
  }
  QRcode_free(expected);
}

TEST(QrCode, HasALimit) { EXPECT_THROW(qr_code(std::string(3'000, 'x')), std::invalid_argument); }

}  // namespace
}  // namespace mtcp::server
